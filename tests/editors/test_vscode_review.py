"""A proposal is gone through in VS Code's diff: hunk by hunk, with words for the agent."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.patience import ONCE_S
from tests.editors.stories import EDIT, GOAL, becomes, changing, get_to_the_diff
from tests.editors.vscode import Window
from tests.editors.vscode_review import lens, summary
from tests.environment import git
from tests.flows.books import Books
from tests.flows.scripts import results_in

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

CONSTANT = {"do": "edit", "path": SOURCE, "old_text": "= 495", "new_text": "= 500"}
NOTES = {"do": "create", "path": "NOTES.md", "text": "Fixed.\u200b\n"}
DELETE = {"do": "delete", "path": "README.md"}
ASKED = "Change 3 files"
MERGED = "merged with your edits"
MINE = "# I typed this meanwhile."
LATER = "# And this afterwards."
COMMENT = "The price stays as it is."


def text_of(file: Path) -> Callable[[], str]:
    """Reads the file."""
    return lambda: file.read_text("utf-8")


async def press_until(window: Window, key: str, *, it_says: str) -> None:
    """Press a key until the review says so; the cursor may still be on its way into the diff."""
    for _ in range(5):
        await window.page.keyboard.press(key)
        try:
            # Pressed twice, it would be about the next hunk as well.
            await expect(summary(window)).to_contain_text(it_says, timeout=ONCE_S * 1000)
        except AssertionError:
            continue
        return
    pytest.fail(await window.described(f"no {it_says!r} after {key}"))


async def reject_the_constant(window: Window) -> None:
    """Reject the first hunk, and say why, by the links above it; what is odd is marked."""
    await expect(summary(window)).to_contain_text("4 of 4 hunks kept")
    await expect(window.toast(ASKED)).to_contain_text("Careful: NOTES.md, line 1")
    await window.photograph("review")
    await lens(window, "Reject").click()
    await expect(lens(window, "Rejected")).to_be_visible()
    await lens(window, "Comment…").click()
    await window.answer_input(COMMENT)
    await expect(lens(window, "Edit Comment…")).to_be_visible()
    await expect(summary(window)).to_contain_text("3 of 4 hunks kept, 1 comment")
    await window.photograph("review-rejected")


async def type_on(window: Window, file: Path, books: Books) -> str:
    """Type while the proposal waits; nothing comes between the keys and the file."""
    await window.open_file(SOURCE)
    await window.type_at_the_end(MINE)
    await expect(window.toast(MERGED).first).to_be_visible()
    await window.page.keyboard.type("!")
    await window.save()
    await becomes(lambda: text_of(file)().endswith(f"{MINE}!"), True)
    await expect(window.tab("Proposal")).to_have_count(0)
    await window.photograph("review-told")
    # What was typed last is merged too, and asked about anew.
    await becomes(lambda: len(books.proposals()), 3)
    return text_of(file)()


async def test_what_was_decided_outlasts_closing_and_typing_and_a_restore_spares_what_came_later(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    model.script = changing(CONSTANT, EDIT, NOTES, DELETE)
    source, notes, readme = (folder / name for name in (SOURCE, "NOTES.md", "README.md"))
    await get_to_the_diff(window)
    await reject_the_constant(window)
    await window.run_command("Notifications: Clear All Notifications")
    await window.close_tab("Proposal")
    assert git(folder, "status", "--porcelain") == ""

    before = await type_on(window, source, books)

    # What nobody has seen yet is shown first, with what was decided of it before.
    await window.run_command("Steward: Apply")
    await expect(window.tab("Proposal")).to_be_visible()
    await expect(summary(window)).to_contain_text("3 of 4 hunks kept, 1 comment")
    assert text_of(source)() == before
    await window.press_button("Apply", question="unchanged hunk still holds")
    await becomes(text_of(source), before.replace(WRONG, RIGHT))
    await becomes(lambda: (notes.exists(), readme.exists()), (True, False))
    await becomes(lambda: COMMENT in str(results_in(model.exchanges[-1].body)), True)

    await window.open_file(SOURCE)
    await window.type_at_the_end(f"\n{LATER}")
    await window.save()
    await window.run_command("Steward: Restore to Before a Run…")
    await window.choose(GOAL)
    await window.press_button("Apply", question="Undo: ")
    await becomes(text_of(source), f"{before}\n{LATER}")
    await becomes(lambda: (notes.exists(), readme.exists()), (False, True))
    await window.photograph("review-restored")


async def test_a_review_goes_by_keys_and_a_no_takes_its_comments_along(
    window: Window, folder: Path, model: ScriptedModel
) -> None:
    model.script = changing(CONSTANT, EDIT)
    await get_to_the_diff(window)
    await press_until(window, "Control+Backspace", it_says="1 of 2 hunks kept")
    await press_until(window, "Control+Enter", it_says="2 of 2 hunks kept")
    await window.page.keyboard.press("Alt+Enter")
    await window.answer_input(COMMENT)
    await expect(summary(window)).to_contain_text("1 comment")
    await window.run_command("Steward: Reject File")
    await expect(summary(window)).to_contain_text("0 of 2 hunks kept")
    await window.choose_from_title("Apply")
    await window.sees("every hunk is rejected, so there is nothing to apply")

    await window.choose_from_title("Discard")

    await becomes(lambda: COMMENT in str(results_in(model.exchanges[-1].body)), True)
    await expect(window.tab("Proposal")).to_have_count(0)
    await expect(summary(window)).to_have_count(0)
    assert git(folder, "status", "--porcelain") == ""
