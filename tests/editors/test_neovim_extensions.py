"""In Neovim other people's code is installed after a yes, and does what it was allowed."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import (
    answer,
    is_asked,
    open_question,
    open_world,
    our_config,
    text_of,
)
from tests.editors.notes_extension import ID, NOTE, REMARK, package
from tests.flows.extension_world import ready

pytestmark = [pytest.mark.editor, pytest.mark.timeout(120)]

DELIVERY = "shop/delivery.py"
MENU = "vim.fn.menu_info('PopUp.Steward').submenus"


@pytest.fixture
async def neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[Neovim]:
    """The workspace in Neovim, with a file open and Steward ready."""
    await ready(tmp_path / "data")
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.command("filetype plugin off")  # Debian's Neovim has no grammar for Markdown.
        await neovim.open_file(workspace / DELIVERY)
        await neovim.sees("$0.000000 today")
        yield neovim


async def test_an_extension_is_installed_remarks_shows_and_changes_what_it_may_and_is_switched_off(
    neovim: Neovim, workspace: Path, tmp_path: Path
) -> None:
    before = (workspace / DELIVERY).read_text()
    await install(neovim, package(tmp_path))
    await neovim.command(f"call append('$', '{NOTE}') | write")
    await neovim.until("#vim.diagnostic.get(0) == 1")
    assert await neovim.lua("return vim.diagnostic.get(0)[1].message") == REMARK
    await look_at_the_panel(neovim)
    await change_by_a_right_click(neovim)
    assert (workspace / DELIVERY).read_text() == before
    # It is not told of its own change, but of the next.
    await neovim.command("call append('$', '# mine') | write")
    await neovim.until("#vim.diagnostic.get(0) == 0")
    await switch_off(neovim)


async def install(neovim: Neovim, file: Path) -> None:
    """Read what it may do, and say yes."""
    await neovim.command(f"Steward extension install {file}")
    await open_question(neovim, "Allow it")
    await neovim.sees("It says why: To look for notes.")
    await neovim.photograph("extension_asked")
    await neovim.type("a")
    await neovim.is_told("the extension is installed.")
    offered = f"require('steward.commands').complete('', 'Steward extension run {ID} ')"
    await neovim.until(f"table.concat({offered}, ' ') == 'count tidy spin'")


async def look_at_the_panel(neovim: Neovim) -> None:
    """It opens below, leaves the cursor where it is, and leads to the place."""
    await neovim.command(f"Steward extension run {ID} count")
    await neovim.is_told("Notes: 1 notes wait.")
    await neovim.sees(f"From the extension {ID}.")
    assert await neovim.lua("return vim.fn.expand('%:t')") == "delivery.py"
    await neovim.command("wincmd j")
    assert "By file" in await text_of(neovim)
    await neovim.photograph("extension_panel")
    await neovim.type(f"/^- {NOTE}<CR><CR>")
    await neovim.until(f"vim.fn.getline('.') == '{NOTE}'")
    await neovim.command("only")


async def change_by_a_right_click(neovim: Neovim) -> None:
    """What the menu offers is run here; its change is asked about like every other."""
    await neovim.command("doautocmd <nomodeline> MenuPopup n")
    assert await neovim.lua(f"return {MENU}") == ["Take the Notes Out Here"]
    await neovim.command(r"emenu n PopUp.Steward.Take\ the\ Notes\ Out\ Here")
    await is_asked(neovim, "Apply")
    await answer(neovim, "a", "Apply")
    await neovim.until(f"not table.concat(vim.fn.getline(1, '$')):find('{NOTE}', 1, true)")


async def switch_off(neovim: Neovim) -> None:
    """Nothing of it is offered any more."""
    await neovim.command("Steward extension list")
    await neovim.sees("## Notes 1.0.0")
    await neovim.photograph("extension_list")
    await neovim.command(f"close | Steward extension disable {ID}")
    await neovim.is_told(f"{ID} is disabled.")
    await neovim.command("doautocmd <nomodeline> MenuPopup n")
    await neovim.until(f"{MENU} == nil")
