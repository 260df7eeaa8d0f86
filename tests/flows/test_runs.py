"""Runs are ended and taken up again from other windows and from a shell; nothing happens twice."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.replies import Refuse, Reply, Script
from demo.script import RIGHT
from demo.scripted_model import ScriptedModel
from tests.client import ASKING, Window
from tests.environment import steward_environment
from tests.flows.books import Books, commits, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT, after_plan, results_in, task_of
from tests.person import DEADLINE_S, Decide, Person, approve

PLAN_AND_EDIT = 2
"""Calls of the model until the edit is asked about."""


@dataclass(frozen=True)
class Desk:
    """A person with windows and a shell, all on one data folder."""

    open_window: OpenWindow
    environment: dict[str, str]
    workspace: Path
    books: Books
    model: ScriptedModel

    async def window(self, decide: Decide = approve) -> Window:
        return await self.open_window(ASKING, person=Person(decide))

    async def steward(self, *arguments: str) -> tuple[int, str]:
        """What `steward run` says at a shell: its exit code and its output."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "steward", "run", *arguments),
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(DEADLINE_S):
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def watched(self) -> AsyncGenerator[dict[str, Any]]:
        """What `steward run watch` says of the newest run, as it says it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "steward", "run", "watch", "--json"),
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            async for line in process.stdout:
                yield json.loads(line)
            assert await process.wait() == 0

    async def shown(self, run_id: str) -> dict[str, Any]:
        code, said = await self.steward("show", run_id, "--json")
        assert code == 0, said
        return json.loads(said)

    def is_fixed(self) -> bool:
        return RIGHT in repository(self.workspace).text


@pytest.fixture
def desk(
    open_window: OpenWindow,
    workspace: Path,
    data_folder: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> Desk:
    scripted_model.script = after_plan(EDIT, COMMIT)
    environment = steward_environment(data_folder, scripted_model.url)
    return Desk(open_window, environment, workspace, books, scripted_model)


def only(*kinds: str) -> Decide:
    """Yes to these kinds of question, and to trusting the folder; the others stand."""
    return lambda shown: "approve" if shown.kind in (*kinds, "trust") else None


def asked(window: Window) -> list[str]:
    """What a person was asked of a run there, in order."""
    return [kind for kind in window.person.kinds if kind != "trust"]


async def finished(window: Window, run_id: str) -> None:
    """Wait for the end of a run that this window is yet to take up."""
    while True:
        known = window.news
        if (await window.until_ended(run_id))["state"] == "finished":
            return
        await window.until_news(known)


async def test_a_shell_ends_a_run_that_a_window_works_on(desk: Desk) -> None:
    window = await desk.window(only("plan"))
    run_id = await window.run_agent()
    edit = await window.person.sees("edit")
    code, said = await desk.steward("list", "--open")
    assert code == 0
    assert run_id in said
    code, said = await desk.steward("cancel", run_id)
    assert (code, "was asked to end it" in said) == (0, True), said
    run = await window.until_ended(run_id)
    assert run["state"] == "cancelled"
    while edit.id not in window.closed:
        await window.until_news(window.news)
    await desk.books.until(lambda books: books.proposals()[0]["state"] == "refused")
    assert not desk.is_fixed()
    code, said = await desk.steward("cancel", run_id)
    assert (code, said) == (0, "The run is cancelled already.\n")


async def test_a_window_ends_a_run_of_another_window(desk: Desk) -> None:
    first = await desk.window(only())
    run_id = await first.run_agent()
    await first.person.sees("plan")
    second = await desk.window(only())
    assert await second.command("steward.run.cancel", runId=run_id) == {"state": "cancelled"}
    assert (await first.until_ended(run_id))["state"] == "cancelled"
    assert desk.books.actions("run.") == ["run.started", "run.cancel_asked", "run.cancelled"]


async def test_a_cancelled_run_goes_on_and_asks_again_what_was_open(desk: Desk) -> None:
    window = await desk.window(only("plan"))
    run_id = await window.run_agent()
    first = await window.person.sees("edit")
    await window.command("steward.run.cancel", runId=run_id)
    window.person.decide = approve
    assert await window.command("steward.run.resume", runId=run_id) == {"state": "working"}
    again = await window.person.sees("edit", 2)
    assert (again.text, again.id != first.id) == (first.text, True)
    assert (await window.until_ended(run_id))["state"] == "finished"
    assert desk.is_fixed()
    assert len(commits(desk.workspace)) == 1
    # The plan and what led to the edit were not asked of the model again, nor of the person.
    assert asked(window) == ["plan", "edit", "edit", "commit"]
    assert len(desk.model.exchanges) == PLAN_AND_EDIT + 2
    shown = await desk.shown(run_id)
    assert (shown["attempt"], shown["state"]) == (2, "finished")
    assert {step["attempt"] for step in shown["steps"]} == {1, 2}


async def test_a_run_of_a_killed_window_is_ended_at_a_shell_and_goes_on_in_the_next_window(
    desk: Desk,
) -> None:
    first = await desk.window(only("plan"))
    run_id = await first.run_agent()
    await first.person.sees("edit")
    await first.kill()
    code, said = await desk.steward("cancel", run_id)
    assert (code, said) == (0, "Cancelled. What was landed stays.\n")
    assert not [row for row in desk.books.approvals() if row["state"] == "pending"]
    code, said = await desk.steward("resume", run_id)
    assert code == 0, said
    assert str(desk.workspace) in said
    second = await desk.window(approve)
    await finished(second, run_id)
    assert desk.is_fixed()
    assert asked(second) == ["edit", "commit"]
    assert len(desk.model.exchanges) == PLAN_AND_EDIT + 2
    assert [row["state"] for row in desk.books.proposals()] == ["applied", "applied"]


async def test_what_was_landed_before_a_run_failed_is_not_landed_again(desk: Desk) -> None:
    desk.model.script = _failing_after_the_edit(desk.model.script)
    window = await desk.window(approve)
    run_id = await window.run_agent()
    assert (await window.until_ended(run_id))["state"] == "failed"
    assert desk.is_fixed()
    edits = len(window.edits)
    desk.model.script = after_plan(EDIT, COMMIT)
    code, said = await desk.steward("resume", run_id)
    assert code == 0, said
    await finished(window, run_id)
    assert len(window.edits) == edits == 1
    assert len(commits(desk.workspace)) == 1
    assert asked(window) == ["plan", "edit", "commit"]
    code, said = await desk.steward("resume", run_id)
    assert (code, "is finished" in said) == (2, True), said


def _failing_after_the_edit(script: Script) -> Script:
    def failing(request: dict[str, object]) -> Reply:
        reply = script(request)
        is_after = task_of(request) == "agent" and bool(results_in(request))
        return Reply(fault=Refuse(400)) if is_after else reply

    return failing


async def test_a_run_is_watched_from_a_shell_until_it_ends(desk: Desk) -> None:
    window = await desk.window(only("edit", "commit"))
    run_id = await window.run_agent()
    plan = await window.person.sees("plan")
    lines: list[dict[str, Any]] = []
    async for line in desk.watched():
        lines.append(line)
        if "question" in line and not plan.choice.done():
            plan.answer("approve")
    assert lines[0]["run"]["id"] == run_id
    steps = [line["step"]["name"] for line in lines if "step" in line]
    assert len(steps) == len(set(steps))
    assert {"plan", "think-0", "tool-0-0", "land-0-0"} <= set(steps)
    assert lines[-1]["state"]["state"] == "finished"
