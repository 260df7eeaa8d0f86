"""In Neovim a person keeps some of a proposal, asks why a line is there, and undoes a run."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import (
    GOAL,
    answer,
    changing,
    is_asked,
    open_world,
    our_config,
)
from tests.flows.scripts import results_in

pytestmark = [pytest.mark.editor, pytest.mark.timeout(120)]

EDIT = {"do": "edit", "path": SOURCE, "old_text": WRONG, "new_text": RIGHT}
CONSTANT = {"do": "edit", "path": SOURCE, "old_text": "= 495", "new_text": "= 500"}
NOTES = {"do": "create", "path": "NOTES.md", "text": "Fixed.\n"}
REASON = "The price stays."

PICK_IN_TURN = """
_G.offered = {}
vim.ui.select = function(items, options, done)
  local format = options.format_item or tostring
  local wanted = table.remove(_G.picks, 1)
  local rows = vim.tbl_map(format, items)
  table.insert(_G.offered, options.prompt .. ' ' .. table.concat(rows, ' | '))
  for index, row in ipairs(rows) do
    if wanted and row:find(wanted, 1, true) then
      return done(items[index])
    end
  end
end
"""
"""A picker, as people have one; it takes what has the next of `picks` in it, or is closed."""


@pytest.fixture
async def neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[Neovim]:
    """The workspace in Neovim, with a file open and Steward ready."""
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.open_file(workspace / SOURCE)
        await neovim.sees("$0.000000 today")
        await neovim.lua(PICK_IN_TURN)
        yield neovim


async def picks(neovim: Neovim, command: str, *rows: str) -> None:
    """Run a command and pick these rows, one after the other, from what it offers."""
    await neovim.lua(f"_G.picks = vim.json.decode({json.dumps(json.dumps(rows))})")
    await neovim.command(command)
    await neovim.until("#_G.picks == 0")


async def reads(neovim: Neovim, command: str, text: str) -> None:
    """Run a command, find this on its page, and close that."""
    await neovim.command(command)
    await neovim.sees(text)
    await neovim.type("q")
    await neovim.sees_no_more(text)


async def test_some_is_kept_then_its_line_says_why_and_the_run_is_undone_and_done_again(
    neovim: Neovim, workspace: Path, scripted_model: ScriptedModel
) -> None:
    (workspace / "AGENTS.md").write_text("Prices are in cents.", "utf-8")
    scripted_model.script = changing(CONSTANT, EDIT, NOTES)
    before = (workspace / SOURCE).read_text()
    await neovim.command(f"Steward fix {GOAL}")
    await answer(neovim, "r", "Don't trust")
    await answer(neovim, "a", "Approve plan")
    await is_asked(neovim, "Apply")

    await picks(neovim, "Steward keep", "= 495", "NOTES.md", "NOTES.md", "nothing of that")
    offered = await neovim.lua("return _G.offered[#_G.offered]")
    assert ("[ ] shop" in offered, "[x] NOTES.md" in offered) == (True, True)
    # Closed without an answer: nothing is decided, and a new choice begins with every tick.
    assert (workspace / SOURCE).read_text() == before
    await picks(neovim, "Steward keep", "= 495", "NOTES.md", "Keep what is ticked")
    await neovim.sees("Why not the rest?")
    await neovim.type(f"{REASON}<CR>")
    await neovim.is_told("1 of 3 hunks are kept.")
    await neovim.is_told("the run finished")
    after = before.replace(WRONG, RIGHT)
    assert (workspace / SOURCE).read_text() == after
    assert not (workspace / "NOTES.md").exists()
    assert REASON in results_in(scripted_model.exchanges[-1].body)[-1]

    line = before[: before.index(WRONG)].count("\n") + 1
    await reads(neovim, f"{line}Steward why", f"Goal: {GOAL}")
    await neovim.command(f"{line}")
    action = "filter = function(action) return action.title:find('why is this line') end"
    await reads(
        neovim, f"lua vim.lsp.buf.code_action({{ apply = true, {action} }})", "# Why `shop/"
    )
    await reads(neovim, "Steward instructions", "`AGENTS.md`")
    await reads(neovim, "Steward mcp", "There are none.")
    await reads(neovim, "Steward runs", "% of its room")

    await picks(neovim, "Steward undo", GOAL)
    await answer(neovim, "a", "Apply")
    await neovim.is_told("Undone")
    assert (workspace / SOURCE).read_text() == before
    await picks(neovim, "Steward redo", GOAL)
    await answer(neovim, "a", "Apply")
    await neovim.is_told("Done again")
    assert (workspace / SOURCE).read_text() == after
    await reads(neovim, "Steward changes list", "- Redo: ")
