"""A yes for the rest of a run is narrow, counts where it was given, and ends when taken back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from steward.core.agent_limits import GRANTS_A_RUN_MAX
from steward.core.errors import LimitError, NotFoundError
from steward.core.principal import Principal
from steward.permissions.decide import Act
from steward.permissions.grants import SUBJECTS_MAX, Grants, in_words, narrow_rules
from steward.permissions.rules import Rule, is_covered
from tests.places import Place, execute
from tests.rooms import ANSWER_WITHIN, START, Ground

ANN = Principal("ann", "session-1", "/work")
RULE = Rule("allow", "edit_file", "src/*")


def grants_of(ground: Ground) -> Grants:
    return ground.approvals.grants


@asynccontextmanager
async def granted(ground: Ground) -> AsyncGenerator[Grants]:
    grants = grants_of(ground)
    await grants.add(ANN, "run-1", (RULE,), "approval-1")
    assert await grants.of_run(ANN, "run-1") == (RULE,)
    yield grants


async def test_a_grant_is_for_its_run_person_and_workspace(ground: Ground) -> None:
    async with granted(ground) as grants:
        assert await grants.of_run(ANN, "run-2") == ()
        for other in (
            replace(ANN, user="bob"),
            replace(ANN, workspace="/elsewhere"),
            replace(ANN, tenant_id="acme"),
        ):
            assert await grants.of_run(other, "run-1") == ()
            assert await grants.revoke(other, "run-1") == 0
        assert await grants.of_run(ANN, "run-1") == (RULE,)
    assert await ground.trail() == ["grant.given"]


async def test_a_grant_that_was_taken_back_counts_no_more(ground: Ground) -> None:
    async with granted(ground) as grants:
        (listed,) = await grants.list(ANN, "run-1")
        assert (listed.rule, listed.is_over(ground.clock.now())) == (RULE, False)
        assert await grants.revoke(ANN, "run-1", listed.grant_id) == 1
        assert await grants.of_run(ANN, "run-1") == ()
        assert (await grants.list(ANN))[0].is_over(ground.clock.now())
        assert await grants.revoke(ANN, "run-1") == 0
        with pytest.raises(NotFoundError):
            await grants.revoke(ANN, "run-1", "none")
    assert await ground.trail() == ["grant.given", "grant.revoked"]


async def test_a_grant_ends_with_its_run(ground: Ground) -> None:
    async with granted(ground) as grants:
        await ground.approvals.withdraw(ANN, "run-1", "one question")
        assert await grants.of_run(ANN, "run-1") == (RULE,)
        await ground.approvals.withdraw(ANN, "run-1")
        assert await grants.of_run(ANN, "run-1") == ()


async def test_a_grant_runs_out_and_setting_the_clock_back_does_not_help(ground: Ground) -> None:
    async with granted(ground) as grants:
        ground.clock.advance(ANSWER_WITHIN)
        assert await grants.of_run(ANN, "run-1") == ()
        ground.clock.set_wall(START - timedelta(days=1))
        assert await grants.of_run(ANN, "run-1") == ()


async def test_a_grant_does_not_outlive_the_process_in_which_it_was_given(ground: Ground) -> None:
    async with granted(ground) as grants:
        restarted = replace(grants, session="another process")
        assert await restarted.of_run(ANN, "run-1") == ()
        assert await restarted.revoke(ANN, "run-1") == 1  # But it can be taken back from there.
        assert await grants.of_run(ANN, "run-1") == ()


@pytest.mark.parametrize(
    "change",
    [
        *("tool = '*'", "subject = '**'", "run_id = 'run-2'", "\"user\" = 'bob'"),
        *("revoked_at = NULL", "expires_monotonic_s = 1e12", "session = 'x'", "seal = ''"),
    ],
)
async def test_a_grant_that_something_else_wrote_counts_for_nothing(
    ground: Ground, place: Place, change: str
) -> None:
    async with granted(ground) as grants:
        if "revoked_at" in change:
            await grants.revoke(ANN, "run-1")
        execute(place, f"UPDATE run_grant SET {change}")
        own = replace(grants, session="x")
        for run_id in ("run-1", "run-2"):
            for user in ("ann", "bob"):
                for each in (grants, own):
                    assert await each.of_run(replace(ANN, user=user), run_id) == ()


async def test_a_run_is_granted_only_so_much(ground: Ground) -> None:
    grants = grants_of(ground)
    rules = [Rule("allow", "edit_file", f"{n}/*") for n in range(GRANTS_A_RUN_MAX)]
    await grants.add(ANN, "run-1", rules, "approval-1")
    with pytest.raises(LimitError):
        await grants.add(ANN, "run-1", (RULE,), "approval-2")
    await grants.add(ANN, "run-2", (RULE,), "approval-2")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (Act("edit_file", "files.propose", ("src/app/a.py",)), "edit_file on src/app/*"),
        (Act("edit_file", "files.propose", ("a.py",)), "edit_file on a.py"),
        (Act("edit_file", "files.propose", ("a[1].py",)), r"edit_file on a\[1\].py"),
        (Act("read_file", "files.read", ("s*/x",)), r"read_file on s\*/*"),
        (Act("list_files", "files.read", (".",)), ""),
        (
            Act("change_files", "files.propose", ("a/x", "a/y", "b/z")),
            "change_files on a/*, change_files on b/*",
        ),
        (Act("run_command", "command.run", commands=("ls *", "wc")), r"run_command on ls \*, "),
        (Act("run_command", "command.run", commands=None), ""),
        (Act("run_tests", "command.run", is_contained=True), "run_tests"),
        (Act("ask_model", "model.ask"), ""),
        (Act("search", "files.read"), ""),
        (
            Act("x", "files.read", tuple(f"{n}/a" for n in range(SUBJECTS_MAX + 1))),
            "",
        ),
    ],
)
def test_what_a_yes_would_cover_is_narrow_and_covers_what_was_asked(act: Act, words: str) -> None:
    rules = narrow_rules(act)
    assert in_words(rules).startswith(words)
    assert bool(rules) == bool(words)
    if rules:
        assert is_covered(rules, act)
        assert all(rule.subject not in ("*", "**") for rule in rules)
