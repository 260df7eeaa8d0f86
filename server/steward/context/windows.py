"""Parts of a file that resemble a piece of code, by the words that both use."""

import re
from collections.abc import Sequence, Set
from keyword import kwlist
from typing import NamedTuple

from steward.workspace.lines import split_lines

_LINES = 50
"""Lines of one window."""
_STEP = 25
_WINDOWS_MAX = 256
"""So that a window's number fits into a byte; the rest of a longer file is not looked at."""
_CHARS_MAX = 6_000
"""A window with more is no code that anybody reads."""

_WORD = re.compile(r"[^\W\d]\w{2,}")
# Words of the languages say what language it is, and nothing of what the code is about.
_OF_LANGUAGES = """
abstract auto begin bool boolean byte case catch char const default defer delete dict double else
elseif end enum export extends extern false final float foreach func function goto implements
include inline int interface internal let list local long match module mut namespace new nil none
null number object operator override package private protected pub public readonly require self
set short signed sizeof static str string struct super switch template then this throw throws trait
true tuple type typedef typename typeof undefined union unless unsigned until use using var virtual
void volatile when where
"""
_COMMON = frozenset(kwlist) | frozenset(_OF_LANGUAGES.split())


class Window(NamedTuple):
    """Lines of a file, and how much they resemble what was asked for."""

    score: float
    line: int
    """The first one, from 0."""
    text: str


def words(text: str) -> frozenset[str]:
    """The words of a piece of code, without those of its language."""
    return frozenset(_WORD.findall(text)) - _COMMON


class Windows:
    """A file as overlapping windows, and which of them use which word."""

    def __init__(self, text: str) -> None:
        self._text = text
        lines = split_lines(text)[: _STEP * (_WINDOWS_MAX + 1)]
        blocks = [
            words("".join(lines[start : start + _STEP])) for start in range(0, len(lines), _STEP)
        ]
        windows = [
            block.union(*blocks[number + 1 : number + _LINES // _STEP])
            for number, block in enumerate(blocks[: max(1, len(blocks) - 1)])
        ]
        self._sizes = [len(window) for window in windows]
        users: dict[str, bytearray] = {}
        for number, window in enumerate(windows):
            for word in window:
                users.setdefault(word, bytearray()).append(number)
        self._users = {word: bytes(numbers) for word, numbers in users.items()}

    def best(self, wanted: Set[str], at_most: int) -> list[Window]:
        """The windows that resemble the words most (Jaccard), none overlapping another."""
        shared = [0] * len(self._sizes)
        for word in self._users.keys() & wanted:
            for number in self._users[word]:
                shared[number] += 1
        ranked = sorted(
            (
                (both / (self._sizes[number] + len(wanted) - both), number)
                for number, both in enumerate(shared)
                if both
            ),
            key=lambda one: (-one[0], one[1]),
        )
        taken: list[tuple[float, int]] = []
        for score, number in ranked:
            if len(taken) == at_most:
                break
            if all(abs(number - other) * _STEP >= _LINES for _, other in taken):
                taken.append((score, number))
        return self._shown(taken)

    def _shown(self, taken: Sequence[tuple[float, int]]) -> list[Window]:
        lines = split_lines(self._text) if taken else []
        made = [_trimmed(score, number * _STEP, lines) for score, number in taken]
        return [window for window in made if len(window.text) <= _CHARS_MAX]


def _trimmed(score: float, first: int, lines: Sequence[str]) -> Window:
    """A window without the blank lines at its ends."""
    last = min(first + _LINES, len(lines))
    while first < last and not lines[first].strip():
        first += 1
    while first < last and not lines[last - 1].strip():
        last -= 1
    return Window(score, first, "".join(lines[first:last]))
