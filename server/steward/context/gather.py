"""Asks all sources of snippets at once, and makes one list of what they find in time."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from steward.context.cursor import Cursor
from steward.context.snippet import Snippet, Source
from steward.context.tokens import count
from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.core.limits import GATHERED_DOCUMENTS_MAX, SNIPPETS_CHARS_MAX, SNIPPETS_MAX
from steward.workspace.paths import WorkspacePath
from steward.workspace.verdicts import RecentVerdicts

_log = logging.getLogger(__name__)

_RANK_SHIFT = 60
"""Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", SIGIR 2009: how little the first place
of one list counts against being on two."""
_PUT_TOGETHER = frozenset({"imported", "map"})
"""Sources whose snippets are no run of lines."""
_OWN_CHARS_BEFORE = 16_000
_OWN_CHARS_AFTER = 8_000

_FRESH_S = 0.3
"""Who types on in a line wants the same snippets at every key; so long they are not looked for."""


@dataclass(slots=True)
class _Document:
    """What was found for a document."""

    found: dict[str, tuple[Snippet, ...]] = field(default_factory=dict[str, tuple[Snippet, ...]])
    """By the name of the source."""
    line_at: int = -1
    """Where the cursor's line began when all sources were asked last and none was late."""
    at_s: float = 0.0

    def is_fresh(self, cursor: Cursor, now_s: float) -> bool:
        """Whether looking again would hardly find anything else."""
        return self.line_at == _line_at(cursor) and now_s - self.at_s < _FRESH_S


