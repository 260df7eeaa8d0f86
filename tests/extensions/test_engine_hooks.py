"""Who looks at the moments of runs, and what a hook that fails does to them: nothing."""

import asyncio
from typing import Any, cast

from steward.core.agent_limits import ENGINE_MOMENTS_MAX
from steward.core.errors import UnavailableError
from steward.extensions.current import Current
from steward.extensions.engine_hooks import EngineHooks, Moment
from steward.extensions.manifest import EngineHook, Manifest
from steward.extensions.packages.installed import Installed
from steward.extensions.payloads import EngineMoment, EngineVerdict

BEFORE = Moment("r1", "fix", "tool", "before", "edit_file", ("a.py",))


def one(extension: str, *, veto: bool = True, granted: str = "engine.veto") -> Installed:
    manifest = Manifest(
        id=extension,
        name="N",
        version="1.0.0",
        publisher="P",
        api_version="1.0",
        engine_hooks=(EngineHook(point="tool", time="before", veto=veto),),
    )
    allowed = frozenset((cast("Any", granted),))
    return Installed(manifest, {}, "d", is_shipped=False, granted=allowed, state="enabled")


class Running:
    """Stands where extensions run: each answers as it was told to."""

    def __init__(self, *installed: Installed, says: dict[str, object] | None = None) -> None:
        self.installed, self.says = installed, says or {}
        self.told: list[tuple[str, str, EngineMoment]] = []
        self.news = asyncio.Event()

    def active(self) -> tuple[Installed, ...]:
        return self.installed

    async def call(self, extension: str, topic: str, payload: EngineMoment, _answer: Any) -> Any:
        self.told.append((extension, topic, payload))
        self.news.set()
        said = self.says.get(extension)
        if isinstance(said, Exception):
            raise said
        if said == "sleeps":
            await asyncio.sleep(60)
        return EngineVerdict(veto=cast("str | None", said))


def hooks(running: Running) -> EngineHooks:
    return EngineHooks(Current(cast("Any", running)))


async def test_a_veto_names_who_gave_it() -> None:
    running = Running(one("a.a"), one("b.b"), says={"b.b": "not on\nSundays"})
    veto = await hooks(running).before(BEFORE)
    assert veto is not None
    assert veto.told == "the extension b.b stopped it: not on Sundays"
    assert [(each[0], each[1]) for each in running.told] == [
        ("a.a", "engine:before-tool"),
        ("b.b", "engine:before-tool"),
    ]


async def test_a_veto_counts_only_with_its_grant() -> None:
    running = Running(one("a.a", granted="engine.observe"), says={"a.a": "no"})
    assert await hooks(running).before(BEFORE) is None


async def test_a_hook_that_fails_or_is_slow_stops_nothing() -> None:
    running = Running(
        one("a.a"), one("b.b"), says={"a.a": UnavailableError("crashed"), "b.b": "sleeps"}
    )
    assert await hooks(running).before(BEFORE) is None


async def test_observers_are_told_in_the_background_and_hold_nobody_up() -> None:
    running = Running(one("a.a", veto=False, granted="engine.observe"), says={"a.a": "sleeps"})
    looking = hooks(running)
    for _ in range(ENGINE_MOMENTS_MAX + 5):
        assert await looking.before(BEFORE) is None
    assert running.told == []
    async with looking.running():
        await running.news.wait()
    assert running.told[0][2].name == "edit_file"


async def test_without_extensions_nothing_is_asked_and_nothing_kept() -> None:
    looking = EngineHooks(Current())
    assert await looking.before(BEFORE) is None
