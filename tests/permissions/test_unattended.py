"""Where nobody is asked, a policy says yes to what its rules cover and to nothing else."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.permissions.act import Act
from steward.permissions.globs import is_glob_in, is_path_in
from steward.permissions.policy_file import parse_policy
from steward.permissions.question import Kind, Question
from steward.permissions.rules import is_covered, parse_rules
from steward.permissions.trust import NOTHING_ENABLED, Enabled, Trust
from steward.permissions.unattended import Acting, Deputy, UnattendedApprovals
from tests.environment import ROOT
from tests.rooms import Ground

HERE = "/srv/ci/shop"
WRITTEN = """
version = 1
[[rules]]
name = "fix it"
agents = ["fix", "doc*"]
workspaces = ["/srv/ci/*"]
plans = ["read_file", "edit_file(src/**)", "search(*)"]
commands = ["run_tests", "run_command(ruff check *)"]
edits = ["edit(src/**)", "rename(src/**)", "create(.github/**)"]
commits = ["*"]
deny = ["edit*(src/secret/**)"]
[[rules]]
name = "wide"
agents = ["wide"]
workspaces = ["/**"]
from_folder = true
trust = true
plans = ["*"]
commands = ["*"]
edits = ["*"]
commits = ["*"]
"""
FIX = Acting("fix", is_of_folder=False)
WIDE = Acting("wide", is_of_folder=True)
EDIT = Act("edit", "files.propose", ("src/a.py",))


def deputy(acting: Acting | None = FIX, workspace: str = HERE, written: str = WRITTEN) -> Deputy:
    return Deputy(parse_policy(written.encode()), workspace, ("main", "release/*"), acting)


def is_yes(kind: Kind, *acts: Act, at: Deputy | None = None) -> bool:
    question = Question("k", kind, "Title", "Body", {}, "run", acts=acts)
    return (at or deputy()).verdict(question).is_approved


YES: Sequence[tuple[Kind, Act]] = [
    ("plan", Act("read_file", "files.read")),
    ("plan", Act("read_file", "files.read", ("anything", "**"))),
    ("plan", Act("edit_file", "files.read", ("src/a.py", "src/**", "src/deep/*.py"))),
    ("plan", Act("search", "files.read", ("*", r"a\*b"))),
    ("command", Act("run_tests", "command.run", is_contained=True)),
    ("command", Act("run_command", "command.run", commands=("ruff check src",))),
    ("edit", EDIT),
    ("edit", Act("rename", "files.propose", ("src/a.py", "src/b.py"))),
    ("commit", Act("commit", "git.propose", branch="ci/a")),
]
NO: Sequence[tuple[Kind, Act]] = [
    ("plan", Act("edit_file", "files.read")),
    ("plan", Act("edit_file", "files.read", ("**",))),
    ("plan", Act("edit_file", "files.read", ("src/a.py", "*"))),
    ("plan", Act("edit_file", "files.read", ("src/secret/key.py",))),
    ("plan", Act("run_tests", "files.read")),
    ("plan", Act("search", "files.read", ("**",))),
    ("command", Act("run_command", "command.run", commands=("ruff check a", "rm -rf b"))),
    ("command", Act("run_command", "command.run", commands=None)),
    ("command", Act("ask_model", "model.ask")),
    ("edit", replace(EDIT, paths=("src/a.py", "docs/a.md"))),
    ("edit", replace(EDIT, paths=("src/Secret/key.py",))),
    ("edit", replace(EDIT, tool="delete")),
    ("edit", Act("rename", "files.propose", ("docs/a.py", "src/a.py"))),
    ("edit", Act("create", "files.propose", (".github/workflows/ci.yml",))),
    ("commit", Act("commit", "git.propose", branch="main")),
    ("commit", Act("commit", "git.propose", branch="Release/1")),
    ("trust", EDIT),
]


@pytest.mark.parametrize(("kind", "act"), YES)
def test_what_the_rules_cover_is_approved(kind: Kind, act: Act) -> None:
    assert is_yes(kind, act)
    assert is_yes(kind, act, act)


@pytest.mark.parametrize(("kind", "act"), NO)
def test_what_they_do_not_cover_or_keep_for_people_is_denied(kind: Kind, act: Act) -> None:
    assert not is_yes(kind, act)
    # One part that is not covered denies the whole of it.
    assert not is_yes(kind, EDIT, act)


def test_what_steers_tools_and_protected_branches_are_beyond_any_policy() -> None:
    wide = deputy(WIDE)
    assert is_yes("edit", EDIT, at=wide)
    for path in (".git/hooks/x", "sub/.GitHub/a.yml", ".steward/agents/fix.md", "pip.conf"):
        assert not is_yes("edit", Act("create", "files.propose", (path,)), at=wide)
    for branch in ("main", "refs/heads/main", "release/2"):
        assert not is_yes("commit", Act("commit", "git.propose", branch=branch), at=wide)
    # And what reaches out: nobody sees what comes of it, and nobody could take it back.
    assert is_yes("command", Act("files__read", "mcp.call", is_contained=True), at=wide)
    assert not is_yes("command", Act("tickets__add", "mcp.call"), at=wide)


def test_a_question_that_no_rule_can_read_is_denied() -> None:
    # Such as one after a run has read strangers' words and seen private things.
    for kind in ("plan", "command", "edit", "commit"):
        assert not is_yes(kind, at=deputy(WIDE))


@pytest.mark.parametrize(
    "at",
    [
        deputy(None),
        deputy(Acting("fixer", is_of_folder=False)),
        deputy(Acting("fix", is_of_folder=True)),
        deputy(workspace="/srv/ci/shop/inner"),
        deputy(workspace="/home/ci/shop"),
        Deputy(None, HERE, (), FIX),
        deputy(written="version = 1"),
    ],
)
def test_another_agent_workspace_or_policy_gets_a_no(at: Deputy) -> None:
    assert not is_yes("edit", EDIT, at=at)


def test_an_answer_names_the_policy_and_its_rule() -> None:
    at = deputy()
    question = Question("k", "edit", "Title", "Body", {}, "run", acts=(EDIT,))
    assert at.policy is not None
    assert at.verdict(question).by == f"policy sha256:{at.policy.digest} rule 'fix it'"


def test_a_folder_is_trusted_only_where_a_rule_says_so() -> None:
    assert deputy().trusts(HERE)
    assert not deputy().trusts("/srv/ci/other")
    narrow = WRITTEN.replace("trust = true", "")
    assert not deputy(written=narrow).trusts(HERE)


def test_the_policy_of_the_manual_is_one() -> None:
    page = (ROOT / "docs" / "how-to" / "headless.md").read_text("utf-8")
    written = page.partition("```toml\n")[2].partition("```")[0]
    at = deputy(workspace="/builds/shop", written=written)
    assert is_yes("edit", EDIT, at=at)
    assert is_yes("plan", Act("commit", "files.read"), at=at)
    assert at.trusts("/builds/shop")


ANN = Principal("ann", "session-1", HERE)
ASKED = Question("land-0-0", "edit", "Edit", "Body", {}, "run-1", acts=(EDIT,))


def unattended(ground: Ground, at: Deputy) -> UnattendedApprovals:
    """The ground's own door, with a deputy at it."""
    own = ground.approvals
    parts = {each.name: getattr(own, each.name) for each in fields(own)}
    return UnattendedApprovals(**parts, deputy=at)


