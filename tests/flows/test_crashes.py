"""The server is killed in the middle of a run, and the next one goes on as if nothing had been.

What the killed server had in hand may be asked for once more; what it had finished may not.
"""

import asyncio
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from lsprotocol import types

from demo.replies import Reply, Script, Stall, always
from demo.script import RIGHT, WRONG
from demo.scripted_model import ScriptedModel
from tests.applying import apply_whole
from tests.client import ASKING, OURS, Window
from tests.connection import ServerGoneError
from tests.environment import git
from tests.flows.books import Books, Repository, commits, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT, TEST, after_plan
from tests.jailed import working_jail
from tests.person import Person, approve, leave_open

pytestmark = pytest.mark.timeout(120)

SCRIPT = after_plan(TEST, EDIT, COMMIT)
MODEL_STEPS = ("plan", "think-0", "think-1", "think-2", "think-3")
QUICK_TESTS = {"STEWARD_AGENTS__TEST_COMMAND": '["true"]'}
REPORTED = [
    "planning start",
    "waiting gather",
    "working gather",
    "planning plan",
    "working plan",
    "waiting ask-plan",
    "working ask-plan",
    "working think-0",
    "working tool-0-0",
    "working tool-0-0",
    "working think-1",
    "working tool-1-0",
    "working tool-1-0",
    "waiting land-1-0",
    "working land-1-0",
    "working think-2",
    "working tool-2-0",
    "working tool-2-0",
    "waiting land-2-0",
    "working land-2-0",
    "working think-3",
    "finished end",
]
"""What an undisturbed run reports, entering a step and leaving it."""
_TAKEN_BELOW = (
    "planning start",
    "working gather",
    "working ask-plan",
    "working land-1-0",
    "working land-2-0",
)
MOMENTS = [count for count, report in enumerate(REPORTED[:-1], 1) if report not in _TAKEN_BELOW]
"""After so many reports a run is killed. Those left out are taken more exactly further down."""
_SOME_IN_EVERY_RUN = [
    pytest.param(count, marks=[pytest.mark.soak] * (place % 2), id=f"{count} {REPORTED[count - 1]}")
    for place, count in enumerate(MOMENTS)
]
"""Every second of them; the others, which the tests of the engine die at too, under soak."""


@dataclass(frozen=True)
class Stage:
    """One story: its windows, its workspace, its model and its books."""

    open_window: OpenWindow
    workspace: Path
    model: ScriptedModel
    books: Books
    before: Repository

    async def window(self, person: Person, after: Window | None = None) -> Window:
        """A window; with `after`, the one that the person opens when the old server has died."""
        window = await self.open_window(ASKING, person=person, **QUICK_TESTS)
        for document in after.documents.values() if after else ():
            window.open(str(document.path.relative_to(self.workspace)), document.text)
        return window

    async def is_as_if_undisturbed(self, run_id: str, *windows: Window) -> None:
        """The run's end, wherever it was killed."""
        run = await windows[-1].until_ended(run_id)
        assert (run["state"], run["message"]) == ("finished", "Done.")
        after = repository(self.workspace)
        fixed = self.before.files["shop/delivery.py"].replace(WRONG.encode(), RIGHT.encode())
        assert after.files == self.before.files | {"shop/delivery.py": fixed}
        assert after.own == self.before.own
        (commit,) = commits(self.workspace)
        assert git(self.workspace, "show", f"{commit}:shop/delivery.py") + "\n" == after.text
        assert sum(len(window.edits) for window in windows) == 1
        assert [row["state"] for row in self.books.proposals()] == ["applied", "applied"]
        assert not [row for row in self.books.approvals() if row["state"] == "pending"]
        assert sorted(set(self.books.journaled())) == sorted(self.books.journaled())
        assert (await windows[-1].command("steward.audit"))["verified"]
        assert (await self.books.verdict()).is_intact

    def costs(self, *, cut_short: int) -> None:
        """Every call is paid for or given back; one that a kill cut short waits to expire."""
        rows = self.books.reservations()
        still_open = [row for row in rows if row["state"] == "open"]
        assert len(still_open) <= cut_short
        # What was promised just before the kill may never have been sent.
        assert 0 <= len(rows) - len(self.model.exchanges) <= len(still_open)
        assert all(row["expires_at"] for row in still_open)
        assert {row["state"] for row in rows} <= {"settled", "released", "open"}


