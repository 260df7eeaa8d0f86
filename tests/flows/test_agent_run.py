"""An agent fixes a bug: what each kind of client is asked, and what its answers come to."""

from pathlib import Path
from typing import Any

import pytest

from demo.replies import Reply, ToolCall
from demo.script import RIGHT, WRONG
from demo.scripted_model import ScriptedModel
from tests.attacks.canary import files_below, seen
from tests.client import ASKING, OURS, PLAIN, Json
from tests.core.test_redact import SECRETS
from tests.environment import git
from tests.flows.books import Books, commits, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT, TEST, after_plan, everything_in, results_in
from tests.jailed import working_jail
from tests.person import Choice, Person, Shown, leave_open, reject

CLIENTS = pytest.mark.parametrize(
    "abilities", [OURS, ASKING, PLAIN], ids=["our client", "asking client", "plain client"]
)


@CLIENTS
async def test_an_agent_asks_at_every_turn_and_the_fix_is_committed_and_paid_for(
    abilities: Json,
    open_window: OpenWindow,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    await working_jail()
    before = repository(workspace)
    window = await open_window(abilities)
    run = await window.until_ended(await window.run_agent())
    assert run["state"] == "finished"
    assert "All tests pass now." in run["message"]
    assert window.person.kinds == ["plan", "command", "edit", "command", "commit"]
    after = repository(workspace)
    assert after.own == before.own
    assert after.files == before.files | {
        "shop/delivery.py": before.files["shop/delivery.py"].replace(WRONG.encode(), RIGHT.encode())
    }
    (commit,) = commits(workspace)
    assert git(workspace, "show", f"{commit}:shop/delivery.py") + "\n" == after.text
    assert git(workspace, "diff", "--name-only", "main", commit) == "shop/delivery.py"
    await _all_is_on_the_books(books, scripted_model)


async def _all_is_on_the_books(books: Books, scripted_model: ScriptedModel) -> None:
    reservations = books.reservations()
    assert len(reservations) == len(scripted_model.exchanges)
    assert {row["state"] for row in reservations} == {"settled"}
    assert not any(row["is_estimated"] for row in reservations)
    # The folder, the plan, two commands, the edit and the commit.
    assert books.actions("approval.used") == ["approval.used"] * 6
    assert books.actions("proposal.applied") == ["proposal.applied"] * 2
    assert books.actions("run.") == ["run.started", "run.finished"]
    assert (await books.verdict()).is_intact


async def test_a_plain_client_is_asked_once_before_each_change_and_nothing_happens_meanwhile(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan(EDIT, COMMIT)
    before = repository(workspace)
    window = await open_window(PLAIN, person=Person(leave_open))
    run_id = await window.run_agent()
    (await window.person.sees("plan")).answer("approve")
    edit = await window.person.sees("edit")
    assert f"-    if {WRONG}" in edit.text
    assert f"+    if {RIGHT}" in edit.text
    assert window.edits == []
    assert repository(workspace) == before
    edit.answer("approve")
    commit = await window.person.sees("commit")
    assert f"+    if {RIGHT}" in commit.text
    assert commits(workspace) == []
    commit.answer("approve")
    assert (await window.until_ended(run_id))["state"] == "finished"
    assert window.person.kinds == ["plan", "edit", "commit"]
    assert len(window.edits) == 1
    assert len(commits(workspace)) == 1


async def test_a_rejected_plan_ends_the_run_with_nothing_done(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    before = repository(workspace)
    window = await open_window(ASKING, person=Person(reject("plan")))
    run = await window.until_ended(await window.run_agent())
    assert run["state"] == "cancelled"
    assert window.person.kinds == ["plan"]
    assert len(scripted_model.exchanges) == 1
    assert repository(workspace) == before
    assert books.actions("tool.") == []
    assert (await books.verdict()).is_intact


async def test_an_agent_goes_on_without_the_tests_that_it_may_not_run(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    await working_jail()
    scripted_model.script = after_plan(TEST, EDIT)
    window = await open_window(ASKING, person=Person(reject("command")))
    run = await window.until_ended(await window.run_agent())
    assert run["state"] == "finished"
    assert RIGHT in repository(workspace).text
    (told,) = results_in(scripted_model.exchanges[2].body)
    assert "was not run" in told
    assert "rejected" in told
    assert [detail["tool"] for detail in books.details("tool.denied")] == ["run_tests"]


@CLIENTS
async def test_a_rejected_edit_leaves_the_file_as_it_is_on_disk_and_in_the_editor(
    abilities: Json,
    open_window: OpenWindow,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    scripted_model.script = after_plan(EDIT, COMMIT)
    before = repository(workspace)
    window = await open_window(abilities, person=Person(reject("edit")))
    document = window.open("shop/delivery.py")
    run = await window.until_ended(await window.run_agent())
    assert run["state"] == "finished"
    assert repository(workspace) == before
    assert (document.text.encode(), document.version) == (before.files["shop/delivery.py"], 1)
    assert [row["state"] for row in books.proposals()] == ["refused"]
    results = results_in(scripted_model.exchanges[-1].body)
    assert "no file was touched" in results[0]
    assert "nothing to commit" in results[1]


async def test_a_rejected_commit_makes_none(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT, COMMIT)
    before = repository(workspace)
    window = await open_window(PLAIN, person=Person(reject("commit")))
    await window.until_ended(await window.run_agent())
    after = repository(workspace)
    assert (after.head, after.index, after.refs) == (before.head, before.index, before.refs)
    assert RIGHT in after.text


async def test_no_tool_of_an_agent_shows_the_model_what_is_ignored(
    open_window: OpenWindow, scripted_model: ScriptedModel, workspace: Path
) -> None:
    secrets = {".env": "A", "ignored.py": "B", "hidden.py": "C"}
    (workspace / ".gitignore").write_text("ignored.py\n")
    (workspace / ".stewardignore").write_text("hidden.py\n")
    for name, letter in secrets.items():
        (workspace / name).write_text(f"canary = 'bluebird-{letter}'\n")
    looks = [ToolCall("read_file", {"path": name}) for name in secrets]
    looks.append(ToolCall("search", {"query": "canary"}))
    scripted_model.script = after_plan(Reply(tool_calls=tuple(looks)))
    window = await open_window(ASKING)
    for name in secrets:
        window.open(name)
    run = await window.until_ended(await window.run_agent())
    assert run["state"] == "finished"
    results = results_in(scripted_model.exchanges[-1].body)
    assert [".env" in results[0], "ignored.py" in results[1], "hidden.py" in results[2]] == [
        True
    ] * 3
    for exchange in scripted_model.exchanges:
        assert "bluebird" not in everything_in(exchange.body)


async def test_a_tool_that_the_plan_does_not_name_is_asked_about_as_another_plan(
    open_window: OpenWindow, scripted_model: ScriptedModel, workspace: Path
) -> None:
    def script(request: dict[str, Any]) -> Reply:
        answer = after_plan(EDIT)(request)
        pieces = tuple(piece.replace("edit_file", "read_file") for piece in answer.pieces)
        return Reply(pieces=pieces, tool_calls=answer.tool_calls)

    scripted_model.script = script

    def keep_to_the_plan(shown: Shown) -> Choice:
        return "reject" if "than the one you approved" in shown.text else "approve"

    window = await open_window(ASKING, person=Person(keep_to_the_plan))
    await window.until_ended(await window.run_agent())
    assert window.person.kinds == ["plan", "plan"]
    assert "**New:**" in window.person.shown[1].text
    (told,) = results_in(scripted_model.exchanges[2].body)
    assert "the plan does not cover this call" in told
    assert WRONG in repository(workspace).text


async def test_a_secret_in_what_an_agent_is_told_is_written_down_nowhere_and_shown_to_nobody(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    key = SECRETS["github token"]
    window = await open_window(ASKING, person=Person(reject("plan")))
    told = {"goal": f"Log in with {key}.", "observations": f"{'x' * 7_970} a.py:1: {key} is wrong"}
    started = await window.command("steward.agent.run", agent="fix", **told)
    run = await window.until_ended(started["runId"])
    assert run["goal"] == "Log in with <redacted github token>."
    assert "<redacted github token>" in window.person.shown[0].text
    assert "<redacted github token>" in str(scripted_model.exchanges[0].body)
    kept = dict(files_below(books.folder))
    assert {"steward.db", "engine.db"} <= {file.name for file in kept}
    half = key[: len(key) // 2]
    assert [file.name for file, content in kept.items() if seen(half, content)] == []
    assert not seen(half, str([exchange.body for exchange in scripted_model.exchanges]))
