"""A run's finished steps are played from the journal by whoever takes the run over."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from steward.agents.workflows.durable import DurableEngine, Interpret, StepFailedError
from steward.agents.workflows.journal import Journal, JsonObject
from steward.agents.workflows.owner import Owner
from steward.core.errors import StaleError, UnavailableError
from tests.rooms import DEADLINE_S


@dataclass
class Work:
    """What a test's run does, and how far it came."""

    done: list[str] = field(default_factory=list[str])
    """Steps whose work was done, by whichever engine."""
    outcomes: list[object] = field(default_factory=list[object])
    """What each step brought, recorded or new."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def interpret(
        self, run_id: str, specification: Mapping[str, object], journal: Journal
    ) -> JsonObject:
        """Two steps, of which the second fails, and a third that waits."""
        self.outcomes.clear()
        self.outcomes.append(await journal.step("first", self._first))
        try:
            await journal.step("second", self._second)
        except StepFailedError as error:
            self.outcomes.append((error.code, str(error)))
        self.outcomes.append(await journal.step("third", self._third))
        self.outcomes.append((run_id, dict(specification)))
        self.ended.set()
        return {"state": "finished"}

    async def _first(self) -> JsonObject:
        self.done.append("first")
        return {"text": "ä\ud800\u2028", "number": len(self.done), "nothing": None, "list": [1]}

    async def _second(self) -> JsonObject:
        self.done.append("second")
        raise StaleError("The file moved on.")

    async def _third(self) -> JsonObject:
        self.done.append("third")
        self.reached.set()
        await self.may_go_on.wait()
        return {}


@asynccontextmanager
async def open_engine(
    folder: Path, owner: Owner, interpret: Interpret, workspace: str = "/work"
) -> AsyncGenerator[DurableEngine]:
    engine = DurableEngine(folder, workspace, owner, interpret)
    try:
        yield engine
    finally:
        await engine.close()
        await asyncio.to_thread(owner.release)


RECORDED = [
    {"text": "ä\ud800\u2028", "number": 1, "nothing": None, "list": [1]},
    ("steward.stale", "The file moved on."),
    {},
    ("run1", {"goal": "go", "nested": {"a": [1, None]}}),
]
SPECIFICATION = {"goal": "go", "nested": {"a": [1, None]}}


async def test_a_run_is_played_to_its_end(tmp_path: Path) -> None:
    work = Work()
    work.may_go_on.set()
    owner = Owner(tmp_path / "executors", "one")
    async with asyncio.timeout(DEADLINE_S), open_engine(tmp_path, owner, work.interpret) as engine:
        await engine.start("run1", SPECIFICATION)
        await work.ended.wait()
    assert work.outcomes == RECORDED
    assert work.done == ["first", "second", "third"]
    assert (tmp_path / "engine.db").stat().st_mode & 0o777 == 0o600


async def test_whoever_takes_a_run_over_repeats_no_finished_step(tmp_path: Path) -> None:
    work = Work()
    one, two = Owner(tmp_path / "executors", "one"), Owner(tmp_path / "executors", "two")
    async with asyncio.timeout(DEADLINE_S):
        async with open_engine(tmp_path, one, work.interpret) as engine:
            await engine.start("run1", SPECIFICATION)
            await work.reached.wait()
        assert not work.ended.is_set()
        work.may_go_on.set()
        async with open_engine(tmp_path, two, work.interpret) as engine:
            assert await engine.holder("run1") == "one"
            await engine.adopt("run1", "somebody else")
            assert await engine.holder("run1") == "one"
            await engine.adopt("run1", "one")
            await work.ended.wait()
    # The value is the recorded one (`number` counts the calls), the error has the same code, and
    # only the step that was cut off was begun again.
    assert work.outcomes == RECORDED
    assert work.done == ["first", "second", "third", "third"]


async def test_nobody_holds_a_run_that_the_engine_never_heard_of(tmp_path: Path) -> None:
    owner = Owner(tmp_path / "executors", "one")
    async with asyncio.timeout(DEADLINE_S), open_engine(tmp_path, owner, Work().interpret) as one:
        assert await one.holder("run1") is None


async def test_the_same_run_started_twice_is_one_run(tmp_path: Path) -> None:
    work = Work()
    owner = Owner(tmp_path / "executors", "one")
    async with asyncio.timeout(DEADLINE_S), open_engine(tmp_path, owner, work.interpret) as engine:
        await engine.start("run1", SPECIFICATION)
        await work.reached.wait()
        await engine.start("run1", SPECIFICATION)
        work.may_go_on.set()
        await work.ended.wait()
    assert work.done == ["first", "second", "third"]


async def test_a_cancelled_run_is_over_for_everybody(tmp_path: Path) -> None:
    work = Work()
    one, two = Owner(tmp_path / "executors", "one"), Owner(tmp_path / "executors", "two")
    async with asyncio.timeout(DEADLINE_S), AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(tmp_path, one, work.interpret))
        await engine.start("run1", SPECIFICATION)
        await work.reached.wait()
        await engine.cancel("run1")
        await stack.aclose()
        async with open_engine(tmp_path, two, work.interpret) as engine:
            assert await engine.holder("run1") is None
    assert not work.ended.is_set()
    assert work.done.count("third") == 1


@dataclass
class Steady:
    """A run whose second step fails or says that a limit is reached, until it may succeed."""

    second: str = "fails"
    done: list[str] = field(default_factory=list[str])
    ended: asyncio.Queue[str] = field(default_factory=asyncio.Queue[str])

    async def interpret(
        self, _run_id: str, _specification: Mapping[str, object], journal: Journal
    ) -> JsonObject:
        """Land something, think, and come to an end that says how."""
        await journal.step("land-0-0", self._first)
        try:
            thought = await journal.step("think-1", self._second)
            how = str(thought["how"])
        except StepFailedError as error:
            how = error.code
        if how == "well":
            await journal.step("land-1-0", self._first)
        await journal.step("end", self._end)
        self.ended.put_nowait(how)
        return {}

    async def _first(self) -> JsonObject:
        self.done.append("land")
        return {"text": "landed"}

    async def _second(self) -> JsonObject:
        self.done.append("think")
        if self.second == "fails":
            raise StaleError("No.")
        return {"how": self.second}

    async def _end(self) -> JsonObject:
        self.done.append("end")
        return {}


@pytest.mark.parametrize("end", ["fails", "capped"])
async def test_a_run_that_ended_early_does_again_what_ended_it_and_nothing_else(
    end: str, tmp_path: Path
) -> None:
    work = Steady(end)
    one, two = Owner(tmp_path / "executors", "one"), Owner(tmp_path / "executors", "two")
    async with asyncio.timeout(DEADLINE_S):
        async with open_engine(tmp_path, one, work.interpret) as engine:
            await engine.start("run1", SPECIFICATION)
            assert await work.ended.get() == {"fails": "steward.stale"}.get(end, end)
            await ended(engine)
        async with open_engine(tmp_path, two, work.interpret) as engine:
            # In another process, and once more to the same end.
            await engine.resume("run1", None)
            await work.ended.get()
            await ended(engine)
            work.second = "well"
            await engine.resume("run1", None)
            assert await work.ended.get() == "well"
    assert work.done == ["land", *["think", "end"] * 2, "think", "land", "end"]


async def test_a_run_that_a_bug_ended_in_a_tool_does_that_step_again(tmp_path: Path) -> None:
    tried: list[str] = []
    played: asyncio.Queue[str] = asyncio.Queue()

    async def tool() -> JsonObject:
        tried.append("tool")
        if len(tried) == 1:
            raise ValueError("A bug.")
        return {}

    async def end() -> JsonObject:
        return {}

    async def interpret(
        _run_id: str, _specification: Mapping[str, object], journal: Journal
    ) -> JsonObject:
        how = "well"
        try:
            await journal.step("tool-0-0", tool)
        except ValueError as error:
            how = type(error).__name__
        await journal.step("end", end)
        played.put_nowait(how)
        return {}

    owner = Owner(tmp_path / "executors", "one")
    async with asyncio.timeout(DEADLINE_S), open_engine(tmp_path, owner, interpret) as engine:
        await engine.start("run1", SPECIFICATION)
        assert await played.get() != "well"
        await ended(engine)
        await engine.resume("run1", None)
        assert await played.get() == "well"
    assert tried == ["tool", "tool"]


async def test_a_cancelled_run_goes_on_with_the_step_that_was_cut_off(tmp_path: Path) -> None:
    work = Work()
    owner = Owner(tmp_path / "executors", "one")
    async with asyncio.timeout(DEADLINE_S), open_engine(tmp_path, owner, work.interpret) as engine:
        await engine.start("run1", SPECIFICATION)
        await work.reached.wait()
        await engine.cancel("run1")
        work.may_go_on.set()
        await engine.resume("run1", SPECIFICATION)
        await work.ended.wait()
    assert work.outcomes == RECORDED
    assert work.done == ["first", "second", "third", "third"]


async def test_a_run_that_the_engine_never_heard_of_is_begun_or_refused(tmp_path: Path) -> None:
    work = Work()
    work.may_go_on.set()
    owner = Owner(tmp_path / "executors", "one")
    async with asyncio.timeout(DEADLINE_S), open_engine(tmp_path, owner, work.interpret) as engine:
        with pytest.raises(UnavailableError, match="holds nothing of the run 'run1'"):
            await engine.resume("run1", None)
        await engine.resume("run1", SPECIFICATION)
        await work.ended.wait()
    assert work.done == ["first", "second", "third"]


async def test_the_journal_forgets_runs_that_are_over_and_no_others(tmp_path: Path) -> None:
    work = Work()
    owner = Owner(tmp_path / "executors", "one")
    async with asyncio.timeout(DEADLINE_S), open_engine(tmp_path, owner, work.interpret) as engine:
        await engine.start("run1", SPECIFICATION)
        await work.reached.wait()
        await engine.forget(["run1", "run0"])
        assert await engine.holder("run1") == "one"
        await engine.cancel("run1")
        await engine.forget(["run1"])
        with pytest.raises(UnavailableError):
            await engine.resume("run1", None)


async def ended(engine: DurableEngine) -> None:
    """Wait until the engine has written the run's end down."""
    while await engine.holder("run1") is not None:
        await asyncio.sleep(0.01)