class Gatherer:
    """Gathers snippets for prompts, and remembers the last ones of each document.

    Nobody who types waits for a source: `latest` says at once what is known, `gather` renews it.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        verdicts: RecentVerdicts,
        clock: Clock,
        source_s: float = 0.15,
    ) -> None:
        """`source_s` is how long each source may take."""
        self._sources = sources
        self._verdicts = verdicts
        self._clock = clock
        self._source_s = source_s
        self._known: dict[str, _Document] = {}

    async def gather(self, cursor: Cursor, at_most_s: float | None = None) -> tuple[Snippet, ...]:
        """What all sources find, best first; of a late one what it found before.

        It takes twice `at_most_s` at the worst, or twice what a source may take. Cancelling it
        leaves nothing behind but the reading of files that a thread has begun.
        """
        within_s = self._source_s if at_most_s is None else min(at_most_s, self._source_s)
        document, now_s = self._of(cursor), self._clock.monotonic_s()
        if not document.is_fresh(cursor, now_s):
            async with asyncio.TaskGroup() as group:
                asked = [
                    group.create_task(_ask(source, cursor, within_s, document.found))
                    for source in self._sources
                ]
            with suppress(TimeoutError):  # The thread goes on, and the next key has the figures.
                async with asyncio.timeout(within_s):
                    await asyncio.to_thread(_count_all, cursor, tuple(document.found.values()))
            if all(task.result() for task in asked):
                document.line_at, document.at_s = _line_at(cursor), now_s
        return await self.latest(cursor)

    async def latest(self, cursor: Cursor) -> tuple[Snippet, ...]:
        """What was found last for this document, without looking again.

        Files that are ignored by now are left out. The oracle is asked about what was found more
        than a second ago, and about nothing else.
        """
        document = self._known.get(cursor.document)
        if document is None:
            return ()
        fused = fuse([document.found.get(each.name, ()) for each in self._sources], cursor)
        places = {each.path: place for each in fused if (place := _place(each.path)) is not None}
        verdicts = await self._verdicts.why_not_each(places.values())
        return tuple(
            each for each in fused if each.path in places and verdicts[places[each.path]] is None
        )

    def _of(self, cursor: Cursor) -> _Document:
        document = self._known.pop(cursor.document, None) or _Document()
        self._known[cursor.document] = document
        if len(self._known) > GATHERED_DOCUMENTS_MAX:
            del self._known[next(iter(self._known))]
        return document


def _count_all(cursor: Cursor, found: Iterable[Sequence[Snippet]]) -> None:
    """Count on a thread what a prompt will be cut from: lines that are known count in no time."""
    for text in (_own(cursor), *(each.text for snippets in found for each in snippets)):
        count(text)


def _line_at(cursor: Cursor) -> int:
    return len(cursor.before) - len(cursor.line_before)


@lru_cache(maxsize=256)
def _place(path: str) -> WorkspacePath | None:
    try:
        return WorkspacePath.parse(path)
    except StewardError:
        return None


async def _ask(
    source: Source, cursor: Cursor, within_s: float, found: dict[str, tuple[Snippet, ...]]
) -> bool:
    """Whether it was in time."""
    try:
        async with asyncio.timeout(within_s):
            found[source.name] = tuple(await source.find(cursor))[:SNIPPETS_MAX]
    except TimeoutError:
        _log.debug("context source %s is late", source.name)
        return False
    except StewardError as error:
        found.pop(source.name, None)
        _log.info("context source %s found nothing: %s", source.name, error.code)
    except Exception as error:  # An outer boundary: a fault in one source costs no suggestion.
        found.pop(source.name, None)
        _log.warning("context source %s broke: %s", source.name, type(error).__name__)
    return True


@dataclass(slots=True)
class _Ranked:
    snippet: Snippet
    score: float


def fuse(lists: Iterable[Sequence[Snippet]], cursor: Cursor) -> tuple[Snippet, ...]:
    """One list out of several, each best first: what many of them have comes first.

    Of two that overlap only the better one is left, and nothing of what the prompt shows of the
    cursor's own document. The whole is bounded.
    """
    by_path: dict[str, list[_Ranked]] = {}
    for snippets in lists:
        for rank, snippet in enumerate(snippets, 1):
            score = 1 / (_RANK_SHIFT + rank)
            known = by_path.setdefault(snippet.path, [])
            same = next((each for each in known if _overlap(each.snippet, snippet)), None)
            if same is None:
                known.append(_Ranked(snippet, score))
            else:
                same.score += score
    own = by_path.pop(cursor.path, [])
    lines = _own_lines(cursor) if own else frozenset[str]()
    ranked = [each for some in by_path.values() for each in some]
    ranked += [each for each in own if not _is_seen(each.snippet, lines)]
    ranked.sort(key=lambda each: -each.score)
    return _bounded(each.snippet for each in ranked)


def _overlap(one: Snippet, other: Snippet) -> bool:
    """Whether two snippets of one file show the same of it."""
    if one.text == other.text:
        return True
    if _PUT_TOGETHER & {one.source, other.source}:
        return False
    return one.line < _end(other) and other.line < _end(one)


def _end(snippet: Snippet) -> int:
    text = snippet.text
    return snippet.line + text.count("\n") + (not text.endswith("\n"))


def _own_lines(cursor: Cursor) -> frozenset[str]:
    return frozenset(line.strip() for line in _own(cursor).splitlines())


def _own(cursor: Cursor) -> str:
    """About what a prompt shows of the cursor's document."""
    return cursor.before[-_OWN_CHARS_BEFORE:] + cursor.after[:_OWN_CHARS_AFTER]


def _is_seen(snippet: Snippet, lines: frozenset[str]) -> bool:
    """Whether half of it stands in the lines around the cursor."""
    own = [line.strip() for line in snippet.text.splitlines() if line.strip()]
    return 2 * sum(line in lines for line in own) >= len(own)


def _bounded(snippets: Iterable[Snippet]) -> tuple[Snippet, ...]:
    kept: list[Snippet] = []
    room = SNIPPETS_CHARS_MAX
    for snippet in snippets:
        if len(kept) == SNIPPETS_MAX:
            break
        if len(snippet.text) <= room:
            room -= len(snippet.text)
            kept.append(snippet)
    return tuple(kept)
