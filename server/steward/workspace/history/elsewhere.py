"""Lines that an agent put elsewhere: in a file of another name, or into a text that came back.

A file that a person or git renamed, a block that was carried to another file, a branch that was
checked out again: the text of this path says nothing of them. So what landed anywhere in the
workspace is asked whether it holds the line together with its neighbours.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from steward.core.agent_limits import WHY_SAMPLES
from steward.workspace.history.ancestry import Ancestry, Walk, ordered
from steward.workspace.history.descent import is_telling, lines_in
from steward.workspace.history.landings import Landing, Place
from steward.workspace.lines import split_lines

_WINDOW_CHARS_MIN = 20
"""Letters and digits of a line and its neighbours; fewer say nothing of where they are from."""

_Found = dict[int, Ancestry]


@dataclass(slots=True)
class Elsewhere:
    """Looks for the lines of one text."""

    walk: Walk
    workspaces: Sequence[str]
    text: str
    _raw: list[str] = field(init=False)
    _lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._raw, self._lines = split_lines(self.text), lines_in(self.text)

    async def renamed(self, places: Sequence[Place], lines: Sequence[int]) -> _Found:
        """Where the lines come from if the file had another name when an agent changed it."""
        telling = [at for at in range(len(self._lines)) if self._window(at)]
        samples = telling[:: max(1, len(telling) // WHY_SAMPLES)][:WHY_SAMPLES]
        if not samples:
            return {}
        texts = [self._text_of(at) for at in samples]
        held = await self.walk.records.holding(self.workspaces, texts)
        votes = Counter(
            place
            for landings in held.values()
            for place in {landing.place for landing in landings if landing.is_whole}
            if place not in places
        )
        best = votes.most_common(2)
        if not best or 2 * best[0][1] <= len(samples):
            return {}
        if len(best) > 1 and best[1][1] == best[0][1]:
            return {}
        found = await self.walk.ancestry([best[0][0]], self.text, lines)
        return {line: _moved(each) for line, each in found.items() if _is_agents(each)}

    async def blocks(self, lines: Iterable[int]) -> _Found:
        """Where these lines come from if an agent wrote them together with their neighbours."""
        asked = list(lines)
        left = [line for line in asked if self._window(line)]
        found: _Found = {}
        for _ in range(WHY_SAMPLES):
            if not left:
                break
            texts = [self._text_of(left[0])]
            held = await self.walk.records.holding(self.workspaces, texts)
            newest: dict[Place, Landing] = {}
            for landing in held[texts[0]]:
                if landing.is_whole:
                    newest.setdefault(landing.place, landing)
            here: dict[int, list[Ancestry]] = {}
            for landing in newest.values():
                for line, ancestry in (await self._in_landing(landing, asked)).items():
                    here.setdefault(line, []).append(ancestry)
            for line, each in here.items():
                sources = {source for one in each for source in one.sources}
                found[line] = _moved(Ancestry(tuple(ordered(sources))))
            left = [line for line in left[1:] if line not in here]
        return found

    async def _in_landing(self, landing: Landing, lines: Sequence[int]) -> _Found:
        """Of these lines, those that a landing's text holds once with their neighbours."""
        records = self.walk.records
        landings = await records.at([landing.place])
        later = [each for each in landings if each.at > landing.at]
        if landing.proposal_id in await self._undone_by(later):
            return {}
        found = await self.walk.load([landing])
        file = found and found.of(landing.place.path)
        if file is None or file.after is None:
            return {}
        after = lines_in(file.after)
        places = await asyncio.to_thread(self._places_in, after, lines)
        older = [each for each in landings if each.at <= landing.at]
        known = await self.walk.from_landings(older, after, places.values())
        return {line: known[at] for line, at in places.items() if _is_agents(known[at])}

    async def _undone_by(self, later: Sequence[Landing]) -> set[str]:
        undone: set[str] = set()
        for each in reversed(later):  # The oldest first: a redo comes after the undo.
            landed = await self.walk.load([each])
            if landed is not None and landed.undoes:
                undone = (undone | set(landed.undoes)) - {each.proposal_id}
        return undone

    def _places_in(self, after: Sequence[str], lines: Iterable[int]) -> dict[int, int]:
        where: dict[str, list[int]] = {}
        for at, line in enumerate(after):
            where.setdefault(line, []).append(at)
        found: dict[int, int] = {}
        asked = set(lines)
        for line in lines:
            if self._window(line) is None:
                continue
            first, last = self._window(line) or (0, 0)
            wanted = self._lines[first:last]
            starts = [
                at - (line - first)
                for at in where.get(self._lines[line], ())
                if list(after[max(0, at - (line - first)) :][: len(wanted)]) == wanted
            ]
            if len(starts) == 1:
                found[line] = starts[0] + line - first
        for line, at in list(found.items()):
            for step in (-1, 1):
                self._widen(found, asked, after, (line, at), step)
        return found

    def _widen(
        self,
        found: dict[int, int],
        asked: set[int],
        after: Sequence[str],
        place: tuple[int, int],
        step: int,
    ) -> None:
        """Take the lines at a block's edges along, whose other neighbours are not in it."""
        line, at = place[0] + step, place[1] + step
        while line in asked - found.keys() and 0 <= at < len(after):
            if self._lines[line] != after[at] or not is_telling(after[at]):
                return
            found[line] = at
            line, at = line + step, at + step

    def _window(self, line: int) -> tuple[int, int] | None:
        """The line with its neighbours, if together they say enough to be known again."""
        first, last = max(0, line - 1), min(len(self._lines), line + 2)
        around = self._lines[first:last]
        letters = sum(each.isalnum() for text in around for each in text)
        tells = is_telling(self._lines[line]) or sum(map(is_telling, around)) > 1
        return (first, last) if tells and letters >= _WINDOW_CHARS_MIN else None

    def _text_of(self, line: int) -> str:
        first, last = self._window(line) or (line, line + 1)
        # The last line's end is left out: the file may have ended there.
        return "".join(self._raw[first:last]).rstrip("\r\n")


def _is_agents(ancestry: Ancestry) -> bool:
    return any(source.kind == "agent" for source in ancestry.sources)


def _moved(ancestry: Ancestry) -> Ancestry:
    return Ancestry(tuple(replace(each, has_moved=True) for each in ancestry.sources))
