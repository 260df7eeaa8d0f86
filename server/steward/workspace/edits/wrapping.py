"""Takes off what models put around and into a text that they copy, where its old text shows it.

Each reading is tried only where the text as it was written is found nowhere, and the new text is
read as the old one is. What only the new text has is never taken off: it may be meant.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

_FENCE = re.compile(r"^\s*(?P<marks>`{3,}|~{3,})[^`]*$")
_NUMBER = re.compile(r"^[ ]*(?P<number>\d{1,7})(?:[ ]?[|\u2502:\u2192]|\t)(?P<said>.*)$")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_QUOTES = re.compile(r"\\([\"'`])")
_MEANS = {"n": "\n", "t": "\t", "r": "", '"': '"', "'": "'", "`": "`", "\\": "\\", "/": "/"}
_FENCE_LINES_MIN = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What may have been meant."""

    old: str
    new: str
    in_whole_lines: bool
    """Whether a part of a line cannot be meant."""


def readings(old: str, new: str) -> Iterable[Reading]:
    """What the old text may stand for, with the new one read alike, the likeliest first."""
    bare_old, bare_new = without_fence(old), without_fence(new)
    if bare_old is None:
        bare_old, bare_new = old, new
    else:
        bare_new = new if bare_new is None else bare_new
        yield Reading(bare_old, bare_new, in_whole_lines=True)
    yield from _without_numbers(bare_old, bare_new)
    for take in (_decoded, _without_quote_marks, _without_entities):
        taken = take(bare_old, bare_new)
        if taken is not None and taken[0] != bare_old:
            yield Reading(*taken, in_whole_lines=False)


def without_fence(text: str) -> str | None:
    """What stands between two fences of Markdown; `None` where they do not enclose the text."""
    lines = text.strip("\n").split("\n")
    if len(lines) < _FENCE_LINES_MIN:
        return None
    first, last = _FENCE.match(lines[0]), _FENCE.match(lines[-1])
    if first is None or last is None or lines[-1].strip() != first["marks"]:
        return None
    body = lines[1:-1]
    # A fence that is closed before the end does not hold the rest.
    if any(line.strip() == first["marks"] for line in body):
        return None
    return "".join(f"{line}\n" for line in body)


def _without_numbers(old: str, new: str) -> Iterable[Reading]:
    """The text without the number of each line, as tools show them."""
    olds = old.removesuffix("\n").split("\n")
    found = [_NUMBER.match(line) for line in olds]
    numbers = [int(line["number"]) for line in found if line is not None]
    # Only lines that count on by one are numbered: `404: "gone"` alone may be code.
    if len(numbers) < len(olds) or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return
    news = [(_NUMBER.match(line), line) for line in new.split("\n")]
    for width in _widths([line["said"] for line in found if line is not None]):
        yield Reading(
            "\n".join(line["said"][width:] for line in found if line is not None),
            "\n".join(
                line if numbered is None else numbered["said"][width:] for numbered, line in news
            ),
            in_whole_lines=True,
        )


def _widths(said: list[str]) -> tuple[int, ...]:
    """How many blanks between the number and the text are the tool's: one, or none."""
    has_blank = all(line.startswith(" ") or not line for line in said)
    return (1, 0) if has_blank else (0,)


def _decoded(old: str, new: str) -> tuple[str, str] | None:
    """The text, which was encoded as a string of JSON once too often."""
    # Where lines end as they should, a backslash is one of the text.
    if "\\" not in old or "\n" in old or "\n" in new or not _is_encoded(old):
        return None
    if not _is_encoded(new):
        return None
    return _without_escapes(old), _without_escapes(new)


def _is_encoded(text: str) -> bool:
    return all(found[1] in _MEANS for found in _ESCAPE.finditer(text)) and not re.search(
        r'(?<!\\)(?:\\\\)*(?<!\\)"', text
    )


def _without_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda found: _MEANS[found[1]], text)


def _without_quote_marks(old: str, new: str) -> tuple[str, str] | None:
    """The text without the backslashes before its quotes."""
    if _QUOTES.search(old) is None:
        return None
    return _QUOTES.sub(r"\1", old), _QUOTES.sub(r"\1", new)


def _without_entities(old: str, new: str) -> tuple[str, str] | None:
    """The text with signs for the names that HTML has for them."""
    return html.unescape(old), html.unescape(new)
