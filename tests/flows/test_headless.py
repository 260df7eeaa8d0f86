"""An agent runs without an editor: what is denied, what a policy allows, and what is told of it."""

import asyncio
import hashlib
import json
import os
import signal
from pathlib import Path

import pytest

from demo.replies import JsonObject, Reply, always, in_order, say
from demo.script import RIGHT, WRONG
from demo.scripted_model import ScriptedModel
from tests.flows.books import Books, commits, repository
from tests.flows.headless import (
    EVERYTHING,
    STEWARD,
    Shell,
    left,
    policy_text,
    shell,
    under_way,
    write_policy,
)
from tests.flows.screen import Screen
from tests.flows.scripts import COMMIT, EDIT, TEST, after_plan, results_in
from tests.jailed import working_jail
from tests.template import up_to_date

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def job(workspace: Path, data_folder: Path, tmp_path: Path, scripted_model: ScriptedModel) -> Shell:
    """A shell in the sample repository, as a job has it: no terminal, no policy, no trust."""
    up_to_date(data_folder / "steward.db")
    (tmp_path / "home").mkdir()
    return shell(workspace, data_folder, scripted_model.url, tmp_path / "home")


async def test_without_a_policy_a_job_is_denied_whatever_its_repository_brings(
    job: Shell, books: Books, workspace: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT, COMMIT)
    own = write_policy(workspace, policy_text(workspace))
    (workspace / ".steward" / "agents").mkdir(parents=True)
    (workspace / ".steward" / "policy.toml").write_text(own.read_text())
    for name in (".env", ".envrc", "settings.toml"):
        (workspace / name).write_text(f"export STEWARD_POLICY_FILE={own}\npolicy_file = '{own}'\n")
    before = repository(workspace)
    ended = await job.fix()
    assert ended.code == ended.result["exit_code"] == 3
    assert ended.result["state"] == "cancelled"
    assert ended.result["files_changed"] == []
    assert repository(workspace) == before
    assert len(scripted_model.exchanges) == 1
    ((kind, state),) = books.answers()
    assert (kind, state) == ("plan", "rejected")
    (row,) = books.approvals()
    assert (row["channel"], row["answered_by"]) == ("policy", "no policy, and nobody to ask")
    (plan,) = ended.of("plan")
    assert plan["steps"][0]["tool"] == "run_tests"
    assert books.actions("tool.") == []


