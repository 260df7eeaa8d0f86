"""Keeps the map of a workspace: nearest files first, in small slices, while nobody is typing.

Nothing happens before the first ghost text, or the first menu of actions, is wanted. Then the
files are listed and read on a thread, a few at a time, with pauses at least as long as the work.
Open documents count as the editor has them. Afterwards the disk is compared now and then, but
only while one of them is wanted; documents are read again when the typing pauses.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Literal, NoReturn

from steward.context.cursor import Cursor
from steward.context.map.index import Index
from steward.context.map.mapped_file import MappedFile
from steward.context.map.outlook import Lookout, Outlook
from steward.context.map.paths import shared_folders
from steward.context.map.resolve import resolved
from steward.context.map.survey import (
    Survey,
    is_mappable,
    read,
    renewed,
    state_of_text,
    survey,
    take,
)
from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.core.limits import MAP_BYTES_MAX, MAP_RECENT_MAX
from steward.syntax.language import language_of
from steward.workspace.edit import Edit
from steward.workspace.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard the map is worked on. In seconds."""

    slice_s: float = 0.008
    """A slice ends after the file in which this much time is over."""
    pause_s: float = 0.008
    """The shortest pause between two slices; it is at least as long as the slice was."""
    quiet_s: float = 0.3
    """So long after a key a document is read again, and slices come more slowly before."""
    typing_pause_s: float = 0.1
    """The pause between two slices while keys are typed."""
    renewed_s: float = 30.0
    """The disk is compared when ghost text is wanted, and not more often than this."""


_OPEN_WEIGHT = 0.1
_RECENT_WEIGHT = 0.2
_SLICE_FILES_MAX = 64
_KNOWN_AT_ONCE = 64
"""Files that come or go before others have their turn."""

_News = MappedFile | Literal["same"] | None
"""What reading a file brought: its symbols, that they are known, or that it is not to be mapped."""


