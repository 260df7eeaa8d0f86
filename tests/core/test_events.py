"""Events are for watching: a slow watcher loses some, and nobody waits for it."""

import asyncio

from steward.core.events import Events, Spent
from steward.core.limits import EVENTS_QUEUED_MAX


def spent(number: int) -> Spent:
    return Spent("local", f"user-{number}")


async def test_every_watcher_sees_everything_in_order() -> None:
    events = Events()
    with events.watch() as one, events.watch() as other:
        for number in range(3):
            events.send(spent(number))
        for seen in (one, other):
            assert [await anext(seen) for _ in range(3)] == [spent(n) for n in range(3)]


async def test_a_watcher_that_falls_behind_loses_the_oldest() -> None:
    events = Events()
    with events.watch() as seen:
        for number in range(EVENTS_QUEUED_MAX + 5):
            events.send(spent(number))
        assert await anext(seen) == spent(5)


async def test_a_watcher_that_left_is_told_nothing() -> None:
    events = Events()
    with events.watch() as seen:
        events.send(spent(1))
        assert await anext(seen) == spent(1)
    events.send(spent(2))
    with events.watch() as later:
        waiting = asyncio.ensure_future(anext(later))
        await asyncio.sleep(0)
        assert not waiting.done()
        events.send(spent(3))
        assert await waiting == spent(3)
