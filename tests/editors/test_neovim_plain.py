"""Neovim without our plugin: it asks about nothing by itself, so the question is the server's."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from demo.replies import Script, always, say
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import GOAL, SERVER, changing, lua_list, open_world, text_of
from tests.flows.books import Books, repository
from tests.flows.scripts import EDIT, after_plan, results_in

pytestmark = [pytest.mark.editor, pytest.mark.timeout(150)]

CONFIG = """
vim.lsp.config('steward', {{
  cmd = {command},
  root_markers = {{ '.git' }},
  capabilities = {{ workspace = {{ workspaceEdit = {edits} }} }},
}})
vim.lsp.enable('steward')

-- A picker, as people have one: it shows what it is given, and hands on what is picked.
_G.asked = {{}}
vim.ui.select = function(items, options, done)
  table.insert(_G.asked, {{ prompt = options.prompt, items = items, done = done }})
end

--- Pick, by its title, from what was shown last.
function _G.pick(title)
  local last = table.remove(_G.asked)
  for _, item in ipairs(last.items) do
    if item.title == title then
      last.done(item)
    end
  end
end
"""
AS_IT_IS = "{}"
VERSIONED = "{ documentChanges = true }"
"""Neovim understands versions and annotations; with this it says so."""

OpenPlain = Callable[[str, Script], Awaitable[Neovim]]


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """What the server wrote down."""
    return Books(tmp_path / "data")


@pytest.fixture
async def opened(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[OpenPlain]:
    """Opens the workspace in Neovim as its manual says, with an agent that is about to edit."""
    async with AsyncExitStack() as open_things:

        async def open_with(edits: str, script: Script) -> Neovim:
            scripted_model.script = script
            config = CONFIG.format(command=lua_list(SERVER), edits=edits)
            world = open_world(tmp_path, workspace, scripted_model.url, config)
            neovim = await open_things.enter_async_context(world)
            await neovim.open_file(workspace / SOURCE)
            # Neovim looks at versions from the first change on.
            await neovim.type("ix<Esc>u")
            await neovim.until("not vim.bo.modified and vim.b.changedtick > 2")
            goal = json.dumps({"agent": "fix", "goal": GOAL})
            await neovim.lua(
                f"""
                vim.lsp.get_clients()[1]:exec_cmd({{
                  command = 'steward.agent.run', arguments = {{ vim.json.decode('{goal}') }},
                }})
                """
            )
            await pick(neovim, "Don't trust")  # No command runs in these stories.
            await pick(neovim, "Approve plan")
            return neovim

        yield open_with


async def test_a_question_of_ours_comes_before_the_edit_and_its_no_leaves_everything(
    opened: OpenPlain, workspace: Path, books: Books
) -> None:
    before = repository(workspace)
    neovim = await opened(AS_IT_IS, after_plan(EDIT))
    question = await until_asked(neovim, "Discard")
    assert f"-    if {WRONG}:" in question
    assert f"+    if {RIGHT}:" in question

    await pick(neovim, "Discard")

    await ends(neovim)
    assert repository(workspace) == before
    assert WRONG in await text_of(neovim)
    assert [row["state"] for row in books.proposals()] == ["refused"]


async def test_an_approved_edit_is_in_the_buffer_and_one_step_of_undo(
    opened: OpenPlain, workspace: Path, books: Books
) -> None:
    neovim = await opened(AS_IT_IS, after_plan(EDIT))

    await pick(neovim, "Apply")

    await ends(neovim)
    assert RIGHT in await text_of(neovim)
    assert [row["state"] for row in books.proposals()] == ["applied"]
    await neovim.type("u")
    await neovim.until("not vim.bo.modified")
    assert WRONG in await text_of(neovim)


async def test_a_no_to_neovims_own_question_is_read_back_though_it_answers_yes(
    opened: OpenPlain, workspace: Path, books: Books, scripted_model: ScriptedModel
) -> None:
    before = repository(workspace)
    neovim = await opened(VERSIONED, after_plan(EDIT))
    await neovim.lua("vim.fn.confirm = function(message) _G.confirmed = message return 2 end")

    await pick(neovim, "Apply")

    await ends(neovim)
    assert "Apply all changes?" in await neovim.lua("return confirmed")
    assert WRONG in await text_of(neovim)
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["refused"]
    (told,) = results_in(scripted_model.exchanges[-1].body)
    assert "said it applied the change, but no file changed" in told


async def test_an_edit_of_an_older_text_is_read_back_though_neovim_answers_yes(
    opened: OpenPlain, books: Books
) -> None:
    neovim = await opened(VERSIONED, after_plan(EDIT))
    await until_asked(neovim, "Apply")
    # Typed when the edit is on its way: between the server's check and Neovim's own.
    await neovim.lua(
        """
        local handler = vim.lsp.handlers['workspace/applyEdit']
        vim.lsp.handlers['workspace/applyEdit'] = function(...)
          vim.api.nvim_buf_set_lines(0, -1, -1, false, { '# my own line' })
          _G.reply = handler(...)
          return _G.reply
        end
        """
    )

    await pick(neovim, "Apply")

    await ends(neovim)
    assert (await neovim.lua("return reply"))["applied"] is True
    text = await text_of(neovim)
    assert WRONG in text
    assert text.endswith("# my own line")
    (proposal,) = books.proposals()
    assert proposal["state"] == "partial"
    assert SOURCE in proposal["outcome"]


async def test_whole_files_are_asked_about_though_neovim_would_change_them_unasked(
    opened: OpenPlain, workspace: Path, books: Books
) -> None:
    before = repository(workspace).files
    changes = (
        {"do": "create", "path": "shop/new/tax.py", "text": "RATE = 19\n"},
        {"do": "rename", "path": "shop/basket.py", "new_path": "shop/cart.py"},
        {"do": "delete", "path": "README.md"},
    )
    neovim = await opened(VERSIONED, changing(*changes))
    question = await until_asked(neovim, "Apply")
    for told in ("shop/new/tax.py", "shop/cart.py", "README.md", "+RATE = 19"):
        assert told in question
    assert repository(workspace).files == before

    await pick(neovim, "Apply")

    await ends(neovim)
    basket = before.pop("shop/basket.py")
    del before["README.md"]
    whole = {"shop/new/tax.py": b"RATE = 19\n", "shop/cart.py": basket}
    assert repository(workspace).files == before | whole
    assert [row["state"] for row in books.proposals()] == ["applied"]


async def test_ghost_text_brings_no_carriage_return_into_a_text_that_has_none_inside_neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("if on:\r\n        return 1\r\n    return 0"))
    config = CONFIG.format(command=lua_list(SERVER), edits=AS_IT_IS)
    config += "vim.lsp.inline_completion.enable()"
    (workspace / "shop/dos.py").write_bytes(b"import os\r\n")
    async with open_world(tmp_path, workspace, scripted_model.url, config) as neovim:
        await neovim.open_file(workspace / "shop/dos.py")
        await neovim.type("odef dos(on):<CR>")
        await neovim.sees("return 0")
        await neovim.lua("vim.lsp.inline_completion.get()")
        await neovim.until("vim.fn.getline('.') == '    return 0'")
        await neovim.type("<Esc>:write<CR>")
        await neovim.until("not vim.bo.modified")
    lines = (
        b"import os",
        b"def dos(on):",
        b"    if on:",
        b"        return 1",
        b"    return 0",
        b"",
    )
    assert (workspace / "shop/dos.py").read_bytes() == b"\r\n".join(lines)


async def until_asked(neovim: Neovim, choice: str) -> str:
    """Wait for the question that offers this choice; its text, or the page that it points to."""
    offered = json.dumps(f'title = "{choice}"')
    await neovim.until(f"vim.inspect(asked[#asked] or {{}}):find({offered}, 1, true)")
    prompt: str = await neovim.lua("return asked[#asked].prompt")
    _, is_long, path = prompt.partition("Read all of it before you answer: ")
    return Path(path.removesuffix(": ")).read_text("utf-8") if is_long else prompt


async def pick(neovim: Neovim, choice: str) -> None:
    """Pick this answer when it is asked for."""
    await until_asked(neovim, choice)
    await neovim.lua(f"pick({json.dumps(choice)})")


async def ends(neovim: Neovim) -> None:
    """Wait until the run has told its person that it is over."""
    await neovim.until("vim.fn.execute('messages'):find('the run finished', 1, true)")
