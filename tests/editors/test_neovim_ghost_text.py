"""Ghost text in Neovim: it follows the typing, is taken whole or in part, and says why none."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.replies import Reply, Stall, always, in_order, say
from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import open_world, our_config, text_of

pytestmark = [pytest.mark.editor, pytest.mark.timeout(150)]

TYPED = "Go<Esc>zto    def item_count(self) -> int:<CR>"
ONE_LINE = "return sum(line.quantity for line in self.lines)"
LOOP = """\
total = 0
        for line in self.lines:
            total += line.quantity
        return total"""


@pytest.fixture
async def neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[Neovim]:
    """A file of the workspace in Neovim, with Steward ready."""
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.open_file(workspace / "shop/basket.py")
        await neovim.sees("$0.000000 today")
        yield neovim


async def test_a_suggestion_follows_what_is_typed_and_is_taken_at_the_cursor(
    neovim: Neovim, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(say(ONE_LINE), Reply(fault=Stall()))
    await neovim.type(TYPED)
    await neovim.sees(ONE_LINE)

    # All before Neovim's own timer: what is taken is what is left, where the cursor is by then.
    await neovim.type("return su<Tab>")

    await neovim.until(f"vim.trim(vim.fn.getline('.')) == '{ONE_LINE}'")
    assert len(scripted_model.exchanges) == 1
    await neovim.type("<Esc>u")
    await neovim.until("vim.trim(vim.fn.getline('.')) == 'return su'")


async def test_what_disagrees_with_the_typing_leaves_the_screen_at_once(
    neovim: Neovim, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(say(ONE_LINE), Reply(fault=Stall()))
    await neovim.type(TYPED)
    await neovim.sees(ONE_LINE)

    await neovim.type("r = 1")

    await neovim.until("vim.fn.getline('.'):find('r = 1', 1, true)")
    assert "line.quantity" not in await neovim.screen()


async def test_a_suggestion_is_taken_word_by_word_and_line_by_line_for_one_call(
    neovim: Neovim, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(say(LOOP), Reply(fault=Stall()))
    await neovim.type(TYPED)
    await neovim.sees("return total")
    for line in ("total", "total =", "total = 0"):
        await neovim.type("<C-l>")
        await neovim.until(f"vim.trim(vim.fn.getline('.')) == '{line}'")
        assert "return total" in await neovim.screen()

    await neovim.type("<C-j>")
    await neovim.until("vim.fn.getline('.') == '        for line in self.lines:'")
    assert "return total" in await neovim.screen()
    await neovim.type("<Tab>")

    await neovim.until("vim.fn.getline('.') == '        return total'")
    assert (await text_of(neovim)).endswith(f"        {LOOP}")
    assert len(scripted_model.exchanges) == 1
    await neovim.type("<C-l><Esc>")  # The key that it is where there is nothing to take.
    await neovim.until("vim.fn.mode() == 'n'")


async def test_a_suggestion_goes_through_a_bracket_that_stands_behind_the_cursor(
    neovim: Neovim, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("1, 0) + 1"))
    await neovim.type("GoLEAST = max()<Left>")
    await neovim.sees("LEAST = max(1, 0) + 1")
    assert "LEAST = max()" in await neovim.lua("return vim.fn.getline('.')")

    await neovim.type("1<C-l><Tab>")

    await neovim.until("vim.trim(vim.fn.getline('.')) == 'LEAST = max(1, 0) + 1'")


async def test_in_a_file_with_carriage_returns_a_suggestion_brings_none_of_its_own(
    neovim: Neovim, scripted_model: ScriptedModel, workspace: Path
) -> None:
    scripted_model.script = always(say(LOOP))
    (workspace / "shop/dos.py").write_bytes(b"class Dos:\r\n    pass\r\n")
    await neovim.open_file(workspace / "shop/dos.py")
    await neovim.type(TYPED)
    await neovim.sees("return total")

    await neovim.type("<Tab><Esc>:write<CR>")

    await neovim.until("not vim.bo.modified")
    written = (workspace / "shop/dos.py").read_bytes()
    assert written.endswith(b"\r\n".join(line.encode() for line in LOOP.split("\n")) + b"\r\n")
    assert b"\r\r" not in written


async def test_ghost_text_is_switched_off_for_a_language_and_says_why_there_is_none(
    neovim: Neovim, scripted_model: ScriptedModel
) -> None:
    await neovim.command("Steward ghost off language")
    await neovim.is_told("ghost text is off for python.")
    await neovim.sees("no ghost text")
    await neovim.type(f"{TYPED}<Esc>")

    await neovim.command("Steward ghost why")

    await neovim.is_told("You switched ghost text off in python.")
    await neovim.command("checkhealth steward")
    await neovim.sees("ghost text: You switched ghost text off in python.")
    assert scripted_model.exchanges == []
    await neovim.command("quit")
    await neovim.command("Steward ghost toggle language")
    await neovim.is_told("ghost text is on for python.")
    await neovim.type("A<CR>")
    await neovim.sees(ONE_LINE)
    await neovim.sees_no_more("no ghost text")
