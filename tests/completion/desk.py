"""Ghost text at a desk: a suggester over a real gateway, and somebody who types."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from steward.completion.asking.along import moved
from steward.completion.asking.flight import Flight
from steward.completion.offer import Offer
from steward.completion.settings import CompletionSettings
from steward.completion.suggest import Suggester
from steward.context.cursor import Cursor
from steward.core.clock import ManualClock
from steward.core.principal import Principal
from steward.gateway.observe import CallRecord
from steward.ledger.ledger import Ledger
from steward.workspace.edit import Edit
from tests.rooms import DEADLINE_S, Ground, numbered, open_gateway, open_ground

ANN = Principal("ann", "session-1", "/work")


class Pauses:
    """Pauses that end when the clock is moved, and not before."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, asyncio.Event]] = []
        self._numbers = itertools.count()
        self.asked: list[float] = []
        """How long every pause was to be."""

    async def pause(self, seconds: float) -> None:
        over = asyncio.Event()
        self.asked.append(seconds)
        due_s = self._clock.monotonic_s() + seconds
        heapq.heappush(self._due, (due_s, next(self._numbers), over))
        await over.wait()

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, and whoever waited for it go on."""
        end_s = self._clock.monotonic_s() + seconds
        await settle()
        while self._due and self._due[0][0] <= end_s + 1e-9:
            due_s, _, over = heapq.heappop(self._due)
            self._clock.advance(timedelta(seconds=max(0.0, due_s - self._clock.monotonic_s())))
            over.set()
            await settle()
        self._clock.advance(timedelta(seconds=end_s - self._clock.monotonic_s()))


async def settle() -> None:
    """Let everything go on that needs nobody else."""
    for _ in range(20):
        await asyncio.sleep(0)


class Calls:
    """Every model call, when it is over."""

    def __init__(self) -> None:
        self.seen: list[CallRecord] = []
        self.wants_text = False

    def observed(self, record: CallRecord) -> None:
        self.seen.append(record)


@dataclass
class Desk:
    suggester: Suggester
    ledger: Ledger
    ground: Ground
    pauses: Pauses
    calls: Calls

    def flight(self, cursor: Cursor) -> Flight | None:
        """The newest request to the model for the cursor's document."""
        found = self.suggester._desks.find(cursor.document)
        return found and found.flight

    async def offer(self, cursor: Cursor, *, is_automatic: bool = True) -> Offer | None:
        async with asyncio.timeout(DEADLINE_S):
            return await self.suggester.suggest(ANN, cursor, is_automatic=is_automatic)

    async def text(self, cursor: Cursor, *, is_automatic: bool = True) -> str:
        """What is offered; nothing is an empty string."""
        found = await self.offer(cursor, is_automatic=is_automatic)
        return found.suggestion.text if found else ""


@asynccontextmanager
async def open_desk(folder: Path, url: str, **chosen: object) -> AsyncGenerator[Desk]:
    """Nobody waits for a pause in the typing, and nothing is asked ahead, if not chosen."""
    settings = CompletionSettings.model_validate(
        {"wait": timedelta(0), "output_tokens_max": 50, "speculative": False} | chosen
    )
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(open_ground(folder / "steward.db"))
        gateway, ledger = await stack.enter_async_context(
            open_gateway(url, folder, ground.database, ground.clock, ground.events)
        )
        pauses, calls = Pauses(ground.clock), Calls()
        gateway.report_to(calls)
        suggester = Suggester(gateway, None, ground.clock, pauses.pause, numbered("id"), settings)
        await stack.enter_async_context(suggester.running())
        yield Desk(suggester, ledger, ground, pauses, calls)


class Typist:
    """An editor with one document: it tells each edit, and cancels what it asked for before."""

    def __init__(self, desk: Desk, cursor: Cursor) -> None:
        self.desk = desk
        self.cursor = cursor
        self.asked: asyncio.Task[Offer | None] | None = None
        self._version = 1

    def edit(self, inserted: str, removed: str = "", back: int = 0) -> None:
        """Put text at the cursor; `back` is how far before it the removed text begins."""
        column = len(self.cursor.line_before) - back
        edit = Edit(
            self.cursor.document,
            self.cursor.path,
            (self.cursor.line, column),
            removed,
            inserted,
            self._version,
        )
        self._version += 1
        self.desk.suggester.edited(edit)
        after = moved(self.cursor, edit)
        assert after is not None, "a typist edits where the cursor is"
        self.cursor = after

    def backspace(self) -> None:
        self.edit("", self.cursor.before[-1], back=1)

    def ask(self) -> "asyncio.Task[Offer | None]":
        """Ask at the cursor, and want no earlier answer any more."""
        self.leave()
        suggesting = self.desk.suggester.suggest(ANN, self.cursor, is_automatic=True)
        self.asked = asyncio.create_task(suggesting)
        return self.asked

    def leave(self) -> None:
        if self.asked is not None:
            self.asked.cancel()

    def type(self, text: str) -> "asyncio.Task[Offer | None]":
        """One key, and the request that it brings."""
        self.edit(text)
        return self.ask()


def typed(cursor: Cursor, text: str) -> Cursor:
    return replace(cursor, before=cursor.before + text, line=cursor.line + text.count("\n"))


def shown(offer: Offer | None) -> str:
    return offer.suggestion.text if offer else ""
