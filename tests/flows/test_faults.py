"""Files that are broken or out of step: what cannot go on is said, and everything else goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from demo.replies import always, say
from demo.script import RIGHT
from demo.scripted_model import ScriptedModel
from tests.client import ASKING, Window
from tests.flows.books import Books, commits, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT, after_plan
from tests.person import Person, approve, leave_open

TYPED = "\n    def item_count(self) -> int:\n        "


@pytest.fixture
async def killed(open_window: OpenWindow, scripted_model: ScriptedModel) -> Window:
    """A window that was killed while its run waited for the plan to be approved."""
    scripted_model.script = after_plan(EDIT, COMMIT)
    window = await open_window(ASKING, person=Person(leave_open))
    await window.run_agent()
    await window.person.sees("plan")
    await window.kill()
    return window


async def _writes_ghost_text(window: Window) -> bool:
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    return await window.ghost_text(document) != ""


@pytest.mark.usefixtures("killed")
async def test_an_unreadable_journal_of_runs_stops_the_runs_and_nothing_else(
    open_window: OpenWindow, data_folder: Path, scripted_model: ScriptedModel
) -> None:
    journal = data_folder / "engine.db"
    journal.write_bytes(b"this is no database" * 400)
    for rest in ("-wal", "-shm"):
        journal.with_name(f"engine.db{rest}").unlink(missing_ok=True)
    scripted_model.script = always(say("return 1"))
    window = await open_window(ASKING)
    assert await _writes_ghost_text(window)
    with pytest.raises(JsonRpcException, match=r"engine\.db"):
        await window.run_agent("Another goal.")
    states = {run["goal"]: run["state"] for run in await window.command("steward.runs")}
    assert states["Another goal."] == "failed"
    assert await _writes_ghost_text(window)


async def test_a_run_is_taken_over_from_whoever_held_it_last(
    open_window: OpenWindow, killed: Window, data_folder: Path, books: Books, workspace: Path
) -> None:
    (run,) = books.rows("SELECT * FROM run")
    with closing(sqlite3.connect(data_folder / "steward.db")) as connection, connection:
        # As after a kill between the engine's hand-over and the note of it.
        connection.execute("UPDATE run SET owner = ?", ("f" * 32,))
    window = await open_window(ASKING, person=Person(approve))
    assert (await window.until_ended(str(run["id"])))["state"] == "finished"
    assert RIGHT in repository(workspace).text
    assert len(commits(workspace)) == 1
    assert not (data_folder / "executors" / f"{'f' * 32}.lock").exists()


async def test_a_question_asked_in_one_window_can_be_answered_in_another(
    open_window: OpenWindow, scripted_model: ScriptedModel, workspace: Path
) -> None:
    scripted_model.script = after_plan(EDIT, COMMIT)
    other = await open_window(ASKING, person=Person(approve))
    asking = await open_window(ASKING, person=Person(leave_open))
    run = await asking.until_ended(await asking.run_agent())
    assert run["state"] == "finished"
    assert other.person.kinds == ["plan", "edit", "commit"]
    assert len(commits(workspace)) == 1
