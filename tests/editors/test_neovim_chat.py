"""A person talks with a model in Neovim: it streams, is stopped, and its code is used."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.replies import Reply, Stall, always
from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import answer, is_asked, open_world, our_config, text_of
from tests.flows.scripts import everything_in

pytestmark = [pytest.mark.editor, pytest.mark.timeout(120)]

CODE = "```python shop/free.py\nFREE = 0\n```"
OTHER = "~~~~\ntwo\n~~~\nlines\n~~~~"
ANSWER = f"Like **this**:\n\n{CODE}\n\nAnd then:\n\n{OTHER}\n"
PIECES = tuple(ANSWER[at : at + 5] for at in range(0, len(ANSWER), 5))
CONVERSATION = "steward://chat/conversation"


@pytest.fixture
async def neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[Neovim]:
    """The workspace in Neovim, with a file open and Steward ready."""
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.command("filetype plugin off")  # Debian's Neovim has no grammar for Markdown.
        await neovim.open_file(workspace / "shop/delivery.py")
        await neovim.sees("$0.000000 today")
        yield neovim


async def test_an_answer_streams_is_stopped_and_outlives_the_server_and_its_code_is_taken_over(
    neovim: Neovim, workspace: Path, scripted_model: ScriptedModel
) -> None:
    (workspace / ".gitignore").write_text(".env\n")
    (workspace / ".env").write_text("TOKEN=heron-4471\n")
    await ask_with_mentions(neovim, scripted_model)
    await take_the_code(neovim, workspace)
    await stop_an_answer(neovim, scripted_model)
    await kill_the_server(neovim, scripted_model)
    await find_export_and_delete(neovim)
    errors = [told for told in await neovim.shown() if "rror executing" in told]
    assert json.dumps(errors) == "[]"


async def ask_with_mentions(neovim: Neovim, scripted_model: ScriptedModel) -> None:
    """Ask about lines, a file that is offered, and one that no model may see."""
    names = await neovim.lua("return require('steward.commands').complete('', 'Steward chat ')")
    assert {"delete", "export", "history", "mode", "new", "stop"} <= set(names)
    scripted_model.script = always(Reply(pieces=PIECES, piece_delay_s=0.002))
    await neovim.command("3,4Steward chat")
    await neovim.sees("@shop/delivery.py:3-4")
    await neovim.type("How? @")
    await neovim.until("vim.fn.pumvisible() == 1")
    await neovim.type("shop/b")
    await neovim.until("#vim.fn.complete_info().items == 1")
    await neovim.photograph("chat_mention")
    await neovim.type("<C-n><C-y> and @.env <C-s>")
    await neovim.until(f"table.concat(vim.fn.getbufline('{CONVERSATION}', 1, '$')):find('lines')")
    shown = await neovim.sees("left out: .env, ")
    await neovim.photograph("chat")
    assert "with shop/delivery.py:3-4, shop/basket.py" in shown
    text = await text_of(neovim, CONVERSATION)
    assert ANSWER.rstrip("\n") in text
    asked = everything_in(scripted_model.exchanges[-1].body)
    assert "DELIVERY_PENCE" in asked
    # The rest of the file is beside the chat, and nobody pointed at it.
    assert "def delivery_pence" not in asked
    assert "heron-4471" not in asked
    assert await neovim.lua("return vim.fn.getbufline('steward://chat/prompt', 1, '$')") == [""]


async def take_the_code(neovim: Neovim, workspace: Path) -> None:
    """Yank one block of the answer, and put another into the file."""
    await neovim.type("<Esc><C-w>k/FREE = 0<CR>gy")
    await neovim.until("vim.fn.getreg('\"') == 'FREE = 0\\n'")
    await neovim.type("/two<CR>gp")
    await neovim.until("vim.fn.expand('%:t') == 'delivery.py'")
    assert "two\n~~~\nlines" in await text_of(neovim)
    assert "two" not in (workspace / "shop/delivery.py").read_text("utf-8")
    await neovim.type("u")

    await neovim.type("<C-w>l/FREE = 0<CR>ga")
    await is_asked(neovim, "Apply")
    assert not (workspace / "shop/free.py").exists()
    await answer(neovim, "a", "Apply")
    await neovim.is_told("Changed shop/free.py")
    assert (workspace / "shop/free.py").read_text("utf-8") == "FREE = 0\n"


async def stop_an_answer(neovim: Neovim, scripted_model: ScriptedModel) -> None:
    """Stop one that does not end; what cannot be sent meanwhile stays in the prompt."""
    scripted_model.script = always(Reply(pieces=("one ", "two "), fault=Stall(2)))
    await neovim.command("Steward chat And how long?")
    exchange = await scripted_model.arrived(2)
    await neovim.sees("one two")
    await neovim.sees("answering… <C-c> stops it")
    await neovim.command("Steward chat Meanwhile?")
    await neovim.is_told("an answer is under way; <C-c> stops it.")
    await neovim.photograph("chat_answering")
    await neovim.type("<C-c>")
    await neovim.sees("stopped · Stopped by you.")
    await exchange.closed_early()
    await neovim.sees("Meanwhile?")  # What could not be sent is not lost.


async def kill_the_server(neovim: Neovim, scripted_model: ScriptedModel) -> None:
    """Kill it in the middle of an answer, which says so afterwards."""
    scripted_model.script = always(Reply(pieces=("three ",), fault=Stall(1)))
    await neovim.type("<CR>")
    await neovim.sees("three")
    await neovim.lua(
        "for _, pid in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do "
        "vim.uv.kill(pid, 'sigkill') end"
    )
    await neovim.is_told("the server ended by itself and is started again")
    await neovim.sees("Steward ended while it answered")
    await neovim.photograph("chat_after_a_kill")


async def find_export_and_delete(neovim: Neovim) -> None:
    """Begin anew, find the conversation before, export and delete it."""
    await neovim.lua(
        "vim.ui.select = function(items, options, done) "
        "_G.row = (options.format_item or tostring)(items[#items]); done(items[#items]) end"
    )
    await neovim.command("Steward chat new")
    await neovim.sees("New chat")
    assert "one two" not in await text_of(neovim, CONVERSATION)
    await neovim.command("stopinsert | Steward chat history")
    await neovim.sees("one two")
    assert "6 messages" in await neovim.lua("return _G.row")
    await neovim.command("Steward chat export")
    await neovim.until("vim.fn.tabpagenr('$') == 2")
    assert ANSWER.rstrip("\n") in await text_of(neovim)
    await neovim.command("bwipeout! | Steward chat delete")
    await neovim.sees("New chat")
    assert await neovim.lua("return _G.row") == "Delete it"
    await neovim.command("Steward chat history")
    await neovim.is_told("there is no conversation yet.")
