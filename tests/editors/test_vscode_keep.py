"""In VS Code a person types on while a diff is open, and keeps some of what is proposed."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.stories import EDIT, becomes, changing, get_to_the_diff
from tests.editors.vscode import Window
from tests.flows.books import Books
from tests.flows.scripts import results_in

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

CONSTANT = {"do": "edit", "path": SOURCE, "old_text": "= 495", "new_text": "= 500"}
NOTES = {"do": "create", "path": "NOTES.md", "text": "Fixed.\n"}
MERGED = "merged with your edits"
MINE = "# I typed this meanwhile."
REASON = "The price stays."


async def test_what_is_typed_meanwhile_is_merged_and_what_stays_ticked_lands(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    model.script = changing(CONSTANT, EDIT, NOTES)
    await get_to_the_diff(window)
    await window.open_file(SOURCE)
    await window.type_at_the_end(MINE)
    await window.save()
    # Who types is only told; the diff comes when they want it.
    await expect(window.toast(MERGED).first).to_be_visible()
    await window.run_command("Steward: Keep Some…")
    await window.button("Keep Some…", question=MERGED).wait_for()
    await window.press_button("Keep Some…", question=MERGED)
    rows = window.page.locator(".quick-input-list .monaco-list-row")
    ticked = rows.locator("input[type=checkbox]:checked, .monaco-checkbox.checked")
    await expect(ticked).to_have_count(3)
    await window.photograph("keep-some")
    await rows.filter(has_text="= 500").click()
    await rows.filter(has_text="new file").click()
    await expect(ticked).to_have_count(1)
    await window.page.keyboard.press("Enter")
    await window.answer_input(REASON)

    before = (folder / SOURCE).read_text()
    assert before.endswith(MINE)
    await becomes((folder / SOURCE).read_text, before.replace(WRONG, RIGHT))
    await becomes(
        lambda: [row["state"] for row in books.proposals()], ["stale", "refused", "applied"]
    )
    assert not (folder / "NOTES.md").exists()
    await becomes(lambda: REASON in results_in(model.exchanges[-1].body)[-1], True)