@pytest.fixture
async def stage(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> Stage:
    """A workspace in which tests can be run, and the model of these stories."""
    await working_jail()
    scripted_model.script = SCRIPT
    return Stage(open_window, workspace, scripted_model, books, repository(workspace))


async def test_an_undisturbed_run_takes_these_steps(stage: Stage) -> None:
    window = await stage.window(Person(approve))
    run_id = await window.run_agent()
    await stage.is_as_if_undisturbed(run_id, window)
    await window.until_step(len(REPORTED))
    assert [f"{step['state']} {step['step']}" for step in window.steps] == REPORTED
    assert len(stage.model.exchanges) == len(MODEL_STEPS)
    stage.costs(cut_short=0)


@pytest.mark.parametrize("count", _SOME_IN_EVERY_RUN)
async def test_a_run_killed_between_any_two_steps_ends_as_if_it_had_not_been(
    stage: Stage, count: int
) -> None:
    first = await stage.window(Person(approve))
    run_id = await first.run_agent()
    await first.until_step(count)
    await first.kill()
    finished = [name for name in stage.books.journaled() if name in MODEL_STEPS]
    paid = len(stage.model.exchanges)
    pending = [row for row in stage.books.approvals() if row["state"] == "pending"]

    second = await stage.window(Person(approve), after=first)
    await stage.is_as_if_undisturbed(run_id, first, second)
    assert len(stage.model.exchanges) - paid == len(MODEL_STEPS) - len(finished)
    assert paid - len(finished) <= 1
    stage.costs(cut_short=1)
    asked = (*second.person.trusted, *second.person.shown)
    shown = {question.id: question.digest for question in asked}
    assert all(shown[row["id"]] == row["digest"] for row in pending)


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("trust", "gather"),
        ("plan", "ask-plan"),
        ("command", "tool-0-0"),
        ("edit", "land-1-0"),
        ("commit", "land-2-0"),
    ],
)
async def test_a_step_done_and_not_yet_journaled_is_not_done_twice(
    stage: Stage, kind: str, step: str
) -> None:
    person = Person(lambda shown: None if shown.kind == kind else "approve", trusts=False)
    first = await stage.window(person)
    run_id = await first.run_agent()
    question = await first.person.sees(kind)
    with _journal_held(stage.books):
        question.answer("approve")
        await stage.books.until(lambda books: step in books.steps())
        await first.kill()
    assert step not in stage.books.journaled()

    second = await stage.window(Person(approve), after=first)
    await stage.is_as_if_undisturbed(run_id, first, second)
    assert len(stage.model.exchanges) == len(MODEL_STEPS)
    stage.costs(cut_short=0)


@pytest.mark.parametrize("number", [0, 1, 4], ids=["plan", "first turn", "last turn"])
async def test_an_answer_paid_for_and_not_yet_journaled_is_asked_for_once_more(
    stage: Stage, number: int
) -> None:
    spoken = asyncio.Event()
    stage.model.script = _held(number, spoken)
    first = await stage.window(Person(approve))
    run_id = await first.run_agent()
    await stage.model.arrived(number + 1)
    with _journal_held(stage.books):
        spoken.set()
        await stage.books.until(lambda books: _states(books) == ["settled"] * (number + 1))
        await first.kill()
    assert MODEL_STEPS[number] not in stage.books.journaled()

    second = await stage.window(Person(approve), after=first)
    await stage.is_as_if_undisturbed(run_id, first, second)
    assert len(stage.model.exchanges) == len(MODEL_STEPS) + 1
    stage.costs(cut_short=0)


async def test_a_question_open_at_a_kill_is_shown_again_with_the_same_digest(
    stage: Stage,
) -> None:
    windows = [await stage.window(Person(leave_open))]
    run_id = await windows[0].run_agent()
    for kind in ("plan", "command", "edit", "commit"):
        question = await windows[-1].person.sees(kind)
        await windows[-1].kill()
        windows.append(await stage.window(Person(leave_open), after=windows[-1]))
        again = await windows[-1].person.sees(kind)
        assert (again.id, again.digest, again.text) == (
            question.id,
            question.digest,
            question.text,
        )
        again.answer("approve")
    await stage.is_as_if_undisturbed(run_id, *windows)
    assert len(stage.model.exchanges) == len(MODEL_STEPS)
    stage.costs(cut_short=0)


