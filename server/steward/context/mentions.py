"""What a person points at when they give an agent its goal: files, lines of files, symbols."""

import re
from dataclasses import dataclass

from steward.core.agent_limits import MENTION_CHARS_MAX
from steward.core.errors import InvalidInputError

_LINES = re.compile(r"(?P<path>.+?):(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?\Z", re.DOTALL)
_NAME = re.compile(r"#(?P<name>[^\W\d]\w{0,199})\Z")


@dataclass(frozen=True, slots=True)
class FileMention:
    """A file, or some of its lines."""

    path: str
    """As it was written; it is not checked here."""
    first: int = 1
    """Counted from 1."""
    last: int | None = None
    """Inclusive; None is the end of the file."""


@dataclass(frozen=True, slots=True)
class SymbolMention:
    """Everything of this name that the workspace defines."""

    name: str


Mention = FileMention | SymbolMention


def parse_mention(text: str) -> Mention:
    """What `src/a.py`, `src/a.py:10`, `src/a.py:10-20` or `#name` point at.

    Raises:
        InvalidInputError: it is none of these.
    """
    if not text or len(text) > MENTION_CHARS_MAX:
        raise InvalidInputError(
            f"A mention must have 1 to {MENTION_CHARS_MAX} characters; this one has {len(text)}."
        )
    if text.startswith("#"):
        named = _NAME.match(text)
        if named is None:
            raise InvalidInputError(f"{text!r} is no symbol; write # and its name, as in #total.")
        return SymbolMention(named["name"])
    ranged = _LINES.match(text)
    if ranged is None:
        return FileMention(text)
    first = max(1, int(ranged["first"]))
    last = int(ranged["last"] or first)
    if last < first:
        raise InvalidInputError(f"{text!r} ends before it begins; write the smaller line first.")
    return FileMention(ranged["path"], first, last)
