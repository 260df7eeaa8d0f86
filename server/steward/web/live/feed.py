"""The newest of the outbox at hand: read once, encoded once, and filtered once for all alike."""

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial

from steward.core.database import Database
from steward.core.live_limits import LIVE_FRAME_EVENTS_MAX
from steward.core.outbox import Happening, newest_after
from steward.permissions.sight import Sight
from steward.web.live.event import KINDS, as_text, message
from steward.web.live.socket import frame_of

_ACCESS = "access"
"""The kind of what only servers hear."""


@dataclass(frozen=True, slots=True)
class View:
    """What somebody asked for, of what they may see."""

    sight: Sight
    kinds: frozenset[str] = KINDS

    def shows(self, happening: Happening) -> bool:
        """Whether it is told."""
        return happening.kind in self.kinds and self.sight.sees(happening)


@dataclass(frozen=True, slots=True)
class Told:
    """A frame, and how far whoever was sent it has come."""

    seq: int
    frame: bytes


class Feed:
    """A window on the outbox that ends at its newest row and is never longer than so many."""

    def __init__(self, database: Database, kept_max: int) -> None:
        self._database = database
        self._kept_max = kept_max
        self._rows: deque[tuple[Happening, str]] = deque()
        self._frames: dict[tuple[int, View], tuple[Told, ...]] = {}
        self._reading = asyncio.Lock()
        self._reads = 0
        self.head = 0
        """The newest row that was read."""
        self.floor = 0
        """Everything behind this is at hand."""
        self._has_access_changed = False

    async def read(self) -> None:
        """Take in what is new since the last time."""
        async with self._reading:
            await self._read()

    async def fresh(self) -> None:
        """Return when whatever was committed before this call has been read, by whomever."""
        begun = self._reads
        async with self._reading:
            if self._reads == begun:
                await self._read()

    def after(self, seq: int, view: View, most: int) -> list[str]:
        """The first elements behind a number that is not below the floor."""
        found: list[str] = []
        for happening, element in self._behind(seq):
            if view.shows(happening):
                found.append(element)
                if len(found) == most:
                    break
        return found

    def has_all_after(self, seq: int) -> bool:
        """Whether nothing is missing behind a number."""
        return self.floor <= seq <= self.head

    def frames(self, after: int, view: View, *, is_for_many: bool) -> tuple[Told, ...]:
        """Frames that tell everything behind a number that is not below the floor.

        Those for many are kept until there is something newer. Who comes back from a number of
        their own choice is one alone: nothing of that is kept, however many numbers they choose.
        """
        if not is_for_many:
            return tuple(self._made(after, view))
        key = after, view
        found = self._frames.get(key)
        if found is None:
            found = self._frames[key] = tuple(self._made(after, view))
        return found

    def take_access_changed(self) -> bool:
        """Whether somebody may see something else, since this was asked last."""
        changed, self._has_access_changed = self._has_access_changed, False
        return changed

    async def _read(self) -> None:
        self._reads += 1
        most = self._kept_max
        rows = await self._database.read(partial(newest_after, after=self.head, most=most))
        if not rows:
            return
        if len(rows) == most:
            self._rows.clear()
            self.floor = rows[0].seq - 1
        self._rows.extend((each, as_text(each) if each.kind in KINDS else "") for each in rows)
        while len(self._rows) > most:
            self.floor = self._rows.popleft()[0].seq
        self.head = rows[-1].seq
        self._frames.clear()
        self._has_access_changed |= any(each.kind == _ACCESS for each in rows)

    def _behind(self, seq: int) -> list[tuple[Happening, str]]:
        found: list[tuple[Happening, str]] = []
        for row in reversed(self._rows):  # Most ask for the newest few.
            if row[0].seq <= seq:
                break
            found.append(row)
        return found[::-1]

    def _made(self, after: int, view: View) -> list[Told]:
        shown = [(each.seq, text) for each, text in self._behind(after) if view.shows(each)]
        told: list[Told] = []
        for begin in range(0, len(shown), LIVE_FRAME_EVENTS_MAX):
            part = shown[begin : begin + LIVE_FRAME_EVENTS_MAX]
            told.append(Told(part[-1][0], frame_of(message(text for _, text in part))))
        return told