class SymbolMap:
    """The symbols of a workspace, and what of them matters at a cursor."""

    def __init__(self, workspace: Workspace, clock: Clock, pace: Pace | None = None) -> None:
        self._workspace = workspace
        self._clock = clock
        self._pace = pace or Pace()
        self._index = Index()
        self._lookout = Lookout(self._index)
        self._survey = Survey({}, {})
        self._surveyed_s: float | None = None
        self.surveys = 0
        """How often the disk was looked at."""
        self._bytes_left = MAP_BYTES_MAX
        self._queue: dict[str, None] = {}
        """What is to be read, in this order."""
        self._edited: dict[str, None] = {}
        """Documents that were edited and not read since."""
        self._reading: dict[str, None] = {}
        """What is being read on the thread."""
        self._recent: dict[str, None] = {}
        self._opened: dict[str, None] = {}
        self._cursor_path = ""
        self._wanted = False
        self._wake = asyncio.Event()
        self._typed_s = float("-inf")
        self._is_closed = False
        self._looking = asyncio.Lock()
        self._last: tuple[Cursor, Outlook] | None = None

    @property
    def files(self) -> int:
        """How many files are mapped."""
        return len(self._index)

    @property
    def is_settled(self) -> bool:
        """Whether everything that was found has been read."""
        return self._surveyed_s is not None and not (self._queue or self._edited or self._reading)

    def want(self, path: str) -> None:
        """Read what there is, what is near this file first: somebody will ask for it."""
        self._cursor_path = path
        self._wanted = True
        self._wake.set()

    def mapped(self) -> list[MappedFile]:
        """Every file that has been read, in its last state."""
        found = map(self._index.file, self._index.paths.all())
        return [file for file in found if file is not None]

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncGenerator[None]:
        """A block during which the map is worked on whenever it is wanted."""
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(self._keep_fresh())
            try:
                yield
            finally:
                self._is_closed = True  # A thread that lists or parses looks here and ends.
                work.cancel()

    def note(self, edit: Edit) -> None:
        """Take an edit that is about to be applied; for `Session.on_edit`."""
        self._typed_s = self._clock.monotonic_s()
        if edit.path is None:
            return
        self._recent.pop(edit.path, None)
        self._recent[edit.path] = None
        if len(self._recent) > MAP_RECENT_MAX:
            del self._recent[next(iter(self._recent))]
        if self._surveyed_s is not None and is_mappable(edit.path):
            self._edited[edit.path] = None
            self._wake.set()

    def changed(self, path: str) -> None:
        """Read a file again soon: it was opened, saved, closed, created or removed."""
        if self._surveyed_s is not None and is_mappable(path):
            self._queue = {path: None, **self._queue}
            self._wake.set()

    def forget(self, path: str) -> None:
        """Drop a file that no model may see any more."""
        self._index.drop(path)
        self._queue.pop(path, None)
        self._last = None

    async def outlook(self, cursor: Cursor) -> Outlook:
        """What matters at a cursor, from what is mapped so far."""
        self.want(cursor.path)
        async with self._looking:
            if self._last is not None and self._last[0] is cursor:
                return self._last[1]
            seeds = dict.fromkeys(self._opened, _OPEN_WEIGHT)
            seeds |= dict.fromkeys(self._recent, _RECENT_WEIGHT)
            found = await asyncio.to_thread(self._lookout.look, cursor, seeds)
            self._last = (cursor, found)
            self._hurry(found.files)
            return found

    def _hurry(self, paths: Iterable[str]) -> None:
        """Read these next, as far as they are waiting."""
        first = {path: None for path in paths if path in self._queue}
        if first:
            self._queue = first | self._queue

    async def _keep_fresh(self) -> NoReturn:
        while True:
            try:
                await self._go_on()
            except Exception as error:
                # The map is a convenience: whatever ails it must not end the editor's session.
                _log.warning("the symbol map gave up a slice: %s", type(error).__name__)
                self._queue.clear()
                self._edited.clear()
                self._reading.clear()
                await asyncio.sleep(self._pace.typing_pause_s)

    async def _go_on(self) -> None:
        if self._is_due():
            await self._look_at_disk()
        self._reading = self._next()
        if self._reading:
            await self._work(list(self._reading))
        else:
            await self._wait()

    def _is_due(self) -> bool:
        if not self._wanted:
            return False
        if self._surveyed_s is None:
            return True
        if self._queue:
            return False
        return self._clock.monotonic_s() - self._surveyed_s >= self._pace.renewed_s

    async def _look_at_disk(self) -> None:
        """List what there is, or see what has changed, and queue what must be read."""
        self._wanted = False
        root, oracle = self._workspace.root, self._workspace.oracle
        if self._surveyed_s is None:
            found = await asyncio.to_thread(survey, root, oracle, self._goes_on)
        else:
            found = await asyncio.to_thread(renewed, root, oracle, self._survey, self._goes_on)
        self._survey = found
        self._bytes_left = MAP_BYTES_MAX
        opened = self._opened = dict.fromkeys(self._open_texts())
        await self._know(found.files, opened)
        stale = await asyncio.to_thread(self._stale, opened)
        self._queue = dict.fromkeys((*self._queue, *stale))
        self._surveyed_s = self._clock.monotonic_s()
        self.surveys += 1

    async def _know(self, files: Collection[str], opened: Collection[str]) -> None:
        """Know which files there are. Thousands may come or go at once, and keys go before them."""
        known = self._index.paths.all()
        for number, path in enumerate((*known, *files)):
            if path in files:
                self._index.paths.add(path)
            elif path not in opened:
                self._index.drop(path)
            if number % _KNOWN_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _stale(self, opened: Collection[str]) -> list[str]:
        """What must be read, in this order. Takes milliseconds: on a thread."""
        files = self._survey.files
        stale = [
            path
            for path in (*opened, *files)
            if (known := self._index.file(path)) is None or known.signature != files.get(path)
        ]
        return self._nearest_first(stale, opened)

    def _nearest_first(self, paths: Collection[str], opened: Collection[str]) -> list[str]:
        """Open documents, what the cursor's file imports, its folder, and so on outwards."""
        near = self._cursor_path
        first = dict.fromkeys(opened, 0)
        own = self._index.file(near)
        for said in own.imports if own else ():
            for path in resolved(said, near, language_of(near), self._index.paths):
                first.setdefault(path, 1)
        return sorted(
            paths,
            key=lambda path: (
                first.get(path, 2),
                -shared_folders(path, near),
                path.count("/"),
                path,
            ),
        )

    def _next(self) -> dict[str, None]:
        """Take the files of the next slice: edited documents first, when the typing pauses."""
        if self._edited and self._quiet_in_s() <= 0:
            names, self._edited = self._edited, {}
        else:
            names = dict.fromkeys(islice(self._queue, _SLICE_FILES_MAX))
        for name in names:
            self._queue.pop(name, None)
        return names

    async def _work(self, names: list[str]) -> None:
        """Read as many of these files as fit into a slice, then rest."""
        texts = self._open_texts()
        began_s = self._clock.monotonic_s()
        known = {name: file.signature for name in names if (file := self._index.file(name))}
        done = await asyncio.to_thread(self._slice, names, texts, known)
        self._opened = dict.fromkeys(texts)
        for name, news in done.items():
            if news is None:
                self._index.drop(name)
            elif news != "same":
                self._index.put(news)
                self._bytes_left -= max(news.signature[1], 0)
        self._queue |= {name: None for name in names if name not in done}
        self._reading.clear()
        if self._bytes_left <= 0:
            self._queue.clear()
        worked_s = self._clock.monotonic_s() - began_s
        is_typing = self._quiet_in_s() > 0
        rest_s = self._pace.typing_pause_s if is_typing else self._pace.pause_s
        await asyncio.sleep(max(rest_s, worked_s))

    def _slice(
        self, names: list[str], texts: Mapping[str, str], known: Mapping[str, tuple[int, int]]
    ) -> dict[str, _News]:
        """On a thread: what the files are now."""
        root, oracle = self._workspace.root, self._workspace.oracle
        done: dict[str, _News] = {}
        until_s = self._clock.monotonic_s() + self._pace.slice_s
        for name in names:
            text = texts.get(name)
            if text is None:
                done[name] = read(root, oracle, name)
            elif known.get(name) == state_of_text(text):
                done[name] = "same"
            else:
                done[name] = take(oracle, name, text)
            if self._clock.monotonic_s() >= until_s or self._is_closed:
                break
        return done

    async def _wait(self) -> None:
        """Until something is wanted, or an edited document has been left alone for a while."""
        self._wake.clear()
        within_s = max(0.001, self._quiet_in_s()) if self._edited else None
        try:
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        except TimeoutError:
            return

    def _quiet_in_s(self) -> float:
        return self._typed_s + self._pace.quiet_s - self._clock.monotonic_s()

    def _goes_on(self) -> bool:
        return not self._is_closed

    def _open_texts(self) -> dict[str, str]:
        """The open documents that can be mapped, as the editor has them."""
        return {
            name: text
            for path, text in self._workspace.editor.open_texts().items()
            if (name := self._name_of(str(path))) is not None and is_mappable(name)
        }

    def _name_of(self, path: str) -> str | None:
        try:
            return str(self._workspace.resolve(path))
        except StewardError:
            return None
