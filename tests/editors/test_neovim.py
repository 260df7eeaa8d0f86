"""What a person does with Steward in Neovim, on the real editor, server, repository and jail."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.script import BRANCH, MESSAGE, RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.neovim import Neovim
from tests.editors.neovim_stories import (
    GOAL,
    LAST_OF_PLAN,
    PLAN,
    PLUGIN,
    answer,
    approve_elsewhere,
    ask_for_the_edit,
    branches,
    open_question,
    open_world,
    our_config,
    text_of,
    trust_the_folder,
)
from tests.environment import git

pytestmark = [pytest.mark.editor, pytest.mark.timeout(150)]


@pytest.fixture
async def neovim(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[Neovim]:
    """The workspace in Neovim, with a file open and Steward ready."""
    async with open_world(tmp_path, workspace, scripted_model.url, our_config()) as neovim:
        await neovim.open_file(workspace / "tests/test_basket.py")
        await neovim.sees("$0.000000 today")
        await trust_the_folder(neovim)
        yield neovim


async def test_ghost_text_appears_is_taken_with_a_key_that_is_else_itself_and_is_paid_for(
    neovim: Neovim, workspace: Path
) -> None:
    basket = workspace / "shop/basket.py"
    await neovim.open_file(basket)
    await neovim.type("Go<Esc>o    def item_count(self) -> int:<CR>")
    await neovim.sees("return sum(line.quantity for line in self.lines)")
    assert "sum(line.quantity" not in await text_of(neovim)

    await neovim.type("<Tab>")
    await neovim.until("vim.fn.getline('.'):find('sum(line.quantity', 1, true)")
    await neovim.type("<CR># <Tab>end<Esc>:write<CR>")

    await neovim.until("not vim.bo.modified")
    assert "return sum(line.quantity for line in self.lines)\n" in basket.read_text("utf-8")
    await neovim.until("vim.fn.getline('.'):match('#%s%s+end$')")
    await neovim.until("require('steward').status():match('^%$0%.0*[1-9]%d* today')")


async def test_an_agent_does_what_its_person_saw_and_approved_and_nothing_else(
    neovim: Neovim, workspace: Path
) -> None:
    source = workspace / SOURCE
    head = git(workspace, "rev-parse", "HEAD")
    await neovim.command("autocmd LspProgress * let g:has_progress = 1")
    await neovim.command("autocmd User StewardStatus let g:has_status = 1")
    await neovim.command(f"Steward fix {GOAL}")
    await neovim.sees("See which test fails")
    await neovim.sees(LAST_OF_PLAN)
    await neovim.sees("1 run · 1 question")

    await answer(neovim, "a", "Approve plan")
    await answer(neovim, "a", "Allow once")
    screen = await neovim.sees(f"+    if {RIGHT}:")
    assert f"-    if {WRONG}:" in screen
    assert await neovim.lua("return vim.fn.expand('%:t')") == "test_basket.py"
    assert WRONG in source.read_text("utf-8")
    await answer(neovim, "a", "Apply")
    await answer(neovim, "a", "Allow once")
    assert RIGHT in source.read_text("utf-8")
    await neovim.sees("The threshold itself was left out")
    assert branches(workspace) == []
    await answer(neovim, "a", "Commit")
    await neovim.is_told("the run finished")

    assert branches(workspace) == [BRANCH]
    assert git(workspace, "log", "-1", "--format=%B", BRANCH).strip() == MESSAGE.strip()
    assert git(workspace, "rev-parse", "HEAD") == head
    assert await neovim.lua("return vim.fn.tabpagenr('$')") == 1
    assert await neovim.lua("return vim.g.has_progress and vim.g.has_status") == 1
    await neovim.until("not require('steward').status():find('question')")


async def test_a_closed_window_is_no_answer_and_its_question_can_be_found_again_and_discarded(
    neovim: Neovim, workspace: Path
) -> None:
    await neovim.command(f"Steward fix {GOAL}")
    await neovim.sees(LAST_OF_PLAN)
    await open_question(neovim, "Approve plan")
    await neovim.type("q")
    await neovim.sees_no_more(LAST_OF_PLAN)
    await open_question(neovim, "Approve plan")
    await neovim.command("quit")
    await neovim.sees_no_more(LAST_OF_PLAN)
    await neovim.sees("1 question")

    await answer(neovim, "a", "Approve plan")
    await answer(neovim, "a", "Allow once")
    await neovim.sees(f"+    if {RIGHT}:")
    await open_question(neovim, "Apply")
    await neovim.command("tabclose")
    await neovim.sees("1 question")
    assert WRONG in (workspace / SOURCE).read_text("utf-8")

    await answer(neovim, "r", "Discard")

    await neovim.is_told("the run finished")
    assert git(workspace, "status", "--porcelain") == ""
    assert await neovim.lua("return vim.fn.bufloaded('shop/delivery.py')") == 0


async def test_nothing_appears_under_the_fingers_of_somebody_who_types(neovim: Neovim) -> None:
    await neovim.command(f"Steward fix {GOAL}")
    await neovim.type("Go")

    await neovim.is_told(f"{PLAN}. :Steward questions opens it.")

    assert LAST_OF_PLAN not in await neovim.screen()
    await neovim.type("a is typed, not pressed<Esc>")
    await neovim.until("vim.trim(vim.fn.getline('$')) == 'a is typed, not pressed'")
    await neovim.sees("1 question")


async def test_what_a_person_typed_while_the_diff_was_open_is_never_overwritten(
    neovim: Neovim, workspace: Path
) -> None:
    await ask_for_the_edit(neovim)
    await open_question(neovim, "Apply")
    await neovim.command(f"tabnew {SOURCE}")
    await neovim.type("Go# my own line<Esc>gT")
    await neovim.sees("a = Apply")

    await neovim.type("a")

    await neovim.is_told("shop/delivery.py changed while the diff was open")
    text = await text_of(neovim, SOURCE)
    assert text.endswith("# my own line")
    assert WRONG in text
    assert git(workspace, "status", "--porcelain") == ""


async def test_an_edit_of_unsaved_work_is_left_unsaved_and_undone_without_what_was_being_typed(
    neovim: Neovim, workspace: Path
) -> None:
    before = (workspace / SOURCE).read_bytes()
    await neovim.open_file(workspace / SOURCE)
    await neovim.type("Go# my own line")
    await neovim.until("vim.fn.getline('$') == '# my own line'")
    await neovim.command(f"Steward fix {GOAL}")

    for choice in ("Approve plan", "Allow once", "Apply"):
        await approve_elsewhere(neovim, choice)

    await neovim.until(f"vim.fn.search('{RIGHT}', 'n') > 0")
    assert (workspace / SOURCE).read_bytes() == before
    assert await neovim.lua("return vim.bo.modified") is True
    await neovim.type("<Esc>u")
    await neovim.until(f"vim.fn.search('{RIGHT}', 'n') == 0")
    assert (await text_of(neovim)).endswith("# my own line")


async def test_what_is_answered_elsewhere_leaves_the_screen(
    neovim: Neovim, workspace: Path
) -> None:
    await neovim.command(f"Steward fix {GOAL}")
    await neovim.sees(LAST_OF_PLAN)
    await approve_elsewhere(neovim, "Approve plan")
    await neovim.sees_no_more(LAST_OF_PLAN)

    await answer(neovim, "a", "Allow once")
    await neovim.sees(f"+    if {RIGHT}:")
    await open_question(neovim, "Apply")
    await approve_elsewhere(neovim, "Apply")

    await neovim.sees_no_more("a = Apply")
    await neovim.sees("Run the tests")
    assert RIGHT in (workspace / SOURCE).read_text("utf-8")


async def test_a_stopped_run_takes_its_diff_away_and_pages_tell_what_happened(
    neovim: Neovim, workspace: Path
) -> None:
    await ask_for_the_edit(neovim)
    await neovim.lua("vim.ui.select = function(items, _, done) done(items[1]) end")

    await neovim.command("Steward stop")

    await neovim.is_told("the run is cancelled. What was landed stays.")
    await neovim.sees_no_more(f"+    if {RIGHT}:")
    assert git(workspace, "status", "--porcelain") == ""
    pages = {
        "usage": "What Steward spent",
        "audit": "approval.approved",
        "runs": f"- {GOAL} (fix, cancelled",
        "show": f"Run of Fix: {GOAL}",
        "status": "- Spent $0.",
        "log": "working. run_tests",
    }
    for word, text in pages.items():
        await neovim.command(f"Steward {word}")
        await neovim.sees(text)
        await neovim.type("q")
        await neovim.sees_no_more(text)
    await neovim.command("checkhealth steward")
    assert "server: steward" in await neovim.sees("model: ready")
    assert "ERROR" not in await neovim.screen()


async def test_a_restart_answers_nothing_and_brings_the_question_back(neovim: Neovim) -> None:
    await neovim.command(f"Steward fix {GOAL}")
    await neovim.sees(LAST_OF_PLAN)
    before = await neovim.lua("return vim.lsp.get_clients({ bufnr = 0 })[1].id")

    await neovim.command("Steward restart")

    await neovim.until(
        f"(vim.lsp.get_clients({{ bufnr = 0 }})[1] or {{ id = {before} }}).id ~= {before}"
    )
    await answer(neovim, "r", "Reject plan")
    await neovim.until("not require('steward').status():find('question')")
    assert [told for told in await neovim.shown() if "could not" in told or "rror" in told] == []


async def test_a_server_that_is_not_there_is_explained_once(
    tmp_path: Path, workspace: Path
) -> None:
    config = our_config(["no-such-steward", "lsp"])
    async with open_world(tmp_path, workspace, "http://127.0.0.1:9", config) as neovim:
        assert await neovim.shown() == []

        await neovim.command("edit shop/basket.py")
        await neovim.command("edit shop/delivery.py")

        await neovim.is_told('there is no program "no-such-steward"')
        (message,) = await neovim.shown()
        assert "setup { cmd =" in message
        await neovim.command("checkhealth steward")
        await neovim.sees('ERROR there is no program "no-such-steward"')


async def test_help_explains_every_command(tmp_path: Path, workspace: Path) -> None:
    doc = tmp_path / "help" / "doc"
    doc.mkdir(parents=True)
    (doc / "steward.txt").write_bytes((PLUGIN / "doc/steward.txt").read_bytes())
    async with open_world(tmp_path, workspace, "http://127.0.0.1:9", our_config()) as neovim:
        await neovim.command("filetype plugin off")  # Debian's Neovim has no grammar for help.
        await neovim.command(f"set rtp^={doc.parent}")
        await neovim.command(f"helptags {doc}")

        names = await neovim.lua("return require('steward.commands').complete('', 'Steward ')")

        assert {"fix", "questions", "stop", "usage"} <= set(names)
        topics = [f":Steward-{name}" for name in names]
        for topic in ("steward", ":Steward", "steward-options", "steward-status", *topics):
            await neovim.command(f"help {topic}")
