"""Make visible what would hide in a diff: control, zero-width and bidirectional characters."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import count, groupby

_PLAIN = frozenset("\t\n")
_UNSEEN = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10)}
)
"""What Unicode calls default-ignorable and not a format character (DerivedCoreProperties.txt),
and the empty Braille pattern. Python calls format characters themselves not printable."""
_UNSEEN_CHARACTERS = frozenset(map(chr, _UNSEEN))
_BASIC = range(0x10000)
_BEYOND = range(0x10000, 0x40000)
"""Unicode shows nothing after this: unassigned, tags, selectors and private use."""
_NEVER_SEEN = chr(_BEYOND.stop)
"""From here on."""


def reveal(text: str) -> tuple[str, int]:
    """The text with every hidden character spelled `⟨U+202E⟩`, and how many there were.

    A carriage return before a line feed is an ordinary line end; alone it can overwrite what a
    terminal shows, so it is spelled out.
    """
    text = text.replace("\r\n", "\n")
    if _is_all_seen(text.replace("\n", "").replace("\t", "")):
        return text, 0  # Most are; the table for all others takes long to make.
    return _hidden().subn(_spelled, text)


def _is_all_seen(text: str) -> bool:
    if not text.isprintable():
        return False
    return text.isascii() or (_UNSEEN_CHARACTERS.isdisjoint(text) and max(text) < _NEVER_SEEN)


@cache
def _hidden() -> re.Pattern[str]:
    """Finds one hidden character. Whole files pass here, too many to judge each character."""
    basic = _ranges(point for point in _BASIC if is_hidden(chr(point)))
    shown = _ranges(point for point in _BEYOND if not is_hidden(chr(point)))
    # `re` looks up the basic plane in a table, and walks through every range beyond it: so all
    # that lies beyond is first found by one range, and then let go if it can be seen.
    return re.compile(rf"[{basic}\U00010000-\U0010ffff](?<![{shown}])")


def _ranges(points: Iterable[int]) -> str:
    """Points in ascending order as the inside of a character class."""
    place = count()
    runs = [list(run) for _, run in groupby(points, key=lambda point: point - next(place))]
    return "".join(rf"\U{run[0]:08x}-\U{run[-1]:08x}" for run in runs)


def is_hidden(character: str) -> bool:
    """Whether a character leaves nothing on the screen, or changes what stands beside it."""
    if not character.isprintable():
        return character not in _PLAIN
    return ord(character) in _UNSEEN


def _spelled(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found[0]):04X}⟩"
