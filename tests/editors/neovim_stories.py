"""What the Neovim stories have in common: how it is set up, the agent's errand, and answers."""

import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from demo.replies import JsonObject, Reply, Script, call, say
from demo.script import RIGHT
from tests.editors.neovim import Neovim, open_neovim
from tests.editors.presence import NEOVIM, require
from tests.environment import ROOT, git, steward_environment
from tests.flows.scripts import after_plan, task_of
from tests.template import up_to_date

PLUGIN = ROOT / "clients" / "neovim"
SERVER = (sys.executable, "-m", "steward", "lsp")
PLAN = "Plan of the agent Fix"
LAST_OF_PLAN = "listed is another plan."
GOAL = "Make the failing test pass"

_OURS = """
vim.opt.rtp:prepend('{plugin}')
vim.o.laststatus = 2
vim.o.statusline = '%f [%{{%v:lua.require("steward").status()%}}]'
require('steward').setup {{
  cmd = {command}, accept_key = '<Tab>', accept_word_key = '<C-l>', accept_line_key = '<C-j>',
}}
"""
_STEP = {"title": "Tidy up the shop", "tool": "change_files", "detail": "All of it as one."}


@asynccontextmanager
async def open_world(
    folder: Path, workspace: Path, model_url: str, config: str
) -> AsyncGenerator[Neovim]:
    """The workspace in Neovim with this configuration, and a data folder of its own."""
    environment = steward_environment(folder / "data", model_url)
    up_to_date(folder / "data" / "steward.db")
    place = folder / "neovim"
    async with open_neovim(require(NEOVIM), place, workspace, environment, config) as neovim:
        yield neovim


def our_config(command: Sequence[str] = SERVER) -> str:
    """Neovim with our plugin, and this command as its server."""
    return _OURS.format(plugin=PLUGIN, command=lua_list(command))


def lua_list(words: Sequence[str]) -> str:
    """A list of strings in Lua."""
    return "{ " + ", ".join(json.dumps(word) for word in words) + " }"


def changing(*changes: JsonObject) -> Script:
    """The agent plans to change files, proposes these changes, and is done."""
    acting = after_plan(call("change_files", changes=list(changes)))

    def script(request: JsonObject) -> Reply:
        if task_of(request) == "plan":
            return say(json.dumps({"summary": "Tidy up.", "steps": [_STEP]}))
        return acting(request)

    return script


async def trust_the_folder(neovim: Neovim) -> None:
    """Say that commands may run in the folder, as it is asked once."""
    await neovim.command("Steward trust")
    await answer(neovim, "a", "Trust this folder")
    await neovim.is_told("you trust this folder")


async def ask_for_the_edit(neovim: Neovim) -> None:
    """Bring a run to the point where its diff is shown."""
    await neovim.command(f"Steward fix {GOAL}")
    await answer(neovim, "a", "Approve plan")
    await answer(neovim, "a", "Allow once")
    await neovim.sees(f"+    if {RIGHT}:")


async def answer(neovim: Neovim, key: str, choice: str) -> None:
    """Open the question that offers this choice, and press its key."""
    await open_question(neovim, choice, key)
    await neovim.type(key)
    await neovim.sees_no_more(f"{key} = {choice}")


async def open_question(neovim: Neovim, choice: str, key: str = "a") -> None:
    """Bring the question that offers this choice into view, cursor and all."""
    await is_asked(neovim, choice)
    await neovim.command("Steward questions")
    await neovim.sees(f"{key} = {choice}")


async def is_asked(neovim: Neovim, choice: str) -> None:
    """Wait for the question that offers this choice."""
    offered = f"title = {json.dumps(choice)}"
    questions = "vim.inspect(require('steward.questions').all())"
    await neovim.until(f"{questions}:find({json.dumps(offered)}, 1, true)")


async def approve_elsewhere(neovim: Neovim, choice: str) -> None:
    """Say yes to the question that offers this, as another window or the command line would."""
    await is_asked(neovim, choice)
    await neovim.lua(
        """
        local server = require('steward.server')
        server.execute('steward.questions', nil, function(open)
          local question = open[1]
          local answer = { id = question.id, digest = question.digest, choice = 'approve' }
          server.execute('steward.answer', answer)
        end)
        """
    )


async def text_of(neovim: Neovim, name: str = "%") -> str:
    """A buffer's text; the current one's."""
    lines = f"vim.fn.getbufline({json.dumps(name)}, 1, '$')"
    return await neovim.lua(f"return table.concat({lines}, '\\n')")


def branches(workspace: Path) -> list[str]:
    """The branches that Steward made."""
    listed = git(workspace, "for-each-ref", "--format=%(refname:short)", "refs/heads/steward")
    return listed.splitlines()
