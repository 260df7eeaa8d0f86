"""A run's finished steps are played from the journal by whoever takes the run over."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from steward.agents.workflows.durable import DurableEngine, Interpret, StepFailedError
from steward.agents.workflows.journal import Journal, JsonObject
from steward.agents.workflows.owner import Owner
from steward.core.errors import StaleError
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