async def test_an_answer_of_a_policy_is_sealed_audited_used_once_and_never_asked_of_a_person(
    ground: Ground,
) -> None:
    door = unattended(ground, deputy())
    answer = await door.ask(ANN, ASKED)
    assert answer.is_approval
    assert answer.answered_by.endswith("rule 'fix it'")
    await door.use(answer.approval_id, answer.digest)
    with pytest.raises(NotPermittedError):
        await door.use(answer.approval_id, answer.digest)
    assert await ground.approvals.pending(ANN) == ()
    assert await ground.trail() == ["approval.asked", "approval.approved", "approval.used"]


async def test_what_nobody_said_of_files_is_not_remembered_as_the_persons_no(
    ground: Ground, tmp_path: Path
) -> None:
    ann, files = replace(ANN, workspace=str(tmp_path)), {"AGENTS.md": "0" * 64}
    nobody = Trust(ground.database, ground.clock, unattended(ground, deputy()), nothing_enabled)
    assert not await nobody.ask_about_files(ann, "run-1", "All of it.", files)
    assert await nobody.said_of_files(ann) == {}
    assert "instructions.refused" not in await ground.trail()


async def nothing_enabled(_folder: str) -> Enabled:
    return NOTHING_ENABLED


async def test_a_no_for_want_of_a_policy_is_asked_about_again_where_somebody_is(
    ground: Ground,
) -> None:
    denied = await unattended(ground, Deputy(None, HERE, (), FIX)).ask(ANN, ASKED)
    assert (denied.state, denied.reply.reason) == ("rejected", "")
    allowed = await unattended(ground, deputy()).ask(ANN, ASKED)
    assert allowed.is_approval
    await ground.approvals.open(ANN, ASKED)
    (question,) = await ground.approvals.pending(ANN)
    assert question.id not in (denied.approval_id, allowed.approval_id)


async def test_another_run_that_comes_along_is_left_to_its_person(ground: Ground) -> None:
    at = deputy(replace(FIX, run_id="run-2"))
    await unattended(ground, at).open(ANN, ASKED)
    assert len(await ground.approvals.pending(ANN)) == 1


PATHS = st.lists(
    st.sampled_from(["src", "a", "b.py", "*", "**", "a*"]), min_size=1, max_size=4
).map("/".join)


@given(st.lists(PATHS, min_size=1, max_size=3), st.lists(PATHS, min_size=1, max_size=3))
def test_an_edit_is_approved_exactly_where_the_rules_of_the_settings_would_cover_it(
    paths: list[str], globs: list[str]
) -> None:
    rules = [f"edit({glob})" for glob in globs]
    act = Act("edit", "files.propose", tuple(path.replace("*", "x") for path in paths))
    written = (
        "version = 1\n[[rules]]\nname='x'\nagents=['fix']\nworkspaces=['/srv/**']\n"
        f"edits = {rules}\n"
    )
    covered = is_covered(parse_rules(allow=rules), act)
    assert is_yes("edit", act, at=deputy(written=written)) == covered


@given(PATHS, PATHS, st.lists(st.sampled_from(["src", "a", "b.py", "ab"]), min_size=1, max_size=5))
def test_a_glob_within_another_means_no_path_that_the_other_does_not(
    glob: str, within: str, names: list[str]
) -> None:
    path = "/".join(names)
    if is_glob_in(glob, within) and is_path_in(path, glob):
        assert is_path_in(path, within)
