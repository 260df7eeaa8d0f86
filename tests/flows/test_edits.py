"""What lands is read back and not believed, and what somebody else wrote is never overwritten."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from lsprotocol import types

from demo.script import RIGHT, WRONG
from demo.scripted_model import ScriptedModel
from tests.applying import apply_whole
from tests.client import ASKING, OURS, PLAIN, Json, Window
from tests.flows.books import Books, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import EDIT, after_plan, results_in
from tests.person import Person, leave_open, reject

MINE = "# I am typing here.\n"
ASKED = "Edit shop/delivery.py"
MERGED = "Edit shop/delivery.py (merged with your edits)"


async def test_an_edit_that_the_client_claims_and_does_not_make_is_not_applied(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    async def lie(_window: Window, _params: types.ApplyWorkspaceEditParams) -> bool:
        return True

    scripted_model.script = after_plan(EDIT)
    before = repository(workspace)
    window = await open_window(PLAIN)
    window.apply = lie
    await window.until_ended(await window.run_agent())
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["refused"]
    assert "no file changed" in results_in(scripted_model.exchanges[-1].body)[0]


async def test_an_edit_that_the_client_makes_and_denies_is_recorded_as_made(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    async def deny(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
        return not await apply_whole(window, params)

    scripted_model.script = after_plan(EDIT)
    window = await open_window(PLAIN)
    window.apply = deny
    await window.until_ended(await window.run_agent())
    assert RIGHT in repository(workspace).text
    assert [row["state"] for row in books.proposals()] == ["applied"]


async def test_text_typed_while_an_edit_is_on_its_way_survives(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    async def type_first(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
        (document,) = window.documents.values()
        if len(window.edits) == 1:
            window.change(document, MINE + document.text)
        return await apply_whole(window, params)

    scripted_model.script = after_plan(EDIT)
    before = repository(workspace)
    window = await open_window(ASKING)
    document = window.open("shop/delivery.py")
    window.apply = type_first
    await window.until_ended(await window.run_agent())
    assert document.text == MINE + before.text.replace(WRONG, RIGHT)
    assert [row["state"] for row in books.proposals()] == ["stale", "applied"]
    assert [shown.title for shown in window.person.shown][1:] == [ASKED, MERGED]
    assert books.answers()[-2:] == [("edit", "approved")] * 2


async def test_a_file_that_both_changed_is_not_overwritten_and_the_lines_are_named(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan(EDIT)
    window = await open_window(PLAIN, person=Person(leave_open))
    run_id = await window.run_agent()
    (await window.person.sees("plan")).answer("approve")
    edit = await window.person.sees("edit")
    file = workspace / "shop/delivery.py"
    file.write_text(file.read_text().replace(WRONG, "is_mine"))
    before = repository(workspace)
    edit.answer("approve")
    await window.until_ended(run_id)
    assert window.edits == []
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["stale"]
    line = before.text[: before.text.index("is_mine")].count("\n") + 1
    told = results_in(scripted_model.exchanges[-1].body)[0]
    assert f"both change 'shop/delivery.py' in line {line}" in told


@pytest.mark.parametrize("abilities", [PLAIN, OURS], ids=["plain", "ours"])
async def test_what_changed_after_the_preview_is_merged_and_asked_about_anew(
    abilities: Json,
    open_window: OpenWindow,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    scripted_model.script = after_plan(EDIT)
    window = await open_window(abilities, person=Person(leave_open))
    document = None if abilities is PLAIN else window.open("shop/delivery.py")
    run_id = await window.run_agent()
    (await window.person.sees("plan")).answer("approve")
    edit = await window.person.sees("edit")
    file = workspace / "shop/delivery.py"
    text = file.read_text()
    if document is None:
        file.write_text(MINE + text)
    else:
        window.change(document, MINE + text)
    edit.answer("approve")
    merged = await window.person.sees("edit", 2)
    assert MERGED in merged.title
    assert file.read_text() == (MINE + text if document is None else text)
    merged.answer("approve")
    await window.until_ended(run_id)
    assert file.read_text() == MINE + text.replace(WRONG, RIGHT)
    assert [row["state"] for row in books.proposals()] == ["stale", "applied"]
    # Our own client finds out by itself that the text has changed, and then nobody has said yes.
    first = "withdrawn" if abilities is OURS else "approved"
    assert books.answers()[-2:] == [("edit", first), ("edit", "approved")]


async def test_a_diff_that_the_person_discards_in_our_client_is_their_no(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan(EDIT)
    before = repository(workspace)
    window = await open_window(OURS, person=Person(reject("edit")))
    await window.until_ended(await window.run_agent())
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["refused"]
    assert books.answers() == [("trust", "approved"), ("plan", "approved"), ("edit", "rejected")]


@pytest.mark.parametrize("choice", ["approve", "reject"])
async def test_a_diff_in_our_client_that_is_answered_elsewhere_is_taken_away_and_decided(
    choice: str,
    open_window: OpenWindow,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    scripted_model.script = after_plan(EDIT)
    before = repository(workspace)
    window = await open_window(OURS, person=Person(leave_open))
    run_id = await window.run_agent()
    (await window.person.sees("plan")).answer("approve")
    await window.person.sees("edit")
    (question,) = await window.command("steward.questions")
    answer = {"id": question["id"], "digest": question["digest"], "choice": choice}
    await window.command("steward.answer", **answer)
    await window.until_ended(run_id)
    (proposal,) = books.proposals()
    assert f"steward:{proposal['id']}" in window.closed
    assert window.person.kinds == ["plan", "edit"]
    if choice == "reject":
        assert repository(workspace) == before
        assert proposal["state"] == "refused"
    else:
        assert RIGHT in repository(workspace).text
        assert proposal["state"] == "applied"
        assert "approval.used" in books.actions("approval.")


async def test_an_edit_names_the_version_and_wants_to_be_confirmed(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT)
    window = await open_window(PLAIN)
    document = window.open("shop/delivery.py")
    window.change(document, document.text + "\n")
    await window.until_ended(await window.run_agent())
    (sent,) = window.edits
    (change,) = sent.edit.document_changes or []
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == 2
    (annotation,) = (sent.edit.change_annotations or {}).values()
    assert annotation.needs_confirmation


async def test_a_late_yes_in_the_editors_own_preview_is_recorded_and_told(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    shown, pressed = asyncio.Event(), asyncio.Event()

    async def preview(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
        shown.set()
        with suppress(asyncio.CancelledError):  # VS Code takes no notice of being told.
            await pressed.wait()
        await pressed.wait()
        return await apply_whole(window, params)

    scripted_model.script = after_plan(EDIT)
    before = repository(workspace)
    window = await open_window(PLAIN)
    window.apply = preview
    run_id = await window.run_agent()
    await shown.wait()
    await window.command("steward.run.cancel", runId=run_id)
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["refused"]
    assert "cancelled" in books.proposals()[0]["outcome"]
    pressed.set()
    await books.until(lambda books: books.proposals()[0]["state"] == "applied")
    assert RIGHT in repository(workspace).text
    assert "after it was given up" in books.proposals()[0]["outcome"]
    while not any("was given up before" in told.message for told in window.client.messages):
        await window.until_news(window.news)


async def test_a_run_cancelled_while_the_editor_applies_says_what_was_applied(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    applied = asyncio.Event()

    async def apply_and_stay_silent(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
        is_applied = await apply_whole(window, params)
        applied.set()
        await asyncio.Event().wait()
        return is_applied

    scripted_model.script = after_plan(EDIT)
    window = await open_window(PLAIN)
    window.apply = apply_and_stay_silent
    run_id = await window.run_agent()
    await applied.wait()
    await window.command("steward.run.cancel", runId=run_id)
    assert RIGHT in repository(workspace).text
    assert [row["state"] for row in books.proposals()] == ["applied"]


async def test_a_run_behind_another_ones_question_can_be_cancelled_at_once(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan(EDIT)
    before = repository(workspace)
    person = Person(lambda shown: None if shown.kind == "edit" else "approve")
    window = await open_window(ASKING, person=person)
    first = await window.run_agent()
    edit = await person.sees("edit")
    second = await window.run_agent()
    await books.until(lambda books: len(books.proposals()) == 2)
    await window.command("steward.run.cancel", runId=second)
    assert {row["run_id"]: row["state"] for row in books.proposals()} == {
        first: "proposed",
        second: "refused",
    }
    assert repository(workspace) == before
    edit.answer("approve")
    assert (await window.until_ended(first))["state"] == "finished"
    assert RIGHT in repository(workspace).text
