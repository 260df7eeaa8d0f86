"""In Neovim a person says what they think of an answer."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import pytest

from demo.replies import Reply, always
from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import open_world, our_config

pytestmark = [pytest.mark.editor, pytest.mark.timeout(120)]


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


async def test_what_somebody_says_of_an_answer_is_kept(
    neovim: Neovim, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    words = await neovim.lua("return require('steward.commands').complete('', 'Steward feedback ')")
    assert words == ["answer", "run", "suggestion"]
    await neovim.lua(
        "vim.ui.select = function(items, _, done) done(items[2]) end "
        "vim.ui.input = function(_, done) done('It is red.') end"
    )
    await neovim.command("Steward feedback answer")
    await neovim.is_told("no conversation with an answer is open.")
    scripted_model.script = always(Reply(pieces=("Paint ", "it blue.")))
    await neovim.command("Steward chat Which colour?")
    await neovim.sees("Which colour?")
    await neovim.type("<C-s>")
    await neovim.sees("Paint it blue.")
    await neovim.until("require('steward.chat.conversation').messages()[2].state == 'finished'")
    await neovim.command("Steward feedback answer")
    await neovim.is_told("kept that the answer was bad.")
    (file,) = tmp_path.rglob("steward.db")
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT about, is_good, comment, model FROM feedback").fetchall()
    assert [row[:3] for row in rows] == [("answer", 0, "It is red.")]
    assert rows[0][3] != ""
