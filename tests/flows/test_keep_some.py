"""A person keeps some of a proposal, from any client, and that is what lands."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from demo.replies import JsonObject, Reply, call, say
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.applying import apply_whole
from tests.client import ASKING, OURS, PLAIN, Window
from tests.flows.books import Books, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import after_plan, results_in, task_of
from tests.person import Person, approve, leave_open

REASON = "A constant stands for nothing by itself."
CONSTANT = {"do": "edit", "path": SOURCE, "old_text": "= 495", "new_text": "= 500"}
EDITS = {"do": "edit", "path": SOURCE, "old_text": WRONG, "new_text": RIGHT}
NOTES = {"do": "create", "path": "NOTES.md", "text": "Fixed.\n"}
STEP = {"title": "Tidy up", "tool": "change_files", "files": ["**"]}


def script(request: JsonObject) -> Reply:
    """The agent changes two places of one file, and makes another file."""
    if task_of(request) == "plan":
        return say(json.dumps({"summary": "Tidy up.", "steps": [STEP]}))
    return after_plan(call("change_files", changes=(CONSTANT, EDITS, NOTES)))(request)


async def proposed(window: Window) -> str:
    """Start the agent and get to its proposal; gives the run's id."""
    run_id = await window.run_agent()
    (await window.person.sees("plan")).answer("approve")
    await window.person.sees("edit")
    return run_id


async def question_in(window: Window) -> dict[str, Any]:
    (question,) = await window.command("steward.questions")
    return question


async def keep(window: Window, question: dict[str, Any], *kept: str, **more: str) -> None:
    await window.command(
        "steward.answer",
        id=question["id"],
        digest=question["digest"],
        choice="approve",
        kept=list(kept),
        **more,
    )


def is_as_kept(workspace: Path, before: str, books: Books) -> None:
    assert (workspace / SOURCE).read_text() == before.replace(WRONG, RIGHT)
    assert not (workspace / "NOTES.md").exists()
    whole, part = books.proposals()
    assert (whole["state"], part["state"]) == ("refused", "applied")
    answers = [row for row in books.approvals() if row["key"] == part["id"]]
    assert [row["state"] for row in answers[-1:]] == ["approved"]
    assert part["approval_id"] == answers[-1]["id"]


def applied(books: Books) -> list[str]:
    """What the events say of proposals."""
    return [row["outcome"] for row in books.rows("SELECT * FROM event WHERE name = 'AI_APPLY'")]


async def test_some_hunks_are_kept_from_another_window_and_the_model_is_told_of_the_rest(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = script
    before = (workspace / SOURCE).read_text()
    window = await open_window(PLAIN, person=Person(leave_open))
    run_id = await proposed(window)
    other = await open_window(ASKING, person=Person(leave_open))
    question = await question_in(other)
    first, second, made = question["hunks"]
    assert (first["file"], first["header"]) == (SOURCE, "@@ -3,1 +3,1 @@")
    assert first["lines"] == "-DELIVERY_PENCE = 495\n+DELIVERY_PENCE = 500\n"
    assert second["lines"] == f"-    if {WRONG}:\n+    if {RIGHT}:\n"
    assert (made["file"], made["header"]) == ("NOTES.md", "new file")
    assert set(question["takes"]) == {"choice", "reason"}
    for wrong in ((), (first["id"], "0" * 32), (first["id"],) * 2):
        with pytest.raises(JsonRpcException, match="each once"):
            await keep(other, question, *wrong)
    await keep(other, question, second["id"], reason=REASON)
    with pytest.raises(JsonRpcException, match="already approved"):
        await keep(window, question, first["id"], second["id"])
    await window.until_ended(run_id)
    is_as_kept(workspace, before, books)
    told = results_in(scripted_model.exchanges[-1].body)[0]
    assert f"kept 1 of 3 hunks: {SOURCE} {second['header']}." in told
    assert f"rejected, and it was not done: {SOURCE} {first['header']}; NOTES.md new file." in told
    assert REASON in told
    assert (await books.verdict()).is_intact
    # The figures count it as kept in part, and not as a proposal that was taken as it was.
    await books.until(lambda books: "partial" in applied(books))
    assert applied(books) == ["partial"]


@pytest.mark.soak  # VS Code's own story shows the same.
async def test_our_client_answers_for_a_part_and_only_that_edit_comes_and_needs_no_answer(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = script
    before = (workspace / SOURCE).read_text()
    window = await open_window(OURS, person=Person(leave_open))
    run_id = await proposed(window)
    question = await question_in(window)
    whole, part = question["proposal"], f"{question['proposal']}~1"
    await keep(window, question, question["hunks"][1]["id"])
    await window.until_ended(run_id)
    assert f"steward:{whole}" in window.closed
    assert window.person.kinds == ["plan", "edit"]
    shown, sent = ((edit.edit.change_annotations or {}) for edit in window.edits)
    assert [*shown, *sent] == [f"steward:{whole}", f"steward:{part}"]
    assert not sent[f"steward:{part}"].needs_confirmation
    is_as_kept(workspace, before, books)


async def test_a_kill_between_the_choice_and_the_landing_lands_the_part_once(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    sent = asyncio.Event()

    async def hang(_window: Window, _params: types.ApplyWorkspaceEditParams) -> bool:
        sent.set()
        await asyncio.Event().wait()
        return False

    scripted_model.script = script
    before, own = (workspace / SOURCE).read_text(), repository(workspace).own
    window = await open_window(ASKING, person=Person(leave_open))
    window.apply = hang
    run_id = await proposed(window)
    question = await question_in(window)
    await keep(window, question, question["hunks"][1]["id"])
    await sent.wait()
    await window.kill()
    assert (workspace / SOURCE).read_text() == before

    again = await open_window(ASKING, person=Person(approve))
    again.apply = apply_whole
    await again.until_ended(run_id)
    # The yes went with the killed server: what nobody saw happen is asked about again, in part.
    assert [shown.title for shown in again.person.shown] == ["Change 2 files (in part)"]
    assert len(again.edits) == 1
    is_as_kept(workspace, before, books)
    assert repository(workspace).own == own
