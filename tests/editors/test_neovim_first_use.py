"""The first hour with Steward in Neovim, from the folder's first question to an undo."""

from pathlib import Path

import pytest

from demo.replies import JsonObject, Reply, say
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.left_running import servers
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import (
    GOAL,
    answer,
    branches,
    changing,
    is_asked,
    open_question,
    open_world,
    our_config,
    text_of,
)
from tests.flows.scripts import results_in, task_of
from tests.jailed import until

pytestmark = [pytest.mark.editor, pytest.mark.timeout(150)]

EDIT = {"do": "edit", "path": SOURCE, "old_text": WRONG, "new_text": RIGHT}
CONSTANT = {"do": "edit", "path": SOURCE, "old_text": "= 495", "new_text": "= 500"}
COMMENT = "The price stays."
ANSWERED = "It forgets the threshold itself."
TOLD_BY_STATUS = "vim.o.statusline = '%{%v:lua.require(\"steward\").statusline()%}'"


def script(request: JsonObject) -> Reply:
    """Answers in the chat, else a plan and two edits; ghost text as the demo has it."""
    known = task_of(request) in ("plan", "agent", "completion")
    return changing(CONSTANT, EDIT)(request) if known else say(ANSWERED)


async def test_from_the_first_question_to_the_undo_nothing_happens_unasked(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = script
    source = workspace / SOURCE
    before = source.read_text("utf-8")
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.lua(f"{TOLD_BY_STATUS}; vim.o.laststatus = 3")
        await neovim.open_file(workspace / "shop/basket.py")
        await neovim.sees("$0.000000 today")
        await trust(neovim)
        await take_ghost_text(neovim)
        await neovim.open_file(source)
        await chat(neovim)
        await approve_the_plan(neovim)
        assert source.read_text("utf-8") == before
        await review(neovim)
        await neovim.is_told("the run finished")
        await stands_in_the_plan(neovim, "[x] 1. Tidy up the shop")
        assert source.read_text("utf-8") == before.replace(WRONG, RIGHT)
        assert COMMENT in results_in(scripted_model.exchanges[-1].body)[-1]
        await restore(neovim)
        assert source.read_text("utf-8") == before
        assert branches(workspace) == []
        assert any("steward lsp" in each for each in servers(tmp_path / "data"))
    await until(lambda: servers(tmp_path / "data") == [])


async def trust(neovim: Neovim) -> None:
    """Read what trust would mean, and say yes."""
    await neovim.command("Steward trust")
    await is_asked(neovim, "Trust this folder")
    await neovim.photograph("first_1_trust")
    await answer(neovim, "a", "Trust this folder")
    await neovim.is_told("you trust this folder")


async def take_ghost_text(neovim: Neovim) -> None:
    """Take a suggestion, and take it back."""
    await neovim.type("Go<Esc>zto    def item_count(self) -> int:<CR>")
    await neovim.sees("return sum(line.quantity for line in self.lines)")
    await neovim.photograph("first_2_ghost_text")
    await neovim.type("<Tab><Esc>")
    await neovim.until("vim.fn.getline('.'):find('sum(line.quantity', 1, true)")
    await neovim.command("silent undo 0 | write")


async def chat(neovim: Neovim) -> None:
    """Ask a model about the file."""
    await neovim.command("%Steward chat What is wrong here?")
    await neovim.sees(ANSWERED)
    await neovim.photograph("first_3_chat")
    await neovim.type("q")
    await neovim.sees_no_more(ANSWERED)


async def approve_the_plan(neovim: Neovim) -> None:
    """Look at the order of its steps, approve it, and follow it."""
    await neovim.command(f"Steward fix {GOAL}")
    await open_question(neovim, "Approve plan")
    await neovim.photograph("first_4_plan")
    await neovim.type("o")
    await neovim.sees("take lines out; :w asks again with this order")
    assert await text_of(neovim) == "1  Tidy up the shop  (change_files)"
    await neovim.command("quit!")
    await answer(neovim, "a", "Approve plan")
    await neovim.sees("1 question")
    await neovim.command("Steward plan")
    # Not on the screen: the proposal may be announced over it by now.
    await stands_in_the_plan(neovim, "[>] 1. Tidy up the shop (change_files)")
    await neovim.photograph("first_5_progress")


async def stands_in_the_plan(neovim: Neovim, text: str) -> None:
    """Wait until the page that follows the plan says so."""
    page = "vim.fn.getbufline(vim.fn.bufnr('steward://plan-of'), 1, '$')"
    await neovim.until(f"table.concat({page}, '\\n'):find('{text}', 1, true)")


async def review(neovim: Neovim) -> None:
    """Leave a hunk out, say why, and apply the rest."""
    await open_question(neovim, "Apply")
    await neovim.sees("2 of 2 hunks kept")
    await neovim.type("c")
    await neovim.sees("The agent is told of this hunk:")
    await neovim.type(f"{COMMENT}<CR>")
    await neovim.sees(f"[kept]  {COMMENT}")
    await neovim.type("x")
    await neovim.sees("1 of 2 hunks kept")
    await neovim.photograph("first_6_review")
    await neovim.type("a")


async def restore(neovim: Neovim) -> None:
    """Restore to before the run, from the list of runs."""
    await neovim.lua(
        "vim.ui.select = function(items, options, done) "
        "for _, item in ipairs(items) do "
        "if options.format_item(item):find(_G.pick, 1, true) then return done(item) end "
        "end end; _G.pick = 'Restore to before it'"
    )
    await neovim.command("quit | Steward runs")
    await neovim.sees(f"- {GOAL}")
    await neovim.type("3G<CR>")
    await answer(neovim, "a", "Apply")
    await neovim.is_told("Undone.")
    await neovim.command("Steward changes")
    await neovim.is_told("no agent changed anything here that is not undone.")
