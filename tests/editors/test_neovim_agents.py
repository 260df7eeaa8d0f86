"""What a person does with agents in Neovim: their plans, their grants, their runs, their files."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import (
    GOAL,
    LAST_OF_PLAN,
    answer,
    is_asked,
    open_question,
    open_world,
    our_config,
    text_of,
)
from tests.environment import git
from tests.flows.scripts import EDIT, TEST, after_plan, everything_in, task_of

pytestmark = [pytest.mark.editor, pytest.mark.timeout(120)]

PICK_NEXT = """
_G.picked = {}
vim.ui.select = function(items, options, done)
  local format = options.format_item or tostring
  local wanted = vim.tbl_filter(function(item)
    return format(item):find(_G.pick, 1, true)
  end, items)
  local item = wanted[1] or items[1]
  table.insert(_G.picked, format(item))
  done(item)
end
"""
"""A picker, as people have one; it takes what has `pick` in it, or else what comes first."""


@pytest.fixture
async def neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[Neovim]:
    """The workspace in Neovim, not trusted yet, with a file open and Steward ready."""
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.open_file(workspace / "shop/delivery.py")
        await neovim.sees("$0.000000 today")
        await neovim.lua(PICK_NEXT)
        yield neovim


async def picks(neovim: Neovim, what: str, command: str) -> None:
    """Run a command and pick from what it offers."""
    count = await neovim.lua(f"_G.pick = {json.dumps(what)}; return #_G.picked")
    await neovim.command(command)
    await neovim.until(f"#_G.picked > {count}")


async def test_a_plan_is_refused_with_a_reason_then_edited_and_then_gone_through(
    neovim: Neovim, workspace: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT)
    await picks(neovim, "fix (", "Steward agent")
    await neovim.sees("What should fix do?")
    assert "As it is meant to work" in (await neovim.lua("return _G.picked"))[-1]
    await neovim.type(f"{GOAL}<CR>")
    await answer(neovim, "r", "Don't trust")
    await neovim.sees(LAST_OF_PLAN)

    await open_question(neovim, "Approve plan")
    await neovim.type("R")
    await neovim.sees("Why not? The agent is told:")
    await neovim.type("<Esc>")
    await neovim.sees("R = No, with a reason")
    await neovim.type("R")
    await neovim.sees("Why not? The agent is told:")
    await neovim.type("Leave the tests alone.<CR>")
    await neovim.until("#require('steward.questions').all() == 0")
    await is_asked(neovim, "Approve plan")
    assert "Leave the tests alone." in everything_in(scripted_model.exchanges[-1].body)

    await open_question(neovim, "Approve plan")
    await neovim.type("e")
    await neovim.sees(":w asks again with this plan")
    plan = json.loads(await text_of(neovim))
    assert list(plan) == ["summary", "steps", "questions"]
    await neovim.command("%substitute/^{/{{/ | write")
    await neovim.is_told("nothing was sent, the plan cannot be read")
    assert await neovim.lua("return vim.bo.modified") is True
    edit = {"title": "Only this", "tool": "edit_file", "detail": "", "files": ["shop/*"]}
    text = json.dumps({"summary": "Only the shop.", "steps": [edit]})
    await neovim.lua(f"vim.api.nvim_buf_set_lines(0, 0, -1, false, {{ {json.dumps(text)} }})")
    await neovim.command("write")
    screen = await neovim.sees("Files: `shop/*`")
    assert "Only the shop." in screen
    assert "`commit`" not in screen
    assert "steward://plan" not in await neovim.lua("return vim.fn.execute('ls')")

    await answer(neovim, "s", "Step by step")
    await answer(neovim, "r", "Deny")
    await neovim.is_told("the run finished")
    assert len([each for each in scripted_model.exchanges if task_of(each.body) == "plan"]) == 2
    assert git(workspace, "status", "--porcelain") == ""


async def test_a_yes_for_the_run_counts_until_it_is_taken_back_and_the_run_is_ended_and_resumed(
    neovim: Neovim, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(TEST, TEST, EDIT, TEST)
    await neovim.command(f"Steward agent fix mode=normal {GOAL}")
    assert "its tests: each is asked about" in await neovim.sees("Do you trust the files")
    await answer(neovim, "a", "Trust this folder")
    await answer(neovim, "a", "Approve plan")
    await open_question(neovim, "Allow for this run", "g")
    assert "g also covers, until the run ends: run_tests" in await neovim.screen()
    await neovim.type("g")
    await is_asked(neovim, "Apply")

    await neovim.command("Steward grants")
    await neovim.sees("(in force, ")
    await neovim.type("q")
    await picks(neovim, "run_tests", "Steward revoke")
    await neovim.is_told("is asked about again.")
    await answer(neovim, "a", "Apply")
    await is_asked(neovim, "Allow once")

    await picks(neovim, GOAL, "Steward cancel")
    await neovim.is_told("the run is cancelled. What was landed stays.")
    await neovim.until("#require('steward.questions').all() == 0")
    await picks(neovim, GOAL, "Steward resume")
    await neovim.is_told("the run goes on")
    await answer(neovim, "a", "Allow once")
    await neovim.is_told("the run finished")
    for word, text in {"sent": "Sent in the run", "trace": f"Run of Fix: {GOAL}"}.items():
        await picks(neovim, GOAL, f"Steward {word}")
        await neovim.sees(text)
        await neovim.type("q")
        await neovim.sees_no_more(text)
    await neovim.command("checkhealth steward")
    await neovim.sees("trust: you trust")
    assert "jail for commands: " in await neovim.screen()


async def test_an_agent_is_written_in_the_editor_and_found_once_the_folder_is_trusted(
    neovim: Neovim, workspace: Path
) -> None:
    await neovim.command("filetype plugin off")  # Debian's Neovim has no grammar for Markdown.
    complete = "require('steward.commands').complete"
    names = await neovim.lua(f"return {complete}('', 'Steward agent ')")
    assert {"explain", "fix", "list", "new", "show"} <= set(names)
    assert "paint" not in names
    await neovim.command("Steward agent new paint")
    await neovim.until("vim.fn.expand('%:t') == 'paint.md'")
    path = workspace / ".steward/agents/paint.md"
    assert not path.exists()
    await neovim.command("write")
    assert path.read_text("utf-8") == await text_of(neovim) + "\n"
    told = "vim.inspect(vim.diagnostic.get(0))"
    await neovim.until(f"{told}:find('do not trust this folder', 1, true)")
    await neovim.type("ggonmae: x<Esc>")
    await neovim.until(f"{told}:find('no field `nmae`', 1, true)")
    await neovim.command("undo | write")

    await neovim.command("Steward trust")
    await answer(neovim, "a", "Trust this folder")
    await neovim.is_told("you trust this folder")
    assert await neovim.lua(f"return {complete}('pa', 'Steward agent pa')") == ["paint"]
    modes = await neovim.lua(f"return {complete}('', 'Steward agent paint ')")
    assert modes == ["mode=analysis_only", "mode=dry_run", "mode=step"]
    await neovim.command("Steward agent list")
    await neovim.sees("# Agents")
    await neovim.type("G")
    await neovim.sees("- paint (of this folder): Says in a sentence")
    await neovim.command("Steward agent show paint")
    await neovim.sees("name: Paint")
