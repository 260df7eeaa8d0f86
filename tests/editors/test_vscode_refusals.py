"""Everything in VS Code that is not a yes: nothing is written, and the run is told why."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.replies import call
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.conftest import OpenWindow
from tests.editors.desk import UNWATCHED
from tests.editors.stories import PLAN, ask_for_the_fix, becomes, get_to_the_diff
from tests.editors.vscode import Window
from tests.environment import git
from tests.flows.books import Books
from tests.flows.scripts import EDIT, after_plan, results_in

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

ASKED = f"Edit {SOURCE}"
MERGED = "merged with your edits"
MINE = "# my own line"


@pytest.fixture(autouse=True)
def one_edit(model: ScriptedModel) -> None:
    """After the plan the model proposes one edit, is told what became of it, and ends."""
    model.script = after_plan(EDIT)


async def test_a_diff_that_nobody_answers_runs_out_and_disappears(
    opened: OpenWindow, folder: Path, model: ScriptedModel, books: Books
) -> None:
    window = await opened(STEWARD_PERMISSIONS__ANSWER_WITHIN="PT8S")
    await get_to_the_diff(window)

    await expect(window.tab("Proposal")).to_have_count(0)

    await expect(window.waiting).to_have_count(0)
    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])
    await becomes(lambda: "expired" in str(results_in(model.exchanges[-1].body)), True)
    assert git(folder, "status", "--porcelain") == ""


async def test_a_discarded_diff_leaves_the_file_as_it_was(
    window: Window, folder: Path, books: Books
) -> None:
    await get_to_the_diff(window)

    await window.choose_from_title("Discard")

    await expect(window.tab("Proposal")).to_have_count(0)
    await expect(window.waiting).to_have_count(0)
    await becomes(lambda: [row["state"] for row in books.approvals()], ["approved", "rejected"])
    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])
    assert git(folder, "status", "--porcelain") == ""


async def test_a_diff_that_was_closed_is_undecided_and_can_be_found_again(
    window: Window, folder: Path
) -> None:
    await get_to_the_diff(window)
    await window.dismiss(question=ASKED)
    await window.close_tab("Proposal")
    await expect(window.waiting).to_contain_text("1 question")
    assert git(folder, "status", "--porcelain") == ""

    await window.run_command("Steward: Show Open Questions")

    await window.sees(RIGHT)
    await window.press_button("Apply", question=ASKED)
    await becomes(lambda: RIGHT in (folder / SOURCE).read_text("utf-8"), True)


async def test_what_a_person_typed_while_the_diff_was_open_is_merged_and_asked_about_anew(
    window: Window, folder: Path, books: Books
) -> None:
    await get_to_the_diff(window)
    await window.open_file(SOURCE)
    await window.type_at_the_end(MINE)
    await becomes(lambda: [row["state"] for row in books.proposals()][:1], ["stale"])
    assert WRONG in (folder / SOURCE).read_text("utf-8")

    # What is typed slowly is merged more than once; the newest question is the one that counts.
    await window.toast(MERGED).first.wait_for()
    await window.run_command("Steward: Apply")
    # Nobody has seen the merge yet: it is shown, and asked about.
    await window.press_button("Apply", question=MERGED)

    await becomes(lambda: books.proposals()[-1]["state"], "applied")
    assert {row["state"] for row in books.proposals()[:-1]} == {"stale"}
    # Whichever tab comes to the front when the diff closes.
    await window.run_command("File: Save All")
    await becomes(lambda: (folder / SOURCE).read_text("utf-8").endswith(MINE), True)
    assert RIGHT in (folder / SOURCE).read_text("utf-8")


async def test_what_another_program_wrote_while_the_diff_was_open_is_never_overwritten(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    # A file that the editor does not watch: it shows the old text until somebody looks at the disk.
    file = folder / UNWATCHED
    model.script = after_plan(
        call("edit_file", path=UNWATCHED, old_text="A small shop", new_text="A shop")
    )
    await get_to_the_diff(window)
    # On the same line, so that the two cannot be merged.
    theirs = file.read_text("utf-8").replace("A small shop", "A tiny shop")
    file.write_text(theirs, "utf-8")

    await window.press_button("Apply", question=f"Edit {UNWATCHED}")

    await window.sees("changed while the diff was open")
    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])
    assert file.read_text("utf-8") == theirs
    await expect(window.page.locator(".tab.dirty")).to_have_count(0)


async def test_a_second_proposal_waits_until_the_first_is_decided(
    window: Window, folder: Path, books: Books
) -> None:
    await get_to_the_diff(window)
    await ask_for_the_fix(window)
    await window.press_button("Approve plan", question=PLAN)
    await becomes(lambda: len(books.proposals()), 2)
    await expect(window.tab("Proposal")).to_have_count(1)

    await window.press_button("Discard", question=ASKED)
    await becomes(lambda: [row["state"] for row in books.proposals()][:1], ["refused"])
    assert git(folder, "status", "--porcelain") == ""
    await window.press_button("Apply", question=ASKED)

    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused", "applied"])
    await becomes(lambda: (folder / SOURCE).read_text("utf-8").count(RIGHT), 1)
