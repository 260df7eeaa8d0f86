"""A server that is killed under a running Neovim takes nothing with it."""

from pathlib import Path

import pytest

from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.neovim_stories import (
    answer,
    ask_for_the_edit,
    is_asked,
    open_question,
    open_world,
    our_config,
    text_of,
    trust_the_folder,
)

pytestmark = [pytest.mark.editor, pytest.mark.timeout(120)]


async def test_a_killed_server_comes_back_with_its_question_and_knows_what_was_typed_meanwhile(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.open_file(workspace / "tests/test_basket.py")
        await neovim.sees("$0.000000 today")
        await trust_the_folder(neovim)
        await ask_for_the_edit(neovim)
        await neovim.open_file(workspace / "shop/basket.py")
        await neovim.lua(
            """
            _G.before = vim.lsp.get_clients({ name = 'steward' })[1].id
            vim.api.nvim_buf_set_lines(0, -1, -1, false, { '# my own line' })
            for _, pid in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
              vim.uv.kill(pid, 'sigkill')
            end
            """
        )

        await neovim.is_told("the server ended by itself and is started again")
        clients = "vim.lsp.get_clients({ name = 'steward', bufnr = 0 })"
        await neovim.until(f"#{clients} == 1 and {clients}[1].id ~= before")
        await is_asked(neovim, "Apply")
        assert WRONG in (workspace / SOURCE).read_text("utf-8")
        await answer(neovim, "a", "Apply")
        await open_question(neovim, "Allow once")
        assert RIGHT in (workspace / SOURCE).read_text("utf-8")
        # The new server has the text that nobody saved.
        await neovim.sees("It sees these unsaved documents as you have them: shop/basket.py.")
        assert (await text_of(neovim, "shop/basket.py")).endswith("# my own line")
        assert await neovim.lua("return #vim.lsp.get_clients({ name = 'steward' })") == 1
