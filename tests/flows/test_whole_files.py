"""Several files change as one: edited, created, renamed and deleted, or not at all."""

import json
from pathlib import Path

import pytest
from lsprotocol import types

from demo.replies import JsonObject, Reply, Script, call
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.applying import apply_first_only
from tests.client import ASKING, OURS, PLAIN, READING, Json, Window
from tests.environment import git
from tests.flows.books import Books, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, after_plan, results_in, task_of
from tests.person import Person, leave_open, reject

CHANGES = [
    {"do": "edit", "path": SOURCE, "old_text": WRONG, "new_text": RIGHT},
    {"do": "create", "path": "shop/new/tax.py", "text": "RATE = 19\n"},
    {"do": "rename", "path": "shop/basket.py", "new_path": "shop/cart.py"},
    {"do": "delete", "path": "README.md"},
]
CHANGE = call("change_files", changes=CHANGES)
PLAN = {
    "summary": "Put the shop in order.",
    "steps": [{"title": tool, "tool": tool} for tool in ("change_files", "commit")],
}
EDITS = [
    CHANGES[0],
    {"do": "edit", "path": "README.md", "old_text": "# ", "new_text": "# The "},
]


def script(*turns: Reply) -> Script:
    """A plan that names the tools of these stories, then one of these answers a turn."""

    def answer(request: JsonObject) -> Reply:
        if task_of(request) == "plan":
            return Reply(pieces=(json.dumps(PLAN),))
        return after_plan(*turns)(request)

    return answer


EVERYONE = pytest.mark.parametrize(
    "abilities", [OURS, ASKING, PLAIN, READING], ids=["ours", "asking", "plain", "no applyEdit"]
)


@EVERYONE
async def test_an_approved_proposal_is_in_the_files_whole_and_in_the_commit(
    abilities: Json,
    open_window: OpenWindow,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    scripted_model.script = script(CHANGE, COMMIT)
    before = repository(workspace).files
    window = await open_window(abilities)
    run = await window.until_ended(await window.run_agent())
    assert run["state"] == "finished"
    after = repository(workspace).files
    basket = before.pop("shop/basket.py")
    del before["README.md"]
    assert after == before | {
        SOURCE: before[SOURCE].replace(WRONG.encode(), RIGHT.encode()),
        "shop/new/tax.py": b"RATE = 19\n",
        "shop/cart.py": basket,
    }
    assert [row["state"] for row in books.proposals()] == ["applied", "applied"]
    listed = git(workspace, "ls-tree", "-r", "--name-only", "steward/fix-free-delivery")
    assert sorted(listed.split("\n")) == sorted(after)
    # Only our own client is trusted with whole files; everywhere else they are written on disk.
    assert len(window.edits) == (abilities is OURS)


@pytest.mark.parametrize("abilities", [OURS, PLAIN, READING], ids=["ours", "plain", "no applyEdit"])
async def test_a_refused_proposal_touches_nothing(
    abilities: Json,
    open_window: OpenWindow,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    scripted_model.script = script(CHANGE)
    before = repository(workspace)
    window = await open_window(abilities, person=Person(reject("edit")))
    await window.until_ended(await window.run_agent())
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["refused"]
    question = next(shown for shown in window.person.shown if shown.kind == "edit")
    if abilities is not OURS:
        for told in ("shop/new/tax.py", "shop/cart.py", "README.md", "+RATE = 19", RIGHT):
            assert told in question.text


@pytest.mark.parametrize("abilities", [OURS, READING], ids=["ours", "no applyEdit"])
async def test_a_file_in_the_way_ends_it_before_anything_changes(
    abilities: Json,
    open_window: OpenWindow,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    scripted_model.script = script(CHANGE)
    window = await open_window(abilities, person=Person(leave_open))
    run_id = await window.run_agent()
    (await window.person.sees("plan")).answer("approve")
    edit = await window.person.sees("edit")
    (workspace / "shop/cart.py").write_text("mine\n")
    before = repository(workspace)
    edit.answer("approve")
    await window.until_ended(run_id)
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["stale"]


async def test_unsaved_text_survives_in_a_client_that_takes_no_edits(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = script(CHANGE)
    window = await open_window(READING, person=Person(leave_open))
    document = window.open("shop/basket.py")
    run_id = await window.run_agent()
    (await window.person.sees("plan")).answer("approve")
    edit = await window.person.sees("edit")
    window.change(document, document.text + "# typing\n")
    before = repository(workspace)
    edit.answer("approve")
    await window.until_ended(run_id)
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["stale"]
    assert "unsaved changes" in results_in(scripted_model.exchanges[-1].body)[0]


async def test_an_edit_by_command_is_an_edit_where_the_client_shows_no_questions(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = script(CHANGE)
    window = await open_window(READING, person=Person(leave_open))
    run_id = await window.run_agent()
    for kind in ("plan", "edit"):
        await window.person.sees(kind)
        (question,) = await window.command("steward.questions")
        answer = {"id": question["id"], "digest": question["digest"], "choice": "approve"}
        await window.command("steward.answer", **answer)
    assert (await window.until_ended(run_id))["state"] == "finished"
    assert (workspace / "shop/cart.py").exists()
    assert [row["state"] for row in books.proposals()] == ["applied"]


@pytest.mark.parametrize("is_honest", [True, False], ids=["says so", "lies"])
async def test_a_client_that_applies_a_part_has_it_taken_back(
    is_honest: bool,
    open_window: OpenWindow,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    async def apply(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
        was_applied = await apply_first_only(window, params)
        return was_applied and (is_honest or len(window.edits) > 1)

    scripted_model.script = script(call("change_files", changes=EDITS))
    before = repository(workspace)
    window = await open_window(PLAIN)
    window.apply = apply
    await window.until_ended(await window.run_agent())
    assert repository(workspace) == before
    asked, back = window.edits
    assert [one.needs_confirmation for one in (asked.edit.change_annotations or {}).values()] == [
        True
    ]
    assert [one.needs_confirmation for one in (back.edit.change_annotations or {}).values()] == [
        False
    ]
    assert [row["state"] for row in books.proposals()] == ["refused"]
    assert "left out README.md" in results_in(scripted_model.exchanges[-1].body)[0]


async def test_what_was_typed_after_a_part_was_applied_is_not_taken_back(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    async def apply(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
        await apply_first_only(window, params)
        (document,) = window.documents.values()
        window.change(document, document.text + "# typing\n")
        window.save(document)
        return True

    scripted_model.script = script(call("change_files", changes=EDITS))
    window = await open_window(PLAIN)
    window.apply = apply
    await window.until_ended(await window.run_agent())
    assert len(window.edits) == 1
    assert repository(workspace).text.endswith("# typing\n")
    assert [row["state"] for row in books.proposals()] == ["partial"]


async def test_an_editor_that_never_answers_holds_up_nothing_for_ever(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    async def preview(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
        await books.until(lambda books: books.proposals()[0]["state"] == "refused")
        return False

    scripted_model.script = script(call("change_files", changes=EDITS))
    before = repository(workspace)
    window = await open_window(PLAIN, STEWARD_PERMISSIONS__ANSWER_WITHIN="PT2S")
    window.apply = preview
    await window.until_ended(await window.run_agent())
    assert repository(workspace) == before
    assert "has not answered in time" in books.proposals()[0]["outcome"]