async def test_a_policy_lets_a_run_test_fix_and_commit_and_each_approval_names_its_rule(
    job: Shell, books: Books, workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    await working_jail()
    scripted_model.script = after_plan(TEST, EDIT, COMMIT)
    before = repository(workspace)
    policy = write_policy(tmp_path, policy_text(workspace, "trust = true" + EVERYTHING))
    ended = await job.fix(policy=policy)
    assert (ended.code, ended.result["message"]) == (0, "Done.")
    after = repository(workspace)
    assert after.text == before.text.replace(WRONG, RIGHT)
    assert after.own == before.own
    assert len(commits(workspace)) == 1
    assert "FAILED" in results_in(scripted_model.exchanges[2].body)[0]
    kinds = [each["kind"] for each in ended.result["approvals"]]
    assert kinds == ["plan", "command", "edit", "commit"]
    digest = hashlib.sha256(policy.read_bytes()).hexdigest()
    said = {(row["channel"], row["answered_by"]) for row in books.approvals()}
    assert said == {("policy", f"policy sha256:{digest} rule 'ci'")}
    (changed,) = ended.result["files_changed"]
    assert changed == {"path": "shop/delivery.py", "kind": "edit", "moved_from": None}
    edits = ended.of("edit")
    assert edits[-1]["state"] == "applied"
    assert edits[-1]["digest"] in {row["digest"] for row in books.approvals()}
    assert ended.result["cost_nano_usd"] == sum(r["cost_nano_usd"] for r in books.reservations())
    assert books.rows("SELECT * FROM folder_trust") == []
    assert (await books.verdict()).is_intact


async def test_what_the_policy_leaves_out_is_denied_and_the_run_says_so(
    job: Shell, books: Books, workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(TEST, EDIT)
    before = repository(workspace)
    narrow = policy_text(workspace, "plans = ['*']\nedits = ['create(shop/**)', 'edit(docs/**)']")
    ended = await job.steward(
        *("agent", "run", "fix", "-", "--no-input"),
        stdin="Fix it",
        more={"STEWARD_POLICY_FILE": str(write_policy(tmp_path, narrow))},
    )
    assert ended.code == 3
    assert "! rejected: Edit shop/delivery.py (policy sha256:" in ended.out
    assert repository(workspace) == before
    assert books.answers() == [("plan", "approved"), ("edit", "rejected")]
    # Nobody trusts the folder, so nobody is even asked about its tests.
    assert "trusted" in results_in(scripted_model.exchanges[2].body)[0]
    assert books.rows("SELECT goal FROM run") == [{"goal": "Fix it"}]


async def test_a_policy_in_the_workspace_stops_the_job_before_a_model_is_asked(
    job: Shell, workspace: Path, scripted_model: ScriptedModel
) -> None:
    ended = await job.fix(policy=write_policy(workspace, policy_text(workspace)))
    (line,) = ended.lines
    assert (ended.code, line["type"], line["code"]) == (2, "error", "steward.not_permitted")
    assert "stands in the workspace" in line["message"]
    ended = await job.steward("agent", "run", "nobody", "Fix it", "--json")
    (line,) = ended.lines
    assert (ended.code, line["code"], line["exit_code"]) == (2, "steward.not_found", 2)
    assert scripted_model.exchanges == []


async def test_at_a_terminal_a_person_reads_all_of_it_and_answers(
    job: Shell, books: Books, workspace: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT)
    before = repository(workspace)
    async with Screen(job.workspace, job.environment, rows=12) as screen:
        # What is typed before there is a question answers none.
        screen.type("y\ny\ny\n")
        await screen.begin(*STEWARD, "agent", "run", "fix", "Fix it")
        await screen.until("Do you trust", "Plan of")
        assert books.answers() == [("trust", "pending")]
        await _read_all(screen)
        screen.type("n\n")
        await screen.until("Plan of")
        await _read_all(screen)
        screen.type("\n")  # A bare Enter is no answer.
        await screen.until("y: yes")
        assert books.answers() == [("trust", "rejected"), ("plan", "pending")]
        screen.type("y\n")
        await screen.until("Edit shop/delivery.py")
        assert repository(workspace) == before
        await _read_all(screen)
        screen.type("y\n")
        assert await screen.left() == 0
        assert f"+    if {RIGHT}" in screen.text
    assert repository(workspace).text == before.text.replace(WRONG, RIGHT)
    assert {row["channel"] for row in books.approvals()} == {"terminal"}
    assert books.answers()[1:] == [("plan", "approved"), ("edit", "approved")]


async def _read_all(screen: Screen) -> None:
    """Turn the pages; an answer is taken only behind the last one."""
    while await screen.until("Enter: more", "y: yes") == "Enter: more":
        screen.type("\n")


async def test_an_interrupt_ends_the_run_in_order_and_nothing_is_left_open(
    job: Shell, books: Books, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(hold=asyncio.Event()))
    process = await job.begun("agent", "run", "fix", "Fix it", "--json")
    await under_way(process)
    exchange = await scripted_model.arrived()
    process.send_signal(signal.SIGINT)
    ended = await left(process)
    assert (ended.code, ended.result["state"]) == (130, "cancelled")
    await exchange.closed_early()
    assert [row["state"] for row in books.rows("SELECT state FROM run")] == ["cancelled"]
    assert {row["state"] for row in books.reservations()} <= {"settled", "released"}


async def test_a_killed_job_goes_on_where_it_was(
    job: Shell, books: Books, workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    play = after_plan(EDIT, COMMIT)

    def stop_after_one(request: JsonObject) -> Reply:
        return Reply(hold=hold) if len(results_in(request)) == 1 else play(request)

    scripted_model.script = stop_after_one
    more = {"STEWARD_POLICY_FILE": str(write_policy(tmp_path, policy_text(workspace)))}
    process = await job.begun("agent", "run", "fix", "Fix it", "--json", more=more)
    await under_way(process)
    await scripted_model.arrived(3)
    process.kill()
    await process.wait()
    hold.set()
    scripted_model.script = play
    ((run_id),) = (row["id"] for row in books.rows("SELECT id FROM run"))
    ended = await job.steward("run", "resume", run_id, "--here", "--json", more=more)
    assert (ended.code, ended.result["state"]) == (0, "finished")
    assert RIGHT in repository(workspace).text
    assert len(commits(workspace)) == 1
    # What was finished was not asked for or landed again.
    assert books.answers() == [("plan", "approved"), ("edit", "approved"), ("commit", "approved")]
    assert len(scripted_model.exchanges) == 5


@pytest.mark.soak
async def test_a_run_that_comes_to_a_limit_says_which_kind(
    job: Shell, workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT)
    caps = "[caps]\nsteps = 1\n"
    capped = await job.fix(policy=write_policy(tmp_path, policy_text(workspace, caps=caps)))
    assert (capped.code, capped.result["capped"]) == (4, "steps")


@pytest.mark.soak
async def test_a_job_without_budget_ends_with_its_own_code(job: Shell) -> None:
    poor = {"STEWARD_LEDGER__LIMIT_USD": "0.0000001"}
    ended = await job.steward("agent", "run", "fix", "Fix it", "--json", more=poor)
    assert (ended.code, ended.result["state"]) == (5, "failed")


@pytest.mark.soak
async def test_a_job_is_cancelled_from_elsewhere(
    job: Shell, books: Books, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(hold=asyncio.Event()))
    process = await job.begun("agent", "run", "fix", "Fix it", "--json")
    await under_way(process)
    await scripted_model.arrived()
    (run,) = books.rows("SELECT id FROM run")
    assert "was asked to end it" in (await job.steward("run", "cancel", run["id"])).out
    ended = await left(process)
    assert (ended.code, ended.result["state"]) == (1, "cancelled")


@pytest.mark.soak
async def test_a_second_interrupt_leaves_at_once(job: Shell, scripted_model: ScriptedModel) -> None:
    scripted_model.script = always(Reply(hold=asyncio.Event()))
    process = await job.begun("agent", "run", "fix", "Fix it", "--json")
    await under_way(process)
    await scripted_model.arrived()
    os.kill(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGTERM)
    assert (await left(process)).code == 130


async def test_an_agent_of_the_folder_gets_no_policys_yes_by_being_called(
    job: Shell, workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    folder = workspace / ".steward" / "agents"
    folder.mkdir(parents=True)
    shown = (await job.steward("agent", "show", "explain")).out
    (folder / "explain.md").write_text(shown)
    plan = {"summary": "Read.", "steps": [{"title": "Read it", "tool": "read_file"}]}
    scripted_model.script = in_order(say(json.dumps(plan)), say("Read."))
    # The one that is shipped may call one that the folder has put in the place of another.
    policy = policy_text(workspace, "trust = true" + EVERYTHING, agents=("reviewer",))
    more = {"STEWARD_POLICY_FILE": str(write_policy(tmp_path, policy))}
    ended = await job.steward("agent", "run", "reviewer", "Read it", "--json", more=more)
    assert (ended.code, ended.lines[0]["source"]) == (3, "shipped")


@pytest.mark.soak
async def test_an_agent_that_the_folder_brings_is_there_only_where_the_policy_trusts_it(
    job: Shell, workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    folder = workspace / ".steward" / "agents"
    folder.mkdir(parents=True)
    shown = (await job.steward("agent", "show", "fix")).out
    (folder / "fix.md").write_text(shown)
    scripted_model.script = after_plan(EDIT)
    bound = await job.fix(
        policy=write_policy(tmp_path, policy_text(workspace, "trust = true" + EVERYTHING))
    )
    assert (bound.code, bound.lines[0]["source"]) == (3, "workspace")
    free = "trust = true\nfrom_folder = true" + EVERYTHING
    ended = await job.fix(policy=write_policy(tmp_path, policy_text(workspace, free)))
    assert (ended.code, ended.lines[0]["source"]) == (0, "workspace")
    untrusted = await job.fix(policy=write_policy(tmp_path, policy_text(workspace)))
    assert untrusted.lines[0]["source"] == "shipped"
