"""Where the words of a goal stand in the workspace's files.

Blocks: call it on a thread.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from steward.context.texts import Texts

_WORD = re.compile(r"[^\W\d]\w{2,79}")
_CODE = re.compile(r"[a-z0-9][A-Z]|_|\d")
"""What tells a name in code from a word of prose."""
_NAME_WEIGHT = 3
_PROSE_CHARS_MIN = 5
_WORDS_MAX = 12
_LINES_OF_FILE_MAX = 3
_LINE_CHARS_MAX = 160
_COMMON = frozenset(
    _WORD.findall(
        "about above after again agent all and any are because been before being below between "
        "both cannot change changes check code could correct does down each error every fails "
        "failing file files first fixed fixes from function have having here into just make makes "
        "method more most must need needs never only other please problem project rename should "
        "some such test tests than that the their them then there these they thing this those "
        "through time under until use used using very want what when where which while will with "
        "without work works would write wrong your"
    )
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that holds words of the goal, and its first lines with them."""

    path: str
    weight: int
    """How many different ones; a name of code counts for several."""
    lines: tuple[tuple[int, str], ...]
    """Number, counted from 1, and text."""


def words_of_goal(goal: str) -> tuple[str, ...]:
    """The words that are worth looking for, names of code first."""
    found = dict.fromkeys(_WORD.findall(goal))
    names = [word for word in found if _CODE.search(word)]
    prose = [
        word
        for word in found
        if word not in names and len(word) >= _PROSE_CHARS_MIN and word.lower() not in _COMMON
    ]
    return tuple((*names, *prose)[:_WORDS_MAX])


def hits(words: Iterable[str], texts: Texts, hide: Callable[[str], str]) -> list[Hit]:
    """The files with most of the words, best first, of those that were reached in time."""
    patterns = [
        (re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE), _weight(word)) for word in words
    ]
    lowered = [word.lower() for word in words]
    found: list[Hit] = []
    if not patterns:
        return found
    for path, text in texts:
        low = text.lower()
        if any(word in low for word in lowered):
            hit = _hit(path, hide(text), patterns)
            if hit is not None:
                found.append(hit)
    return sorted(found, key=lambda each: (-each.weight, each.path.count("/"), each.path))


def _weight(word: str) -> int:
    return _NAME_WEIGHT if _CODE.search(word) else 1


def _hit(path: str, text: str, patterns: list[tuple[re.Pattern[str], int]]) -> Hit | None:
    met: set[int] = set()
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        here = {index for index, (pattern, _) in enumerate(patterns) if pattern.search(line)}
        if here - met and len(lines) < _LINES_OF_FILE_MAX:
            lines.append((number, line.strip()[:_LINE_CHARS_MAX]))
        met |= here
    weight = sum(patterns[index][1] for index in met)
    return Hit(path, weight, tuple(lines)) if met else None
