"""In Neovim a proposal is gone through hunk by hunk, and what landed is found and acted upon."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.replies import always, say
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import (
    GOAL,
    answer,
    changing,
    open_question,
    open_world,
    our_config,
    text_of,
)
from tests.flows.scripts import results_in

pytestmark = [pytest.mark.editor, pytest.mark.timeout(120)]

EDIT = {"do": "edit", "path": SOURCE, "old_text": WRONG, "new_text": RIGHT}
CONSTANT = {"do": "edit", "path": SOURCE, "old_text": "= 495", "new_text": "= 500"}
HIDDEN = {"do": "create", "path": "NOTES.md", "text": "Fixed.\u202e\nTwice.\n"}
REASON = "The price stays."


@pytest.fixture
async def neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[Neovim]:
    """The workspace in Neovim, with a file open and Steward ready."""
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.open_file(workspace / SOURCE)
        await neovim.sees("$0.000000 today")
        yield neovim


async def test_hunks_are_left_out_and_spoken_of_and_what_landed_can_be_found_again(
    neovim: Neovim, workspace: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = changing(CONSTANT, EDIT, HIDDEN)
    before = (workspace / SOURCE).read_text()
    await neovim.command(f"Steward fix {GOAL}")
    await answer(neovim, "r", "Don't trust")
    await answer(neovim, "a", "Approve plan")
    await open_question(neovim, "Apply")
    await neovim.sees("3 of 3 hunks kept")
    await neovim.photograph("review_overview")
    assert "! This line holds a hidden character" in await neovim.screen()
    await leave_hunks_out(neovim)
    # Closed is not decided; what was said is still there, also of what is merged with one's edits.
    assert (workspace / SOURCE).read_text() == before
    await neovim.command(f"edit {SOURCE} | call append('$', '# mine') | write")
    before += "# mine\n"
    await neovim.until("vim.inspect(require('steward.questions').all()):find('merged with your')")
    await neovim.command("Steward questions")
    await neovim.sees("1 of 3 hunks kept")
    await neovim.photograph("review_decided")
    await neovim.type("a")

    await neovim.is_told("1 of 3 hunks are kept.")
    await neovim.is_told("the run finished")
    assert (workspace / SOURCE).read_text() == before.replace(WRONG, RIGHT)
    assert not (workspace / "NOTES.md").exists()
    assert (
        f"{SOURCE} @@ -3,1 +3,1 @@: {REASON}" in results_in(scripted_model.exchanges[-1].body)[-1]
    )

    await neovim.type("ggO# above it<Esc>")
    await neovim.command("Steward changes")
    line = before[: before.index(WRONG)].count("\n") + 2
    place = "function(e) return { e.lnum, vim.fn.bufname(e.bufnr) } end"
    listed = f"vim.tbl_map({place}, vim.fn.getqflist())"
    await neovim.until("#vim.fn.getqflist() > 0")
    assert await neovim.lua(f"return {listed}") == [[line, SOURCE]]
    await neovim.photograph("quickfix")
    await neovim.command("cclose | edit!")
    await act_on_the_run(neovim)
    scripted_model.script = always(say("Include the threshold\n\nIt was left out."))
    await write_a_commit_message(neovim)


async def write_a_commit_message(neovim: Neovim) -> None:
    """Have it written where a commit is being made, and keep what stands there."""
    await neovim.command("filetype plugin off | tabnew")
    await neovim.lua(
        "vim.api.nvim_buf_set_lines(0, 0, -1, false, { '', '# On branch main' });"
        " vim.bo.filetype = 'gitcommit'"
    )
    await neovim.command("Steward commit")
    await neovim.sees("It was left out.")
    message = "Include the threshold\n\nIt was left out.\n\n# On branch main"
    assert await text_of(neovim) == message


async def leave_hunks_out(neovim: Neovim) -> None:
    """Leave one out and say why, look at it side by side, leave a file out, and close it all."""
    await neovim.type("gg/^+.*= 500<CR>x")
    await neovim.sees("2 of 3 hunks kept")
    await neovim.type("c")
    await neovim.sees("The agent is told of this hunk:")
    await neovim.type(f"{REASON}<CR>")
    await neovim.sees(f"[left out]  {REASON}")
    await neovim.type("<CR>")
    await neovim.sees(f"{SOURCE} proposed")
    await neovim.sees(f"[left out]  {REASON}")
    await neovim.photograph("review_side_by_side")
    await neovim.type("q")
    await neovim.sees_no_more(f"{SOURCE} proposed")
    await neovim.type("/NOTES<CR>X")
    await neovim.sees("1 of 3 hunks kept")
    await neovim.type("q")
    await neovim.sees_no_more("1 of 3 hunks kept")


async def act_on_the_run(neovim: Neovim) -> None:
    """Find the run in the list, and what can be done with it."""
    status = await neovim.lua("return require('steward').statusline()")
    assert "today" in status
    await neovim.command("Steward runs")
    await neovim.sees(f"- {GOAL}")
    await neovim.lua(
        "vim.ui.select = function(items, options, done) "
        "_G.rows = vim.tbl_map(options.format_item, items); done(items[1]) end"
    )
    await neovim.type("3G<CR>")
    await neovim.sees(f"Run of Fix: {GOAL}")
    rows = await neovim.lua("return _G.rows")
    assert "Restore to before it; what came later stays" in rows
    assert json.dumps(rows).count("Cancel") == 0