async def test_an_edit_that_the_editor_made_just_before_a_kill_is_found_and_not_made_twice(
    stage: Stage,
) -> None:
    async def apply_and_die(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
        is_applied = await apply_whole(window, params)
        window.client.process.kill()
        return is_applied

    first = await stage.window(Person(approve))
    first.apply = apply_and_die
    run_id = await first.run_agent()
    await first.client.until_gone()
    await first.kill()
    assert [row["state"] for row in stage.books.proposals()] == ["applying"]
    second = await stage.window(Person(approve), after=first)
    await stage.is_as_if_undisturbed(run_id, first, second)
    assert second.person.kinds == ["commit"]


async def test_an_approved_edit_that_a_kill_kept_from_the_editor_is_asked_about_again(
    stage: Stage,
) -> None:
    async def die(window: Window, _params: types.ApplyWorkspaceEditParams) -> bool:
        window.edits.clear()  # It never got there.
        window.client.process.kill()
        return False

    first = await stage.window(Person(approve))
    first.apply = die
    run_id = await first.run_agent()
    await first.client.until_gone()
    await first.kill()
    assert repository(stage.workspace) == stage.before
    second = await stage.window(Person(approve), after=first)
    await stage.is_as_if_undisturbed(run_id, first, second)
    assert second.person.kinds == ["edit", "commit"]


async def test_a_call_cut_short_by_a_kill_is_made_anew_and_its_promise_waits_to_expire(
    stage: Stage,
) -> None:
    stage.model.script = always(Reply(pieces=("{", "}"), fault=Stall(after_pieces=1)))
    first = await stage.window(Person(approve))
    run_id = await first.run_agent()
    exchange = await stage.model.arrived()
    await exchange.started()
    await first.kill()
    await exchange.closed_early()
    stage.model.script = SCRIPT

    second = await stage.window(Person(approve), after=first)
    await stage.is_as_if_undisturbed(run_id, first, second)
    assert len(stage.model.exchanges) == len(MODEL_STEPS) + 1
    assert _states(stage.books) == ["open"] + ["settled"] * len(MODEL_STEPS)
    stage.costs(cut_short=1)


async def test_our_own_client_shows_the_diff_again_after_a_kill(stage: Stage) -> None:
    stage.model.script = after_plan(EDIT)
    first = await stage.open_window(
        OURS, person=Person(lambda shown: None if shown.kind == "edit" else "approve")
    )
    run_id = await first.run_agent()
    await first.person.sees("edit")
    await first.kill()
    assert repository(stage.workspace) == stage.before
    second = await stage.open_window(OURS)
    assert (await second.until_ended(run_id))["state"] == "finished"
    assert second.person.kinds == ["edit"]
    assert RIGHT in repository(stage.workspace).text
    assert [row["state"] for row in stage.books.proposals()] == ["applied"]


async def test_a_run_cut_off_before_its_first_step_says_so(stage: Stage) -> None:
    first = await stage.window(Person(approve))
    await first.until_ended(await first.run_agent())
    seen = len(first.steps)
    with _journal_held(stage.books):
        started = asyncio.ensure_future(first.run_agent())
        run_id = (await first.until_step(seen + 1))["runId"]
        await first.kill()
    with suppress(ServerGoneError):
        await started
    second = await stage.window(Person(approve), after=first)
    run = await second.until_ended(run_id)
    assert run["state"] == "failed"
    assert "start it again" in run["message"]


async def test_leaving_in_order_in_the_middle_of_a_run_only_interrupts_it(stage: Stage) -> None:
    first = await stage.window(Person(leave_open))
    run_id = await first.run_agent()
    question = await first.person.sees("plan")
    await first.close()
    second = await stage.window(Person(approve), after=first)
    await stage.is_as_if_undisturbed(run_id, first, second)
    assert second.person.shown[0].digest == question.digest
    assert len(stage.model.exchanges) == len(MODEL_STEPS)
    stage.costs(cut_short=0)


async def test_leaving_in_order_while_the_model_speaks_books_what_was_said(stage: Stage) -> None:
    stage.model.script = always(Reply(pieces=("{", "}"), fault=Stall(after_pieces=1)))
    first = await stage.window(Person(approve))
    run_id = await first.run_agent()
    exchange = await stage.model.arrived()
    await exchange.started()
    await first.close()
    assert _states(stage.books) == ["settled"]
    stage.model.script = SCRIPT
    second = await stage.window(Person(approve), after=first)
    await stage.is_as_if_undisturbed(run_id, first, second)
    stage.costs(cut_short=0)


@contextmanager
def _journal_held(books: Books) -> Generator[None]:
    """While inside, the engine can write nothing to its journal: steps happen unrecorded."""
    with closing(sqlite3.connect(books.folder / "engine.db", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        yield
        held.execute("ROLLBACK")


def _held(number: int, spoken: asyncio.Event) -> Script:
    """The script of these stories; the answer with this number waits for the event."""
    count = 0

    def script(request: dict[str, object]) -> Reply:
        nonlocal count
        count += 1
        reply = SCRIPT(request)
        if count != number + 1:
            return reply
        return Reply(reply.pieces, reply.tool_calls, hold=spoken)

    return script


def _states(books: Books) -> list[str]:
    return [row["state"] for row in books.reservations()]
