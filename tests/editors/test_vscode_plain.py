"""A general language client in VS Code: nothing of ours, only what the protocol has.

Our question comes first, as a message. What the editor then does with the annotated edit, its
Refactor Preview, is a second one; whatever becomes of that is read back.
"""

import shutil
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from demo.script import RIGHT, SOURCE
from demo.scripted_model import ScriptedModel
from tests.editors.conftest import OpenWindow
from tests.editors.desk import Desk, Place, open_desk
from tests.editors.presence import CLIENT, Parts
from tests.editors.stories import EDIT, PLAN, becomes, changing
from tests.editors.vscode import Window
from tests.environment import git
from tests.flows.books import Books
from tests.flows.scripts import results_in

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

PLAIN = Path(__file__).parent / "plain"
README = {"do": "edit", "path": "README.md", "old_text": "# ", "new_text": "# The "}
ACTION = "Steward: make the failing tests pass with an agent"
MINE = "# my own line"
ASKED = "Change 2 files"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def desk(
    parts: Parts,
    browser: BrowserContext,
    tmp_path_factory: pytest.TempPathFactory,
    screenshots: Path | None,
) -> AsyncGenerator[Desk]:
    """A VS Code with a general language client instead of ours."""
    extensions = tmp_path_factory.mktemp("plain-extensions")
    _bundle(parts, extensions / "steward-tests.plain-0.0.1")
    place = Place(
        tmp_path_factory.mktemp("plain"),
        extensions,
        restart="Plain: Restart Server",
        ready="[id='steward-tests.plain.plain.status']",
    )
    async with open_desk(parts, place, browser, screenshots) as desk:
        yield desk


def _bundle(parts: Parts, target: Path) -> None:
    """Built with what our own extension is built with."""
    target.mkdir()
    shutil.copy(PLAIN / "package.json", target)
    modules = CLIENT / "node_modules"
    subprocess.run(
        [
            *(parts.node, modules / "esbuild/bin/esbuild", PLAIN / "extension.js"),
            *("--bundle", "--platform=node", "--external:vscode", "--log-level=error"),
            f"--outfile={target / 'extension.js'}",
        ],
        env={"NODE_PATH": str(modules)},
        check=True,
    )


@pytest.fixture(autouse=True)
def two_edits(model: ScriptedModel) -> None:
    """The model proposes one change of two files."""
    model.script = changing(EDIT, README)


async def test_an_edit_is_applied_where_all_of_it_is_ticked(
    window: Window, folder: Path, books: Books
) -> None:
    await get_to_the_preview(window)
    await window.photograph("plain-preview")
    assert git(folder, "status", "--porcelain") == ""

    await window.tick("README.md")
    await window.tick("delivery.py")
    await window.press_in_preview("Apply")

    await becomes(lambda: [row["state"] for row in books.proposals()], ["applied"])
    await look_at_both(window)


async def test_an_edit_of_which_a_part_is_ticked_is_taken_back(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    await get_to_the_preview(window)

    await window.tick("delivery.py")
    await window.press_in_preview("Apply")

    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])
    await becomes(lambda: git(folder, "status", "--porcelain"), "")
    await becomes(lambda: "left out README.md" in str(results_in(model.exchanges[-1].body)), True)


async def test_an_edit_that_is_discarded_after_all_is_refused(
    window: Window, folder: Path, books: Books
) -> None:
    await get_to_the_preview(window)

    await window.press_in_preview("Discard")

    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])
    assert git(folder, "status", "--porcelain") == ""


async def test_a_preview_in_which_nobody_does_anything_ends_with_the_time_for_answers(
    opened: OpenWindow, folder: Path, books: Books
) -> None:
    window = await opened(STEWARD_PERMISSIONS__ANSWER_WITHIN="PT8S")
    await get_to_the_preview(window)

    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])

    await expect(window.preview.first).to_be_visible()
    await window.press_in_preview("Discard")
    assert git(folder, "status", "--porcelain") == ""


async def test_a_run_whose_preview_nobody_answers_can_be_cancelled(
    window: Window, folder: Path, books: Books
) -> None:
    await get_to_the_preview(window)

    await window.run_command("Plain: Cancel Run")

    await becomes(lambda: books.actions("run.")[-1:], ["run.cancelled"])
    await window.press_in_preview("Discard")
    assert git(folder, "status", "--porcelain") == ""


async def test_a_preview_that_is_applied_after_its_run_was_cancelled_is_recorded_and_told(
    window: Window, books: Books
) -> None:
    await get_to_the_preview(window)
    await window.run_command("Plain: Cancel Run")
    await becomes(lambda: [row["state"] for row in books.proposals()], ["refused"])

    # The editor keeps its preview open, whatever it is told.
    await window.tick("README.md")
    await window.tick("delivery.py")
    await window.press_in_preview("Apply")

    await becomes(lambda: [row["state"] for row in books.proposals()], ["applied"])
    assert "after it was given up" in books.proposals()[0]["outcome"]
    await window.sees("made a change that was given up before")
    await window.photograph("plain-late")
    await look_at_both(window)


async def test_what_a_person_types_while_the_preview_is_open_survives(
    window: Window, folder: Path, books: Books
) -> None:
    await window.open_file(SOURCE)
    await get_to_the_preview(window)
    await window.open_file(SOURCE)
    await window.type_at_the_end(MINE)
    await window.tick("README.md")
    await window.tick("delivery.py")

    await window.press_in_preview("Apply")
    await window.sees("'shop/delivery.py' has changed in the meantime")
    await window.press_in_dialog("OK")

    await becomes(lambda: [row["state"] for row in books.proposals()][:1], ["stale"])
    await window.button("Apply", question="merged with your edits").wait_for()
    await window.sees(MINE)
    assert git(folder, "status", "--porcelain") == ""


async def get_to_the_preview(window: Window) -> None:
    """Start the agent, approve its plan and its proposal; then the editor asks once more."""
    await window.open_file("tests/test_basket.py")
    await window.page.keyboard.press("Control+.")
    await window.page.locator(".action-widget .monaco-list-row", has_text=ACTION).click()
    await window.photograph("plain-plan")
    await window.press_button("Approve plan", question=PLAN)
    await window.button("Apply", question=ASKED).wait_for()
    await window.photograph("plain-question")
    await window.press_button("Apply", question=ASKED)
    await window.preview.first.wait_for()


async def look_at_both(window: Window) -> None:
    """See that both changes are made; the editor leaves it to the person to save them."""
    await expect(window.page.locator(".tab.dirty")).to_have_count(2)
    await window.open_file(SOURCE)
    await window.sees(RIGHT)
    await window.open_file("README.md")
    await window.sees("# The A small shop")
