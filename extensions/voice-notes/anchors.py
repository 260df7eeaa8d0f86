"""Where a note is: its line and what stands around it, found again after edits."""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice

_AROUND = 3
"""So many lines before and after are remembered, as hashes."""
_WITHIN = 12
"""They are looked for so many lines away, empty ones included."""
_ALIKE_FROM = 0.7
_NEAR = 25
"""A changed line is looked for so many lines around where it was, and around its neighbours."""
_LINE_CHARS = 200
_COMPARED_AT_ONCE = 2
_COMPARED_MAX = 120
"""So many lines of a text are compared in full; a hook has a quarter of a second."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line as it was when the note was last found."""

    line: int
    """Counted from nought."""
    text: str
    """Without white space around it, and not all of a long one."""
    before: tuple[int, ...]
    after: tuple[int, ...]
    is_lost: bool = False


class Text:
    """The lines of a file, prepared to find anchors in."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.shapes = [" ".join(line[: _LINE_CHARS * 2].split())[:_LINE_CHARS] for line in lines]
        self._where: dict[str, list[int]] = defaultdict(list)
        for number, shape in enumerate(self.shapes):
            self._where[shape].append(number)
        self._of_hash: dict[int, list[int]] = {}
        """Made once a line was changed: the neighbours of an anchor are known by their hashes."""
        self._words: dict[int, frozenset[str]] = {}
        self._may_compare = _COMPARED_MAX

    def anchored(self, line: int) -> Anchor:
        """An anchor on a line; on the nearest that is not empty, downwards first."""
        count = len(self.shapes)
        line = min(max(line, 0), max(count - 1, 0))
        order = [*range(line, min(line + 20, count)), *range(line - 1, max(line - 20, -1), -1)]
        line = next((at for at in order if self.shapes[at]), line)
        return Anchor(line, self.shapes[line] if count else "", *self._around(line))

    def found_again(self, anchor: Anchor) -> Anchor:
        """The anchor in this text; marked lost where nothing is like it."""
        line = self._same(anchor)
        if line is None:
            line = self._alike(anchor)
        if line is None:
            return replace(anchor, is_lost=True)
        return Anchor(line, self.shapes[line], *self._around(line))

    def _same(self, anchor: Anchor) -> int | None:
        """The line with its text; of several that with most of its neighbours, then the nearest."""
        at = self._where.get(anchor.text, []) if anchor.text else []
        if not at:
            return None
        if len(at) > _COMPARED_MAX:
            at = sorted(at, key=lambda line: abs(line - anchor.line))[:_COMPARED_MAX]
        ranked = max(at, key=lambda line: (self._shared(anchor, line), -abs(line - anchor.line)))
        # A bracket or a `return` alone says nothing: without its neighbours it is another one.
        is_certain = _is_telling(anchor.text) or self._shared(anchor, ranked) >= 2
        return ranked if is_certain or (len(at) == 1 and ranked == anchor.line) else None

    def _alike(self, anchor: Anchor) -> int | None:
        """The line near by, or between its neighbours, that was probably changed."""
        if not _is_telling(anchor.text):
            return None
        best, best_score = None, 0.0
        for line in self._most_alike(anchor):
            shared = self._shared(anchor, line)
            likeness = SequenceMatcher(None, anchor.text, self.shapes[line], autojunk=False).ratio()
            # Between the same neighbours a line may have changed more.
            is_enough = likeness >= _ALIKE_FROM or (likeness >= 0.4 and shared >= 3)
            if is_enough and likeness + 0.08 * shared > best_score:
                best, best_score = line, likeness + 0.08 * shared
        return best

    def _most_alike(self, anchor: Anchor) -> list[int]:
        """The few lines that are worth comparing in full: same words, same neighbours, near."""
        words = frozenset(_WORD.findall(anchor.text))
        ranked: list[tuple[float, int, int]] = []
        for line in self._candidates(anchor):
            have = self._words_of(line)
            alike = 2 * len(words & have) / max(1, len(words) + len(have))
            alike += 0.1 * self._shared(anchor, line)
            if alike >= 0.2:
                ranked.append((-alike, abs(line - anchor.line), line))
        few = sorted(ranked)[: min(_COMPARED_AT_ONCE, self._may_compare)]
        self._may_compare -= len(few)
        return [line for _, _, line in few]

    def _candidates(self, anchor: Anchor) -> Iterable[int]:
        if not self._of_hash:
            self._of_hash = {_hash(shape): at for shape, at in self._where.items() if len(at) == 1}
        centres = {anchor.line: _NEAR}
        for neighbour in (*anchor.before, *anchor.after):
            if at := self._of_hash.get(neighbour):
                centres.setdefault(at[0], _AROUND + 1)
        found: set[int] = set()
        for centre, reach in centres.items():
            found.update(range(max(0, centre - reach), centre + reach + 1))
        return (line for line in sorted(found) if line < len(self.shapes) and self.shapes[line])

    def _shared(self, anchor: Anchor, line: int) -> int:
        """How many of the lines around are those of the anchor."""
        before, after = self._around(line)
        return len(set(before) & set(anchor.before)) + len(set(after) & set(anchor.after))

    def _around(self, line: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Hashes of the nearest lines that are not empty, before and after."""
        before = range(line - 1, max(-1, line - 1 - _WITHIN), -1)
        after = range(line + 1, min(len(self.shapes), line + 1 + _WITHIN))
        return self._first_of(before), self._first_of(after)

    def _first_of(self, numbers: Iterable[int]) -> tuple[int, ...]:
        return tuple(islice((_hash(self.shapes[at]) for at in numbers if self.shapes[at]), _AROUND))

    def _words_of(self, line: int) -> frozenset[str]:
        if line not in self._words:
            self._words[line] = frozenset(_WORD.findall(self.shapes[line]))
        return self._words[line]


def _is_telling(text: str) -> bool:
    return sum(character.isalnum() for character in text) >= 8


@lru_cache(maxsize=20_000)
def _hash(shape: str) -> int:
    return zlib.crc32(shape.encode("utf-8", "replace"))
