"""Several files change in Neovim as one, to the byte, or not at all."""

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
    open_question,
    open_world,
    our_config,
    text_of,
)
from tests.flows.books import repository

pytestmark = [pytest.mark.editor, pytest.mark.timeout(150)]

EDIT = {"do": "edit", "path": SOURCE, "old_text": WRONG, "new_text": RIGHT}
CREATE = {"do": "create", "path": "shop/new/tax.py", "text": "RATE = 19\n"}
RENAME = {"do": "rename", "path": "shop/basket.py", "new_path": "shop/cart.py"}
DELETE = {"do": "delete", "path": "README.md"}


@pytest.fixture
async def neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[Neovim]:
    """The workspace in Neovim, with the file that is to be renamed open."""
    scripted_model.script = changing(EDIT, RENAME, DELETE, CREATE)
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.open_file(workspace / "shop/basket.py")
        yield neovim


async def test_whole_files_are_named_in_the_diff_and_change_with_it(
    neovim: Neovim, workspace: Path
) -> None:
    before = repository(workspace).files
    await get_to_the_diff(neovim)
    for told in ("Rename shop/basket.py to shop/cart.py", "Delete README.md", "+RATE = 19"):
        await neovim.sees(told)
    await neovim.sees("Change 4 files")
    assert repository(workspace).files == before

    await answer(neovim, "a", "Apply")

    await neovim.is_told("the run finished")
    basket = before.pop("shop/basket.py")
    del before["README.md"]
    assert repository(workspace).files == before | {
        SOURCE: before[SOURCE].replace(WRONG.encode(), RIGHT.encode()),
        "shop/new/tax.py": b"RATE = 19\n",
        "shop/cart.py": basket,
    }
    names = await neovim.lua(
        "return vim.tbl_map(function(b) return b.name end, vim.fn.getbufinfo({ bufmodified = 1 }))"
    )
    assert names == []
    assert await neovim.lua("return vim.fn.expand('%:t')") == "cart.py"


async def test_a_failure_in_the_middle_takes_everything_back(
    neovim: Neovim, workspace: Path
) -> None:
    await get_to_the_diff(neovim)
    # What was no obstacle when it was asked about: a file where a folder must be made.
    (workspace / "shop/new").write_text("mine\n")
    before = repository(workspace)

    await answer(neovim, "a", "Apply")

    await neovim.is_told("Cannot create directory")
    await neovim.is_told("Nothing was changed")
    await neovim.is_told("the run finished")
    assert repository(workspace) == before
    assert await neovim.lua("return vim.fn.getbufinfo({ bufmodified = 1 })") == []
    assert await neovim.lua("return vim.fn.expand('%:t')") == "basket.py"
    # The buffer is known by its old name again: the same agent finds the same text.
    (workspace / "shop/new").unlink()
    await get_to_the_diff(neovim, is_first=False)
    await answer(neovim, "a", "Apply")
    await neovim.until("vim.fn.expand('%:t') == 'cart.py'")


async def test_a_file_that_gets_unsaved_work_meanwhile_is_not_renamed(
    neovim: Neovim, workspace: Path
) -> None:
    before = repository(workspace)
    await get_to_the_diff(neovim)
    await neovim.type("gTGo# my own line<Esc>")
    await neovim.until("vim.bo.modified")

    await answer(neovim, "a", "Apply")

    await neovim.is_told("shop/basket.py changed while the diff was open")
    await neovim.is_told("the run finished")
    assert repository(workspace) == before
    assert (await text_of(neovim, "shop/basket.py")).endswith("# my own line")


async def test_what_lands_is_what_was_approved_to_the_byte(
    neovim: Neovim, workspace: Path, scripted_model: ScriptedModel
) -> None:
    texts = {
        "dos.txt": b"one\r\ntwo\r\n",
        "endless.txt": b"one\ntwo",
        "marked.txt": "\ufeff\N{GRINNING FACE} one\ntwo\n".encode(),
    }
    for name, content in texts.items():
        (workspace / name).write_bytes(content)
    edits = ({"do": "edit", "path": name, "old_text": "one", "new_text": "1"} for name in texts)
    created = {"do": "create", "path": "new.txt", "text": "no end"}
    scripted_model.script = changing(*edits, created)
    # A formatter would make something else of it, and so would Neovim's own habit with ends.
    await neovim.command("autocmd BufWritePre * call append(0, 'formatted')")

    await get_to_the_diff(neovim)
    await answer(neovim, "a", "Apply")

    await neovim.is_told("the run finished")
    found = {name: (workspace / name).read_bytes() for name in texts}
    assert found == {name: content.replace(b"one", b"1") for name, content in texts.items()}
    assert (workspace / "new.txt").read_bytes() == b"no end"


async def test_what_another_program_wrote_meanwhile_is_never_overwritten(
    neovim: Neovim, workspace: Path
) -> None:
    source = workspace / SOURCE
    await get_to_the_diff(neovim)
    source.write_text("theirs\n", "utf-8")

    await answer(neovim, "a", "Apply")

    await neovim.is_told("shop/delivery.py changed on disk while the diff was open")
    assert source.read_text("utf-8") == "theirs\n"

    await neovim.open_file(source)
    source.write_text("theirs again\n", "utf-8")
    await send_edit(neovim, source)

    await neovim.until("reply ~= nil")
    assert "is not the same on disk" in await neovim.lua("return reply.failureReason")
    assert source.read_text("utf-8") == "theirs again\n"


async def test_an_edit_that_does_not_say_whether_to_ask_is_asked_about(
    neovim: Neovim, workspace: Path
) -> None:
    before = repository(workspace)
    await send_edit(neovim, workspace / SOURCE)

    await answer(neovim, "r", "Discard")

    await neovim.until("reply ~= nil")
    assert await neovim.lua("return reply") == {
        "applied": False,
        "failureReason": "discarded by the user",
    }
    assert repository(workspace) == before


async def send_edit(neovim: Neovim, path: Path) -> None:
    """Hand Neovim an edit without any annotation, as no server of ours does."""
    await neovim.lua(
        f"""
        local place = {{ line = 0, character = 0 }}
        local edit = {{ newText = 'unasked', range = {{ start = place, ['end'] = place }} }}
        local client = vim.lsp.get_clients()[1]
        coroutine.wrap(function()
          local handler = client.handlers['workspace/applyEdit']
          local changes = {{ [{json.dumps(path.as_uri())}] = {{ edit }} }}
          _G.reply = handler(nil, {{ edit = {{ changes = changes }} }}, {{ client_id = client.id }})
        end)()
        """
    )


async def get_to_the_diff(neovim: Neovim, *, is_first: bool = True) -> None:
    """Start the agent and approve its plan; then its proposal waits."""
    await neovim.command(f"Steward fix {GOAL}")
    if is_first:  # Asked once in a folder; no command runs in these stories.
        await answer(neovim, "r", "Don't trust")
    await answer(neovim, "a", "Approve plan")
    await open_question(neovim, "Apply")
