"""Whole files in VS Code: created, renamed and deleted together with edits, or not at all."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.script import RIGHT, SOURCE
from demo.scripted_model import ScriptedModel
from tests.editors.stories import EDIT, PLAN, ask_for_the_fix, becomes, changing, get_to_the_diff
from tests.editors.vscode import Window
from tests.environment import git
from tests.flows.books import Books

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

MINE = "# my own line"
TAX = "RATE = 19\n"
CREATE = {"do": "create", "path": "shop/new/tax.py", "text": TAX}
RENAME = {"do": "rename", "path": "shop/basket.py", "new_path": "shop/cart/basket.py"}
DELETE = {"do": "delete", "path": "README.md"}
ASKED = "Change 4 files"


async def test_several_files_change_as_one_as_the_diff_said_and_one_undo_brings_them_back(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    model.script = changing(EDIT, CREATE, RENAME, DELETE)
    await window.open_file("shop/basket.py")
    await window.type_at_the_end(MINE)
    await get_to_the_diff(window)
    basket = (folder / "shop/basket.py").read_bytes()

    await expect(window.tab("Proposal: 1 new, 1 changed, 1 renamed, 1 deleted")).to_be_visible()
    for told in (
        f"changed {SOURCE}",
        "new shop/new/tax.py",
        "renamed shop/basket.py → shop/cart/basket.py",
        "deleted README.md",
    ):
        await expect(window.toast(ASKED)).to_contain_text(told)
    await window.photograph("files")
    assert git(folder, "status", "--porcelain") == ""

    await window.press_button("Apply", question=ASKED)

    await becomes(lambda: [row["state"] for row in books.proposals()], ["applied"])
    wanted = [
        "?? shop/cart/basket.py",
        "?? shop/new/tax.py",
        "D README.md",
        "D shop/basket.py",
        f"M {SOURCE}",
    ]
    # What was saved before is saved a moment later.
    await becomes(lambda: changed_in(folder), wanted)
    assert RIGHT in (folder / SOURCE).read_text("utf-8")
    assert (folder / "shop/new/tax.py").read_text("utf-8") == TAX
    # What was not saved before is not saved now, and has moved with its file.
    assert (folder / "shop/cart/basket.py").read_bytes() == basket
    await window.open_file("shop/cart/basket.py")
    await window.sees(MINE)
    await window.photograph("files-applied")

    await window.open_file(SOURCE)
    await window.undo()

    # All of it was one step. The edited text is back in the editor, and not saved.
    await becomes(lambda: git(folder, "status", "--porcelain").strip(), f"M {SOURCE}")
    assert (folder / "shop/basket.py").read_bytes() == basket


def changed_in(folder: Path) -> list[str]:
    """What git finds changed: a letter and a path each."""
    status = git(folder, "status", "--porcelain", "--untracked-files=all")
    return sorted(line.strip() for line in status.split("\n"))


async def test_where_one_change_cannot_be_made_the_others_are_undone(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    create = {**CREATE, "path": "shop/other/tax.py"}
    rename = {**RENAME, "new_path": "shop/blocked/basket.py"}
    model.script = changing(EDIT, create, rename, DELETE)
    await get_to_the_diff(window)
    # Where a folder would have to be is a file now.
    (folder / "shop/blocked").write_text("", "utf-8")

    await window.press_button("Apply", question=ASKED)

    await window.sees("could not make all of its changes. Nothing was changed")
    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])
    assert git(folder, "status", "--porcelain", "--untracked-files=all") == "?? shop/blocked"
    assert not (folder / "shop/other").exists()
    await expect(window.page.locator(".tab.dirty")).to_have_count(0)


async def test_a_file_with_unsaved_work_is_not_deleted(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    model.script = changing({"do": "delete", "path": "shop/basket.py"}, EDIT)
    await window.open_file("shop/basket.py")
    await window.type_at_the_end(MINE)
    before = git(folder, "status", "--porcelain")

    await ask_for_the_fix(window)
    await window.press_button("Approve plan", question=PLAN)

    await window.sees("shop/basket.py has unsaved changes, which would be lost")
    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])
    assert git(folder, "status", "--porcelain") == before
