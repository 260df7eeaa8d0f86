"""Several windows share one data folder; each run belongs to one of them while that lives."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from demo.script import RIGHT
from demo.scripted_model import ScriptedModel
from tests.client import ASKING, Window
from tests.flows.books import Books, commits, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT, after_plan
from tests.person import Person, approve, leave_open


@pytest.fixture
def elsewhere(workspace: Path, tmp_path: Path) -> Path:
    """Another workspace."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(workspace, folder)
    return folder


@pytest.fixture
async def first(open_window: OpenWindow, scripted_model: ScriptedModel) -> Window:
    """A window with a run that waits for its plan to be approved."""
    scripted_model.script = after_plan(EDIT, COMMIT)
    window = await open_window(ASKING, person=Person(leave_open))
    await window.run_agent()
    await window.person.sees("plan")
    return window


def _run(books: Books, workspace: Path) -> dict[str, object]:
    (row,) = books.rows("SELECT * FROM run WHERE workspace = ?", str(workspace))
    return row


async def test_a_window_on_another_workspace_leaves_an_orphaned_run_alone(
    open_window: OpenWindow, first: Window, workspace: Path, elsewhere: Path, books: Books
) -> None:
    await first.kill()
    orphan = _run(books, workspace)
    other = await open_window(ASKING, folder=elsewhere)
    run = await other.until_ended(await other.run_agent())
    assert run["state"] == "finished"
    assert other.person.kinds == ["plan", "edit", "commit"]
    assert [one["id"] for one in await other.command("steward.runs")] == [run["id"]]
    assert _run(books, workspace) == orphan
    question = first.person.shown[0]
    with pytest.raises(JsonRpcException, match="only they can answer it there"):
        await other.command(
            "steward.answer", id=question.id, digest=question.digest, choice="approve"
        )
    with pytest.raises(JsonRpcException, match="no run"):
        await other.command("steward.run.cancel", runId=orphan["id"])

    again = await open_window(ASKING, person=Person(approve))
    assert (await again.until_ended(str(orphan["id"])))["state"] == "finished"
    assert RIGHT in repository(workspace).text
    assert len(commits(workspace)) == len(commits(elsewhere)) == 1
    assert (await books.verdict()).is_intact


async def test_a_second_window_on_the_same_workspace_takes_nothing_over_while_the_first_lives(
    open_window: OpenWindow,
    first: Window,
    workspace: Path,
    books: Books,
    scripted_model: ScriptedModel,
) -> None:
    before = _run(books, workspace)
    second = await open_window(ASKING, person=Person(leave_open))
    shown = await second.person.sees("plan")
    assert shown.digest == first.person.shown[0].digest
    own = await second.run_agent("Another goal.")
    await second.person.sees("plan", 2)
    await second.command("steward.run.cancel", runId=own)
    (row,) = books.rows("SELECT * FROM run WHERE id = ?", before["id"])
    assert (row["owner"], row["state"]) == (before["owner"], "waiting")
    assert len(scripted_model.exchanges) == 2

    first.person.decide = approve
    shown.answer("approve")
    assert (await first.until_ended(str(before["id"])))["state"] == "finished"
    assert len(first.edits) == 1
    assert second.edits == []
    assert len(commits(workspace)) == 1


async def test_a_run_that_another_version_began_is_ended_with_a_word_and_not_left_open(
    open_window: OpenWindow, first: Window, workspace: Path, books: Books
) -> None:
    await first.kill()
    run_id = str(_run(books, workspace)["id"])
    with closing(sqlite3.connect(books.folder / "engine.db")) as journal, journal:
        journal.execute("UPDATE workflow_status SET application_version = '1'")
    again = await open_window(ASKING, person=Person(leave_open))
    run = await again.until_ended(run_id)
    assert run["state"] == "failed"
    assert "Another version of Steward began this run" in run["message"]
    assert books.approvals()[-1]["state"] == "withdrawn"
    with pytest.raises(JsonRpcException, match="Another version of Steward began this run"):
        await again.command("steward.run.resume", runId=run_id)
