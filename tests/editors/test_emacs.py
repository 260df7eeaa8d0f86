"""Emacs with eglot: a client that takes no notice of annotations, and is asked all the same."""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from demo.replies import always, say
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.emacs import Emacs, open_emacs
from tests.editors.presence import EMACS, require
from tests.editors.stories import PLAN
from tests.environment import steward_environment
from tests.flows.books import Books, repository
from tests.flows.scripts import EDIT, after_plan

pytestmark = [pytest.mark.editor, pytest.mark.timeout(150)]

OpenEmacs = Callable[[str], Awaitable[Emacs]]


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """What the server wrote down."""
    return Books(tmp_path / "data")


@pytest.fixture
async def opened(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[OpenEmacs]:
    """Visits a file in Emacs, with an agent whose plan is approved and that is about to edit."""
    scripted_model.script = after_plan(EDIT)
    program = require(EMACS)
    async with AsyncExitStack() as open_things:

        async def open_with(path: str) -> Emacs:
            environment = steward_environment(tmp_path / "data", scripted_model.url)
            command = [sys.executable, "-m", "steward", "lsp"]
            file = workspace / path
            opening = open_emacs(program, file, tmp_path / "emacs", environment, command)
            emacs = await open_things.enter_async_context(opening)
            await emacs.is_asked("Choose an option")
            await emacs.answer("Don't trust")  # No command runs in these stories.
            await emacs.is_asked("Choose an option")
            await emacs.answer("Approve plan")
            return emacs

        yield open_with


async def test_a_line_that_was_not_meant_as_an_answer_approves_nothing(
    opened: OpenEmacs, workspace: Path, books: Books
) -> None:
    before = repository(workspace)
    emacs = await opened(SOURCE)
    question = await emacs.is_asked("Choose an option")
    assert f"-    if {WRONG}:" in question
    assert f"+    if {RIGHT}:" in question

    await emacs.answer("")  # The end of a line that the person typed when the question came up.

    held = await emacs.ends()
    assert WRONG in held.text
    assert not held.is_modified
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["refused"]


async def test_an_approved_edit_is_in_the_buffer_for_its_person_to_save(
    opened: OpenEmacs, workspace: Path, books: Books
) -> None:
    before = repository(workspace)
    emacs = await opened(SOURCE)
    await emacs.is_asked("Choose an option")

    await emacs.answer("Apply")

    held = await emacs.ends()
    assert RIGHT in held.text
    assert held.is_modified
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["applied"]


async def test_a_no_to_emacs_own_question_about_a_file_that_is_not_open_is_a_no(
    opened: OpenEmacs, workspace: Path, books: Books
) -> None:
    before = repository(workspace)
    emacs = await opened("shop/basket.py")
    await emacs.is_asked("Choose an option")
    await emacs.answer("Apply")
    await emacs.is_asked("Proceed?")

    await emacs.answer("n")

    await emacs.ends()
    assert repository(workspace) == before
    assert [row["state"] for row in books.proposals()] == ["refused"]


async def test_a_code_action_leads_by_trust_and_plan_to_the_change_in_the_buffer(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan(EDIT)
    environment = steward_environment(
        tmp_path / "data", scripted_model.url, {"STEWARD_TEST_POINTED": WRONG}
    )
    command = [sys.executable, "-m", "steward", "lsp"]
    file = workspace / SOURCE
    async with open_emacs(require(EMACS), file, tmp_path / "emacs", environment, command) as emacs:
        offered = await emacs.is_asked("Pick an action")
        assert "Steward: explain `delivery_pence`" in offered
        assert "Steward: more…" in offered
        await emacs.answer("Steward: make the failing tests pass with an agent")
        assert "trust" in (await emacs.is_asked("Choose an option")).lower()
        await emacs.answer("Trust this folder")
        assert PLAN in await emacs.is_asked("Choose an option")
        await emacs.answer("Approve plan")
        assert f"+    if {RIGHT}:" in await emacs.is_asked("Choose an option")
        assert WRONG in file.read_text("utf-8")
        await emacs.answer("Apply")
        held = await emacs.ends()
    assert RIGHT in held.text
    assert [row["state"] for row in books.rows("SELECT state FROM run")] == ["finished"]


@pytest.mark.parametrize(
    ("answer", "typed", "wanted"),
    [
        ("urn goods", "\ndef least(goods):\n    ret|\n", "\ndef least(goods):\n    return goods\n"),
        ("goods, 0) + 1", "\nLEAST = max(|)\n", "\nLEAST = max(goods, 0) + 1\n"),
    ],
)
async def test_what_others_show_as_ghost_text_is_completed_around_what_stands_behind_the_cursor(
    workspace: Path,
    tmp_path: Path,
    scripted_model: ScriptedModel,
    answer: str,
    typed: str,
    wanted: str,
) -> None:
    scripted_model.script = always(say(answer))
    environment = steward_environment(
        tmp_path / "data", scripted_model.url, {"STEWARD_TEST_TYPED": typed}
    )
    command = [sys.executable, "-m", "steward", "lsp"]
    file = workspace / SOURCE
    async with open_emacs(require(EMACS), file, tmp_path / "emacs", environment, command) as emacs:
        held = await emacs.ends()
    assert held.text == file.read_text("utf-8") + wanted
