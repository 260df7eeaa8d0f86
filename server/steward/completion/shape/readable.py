"""What of an answer nobody could read on the screen, and so is not suggested.

Those are characters that nobody would see, and lines without an end. A model may write a hidden
character by mistake, or because a text that it was shown told it to: a comment that is code, a name
that is another one, an escape sequence for whoever prints the file.
"""

import unicodedata
from itertools import pairwise

from steward.core.limits import SUGGESTION_LINE_CHARS_MAX
from steward.workspace.reveal import is_hidden

_PLAIN = {ord("\t"): None, ord("\n"): None}
_JOINING = frozenset("\u200c\u200d\ufe0e\ufe0f")
"""Zero-width joiners, and what chooses between a sign and its picture."""
_USUAL = frozenset("\u00a0\u202f\u3000")
"""Spaces that are typed on purpose in some languages."""


def readable(text: str, document: str) -> str:
    """The text without the first line that nobody could read, and without what follows it.

    Pictures and scripts that are put together by joiners can be read, and so can spaces that the
    document itself uses.
    """
    at = 0
    for line in text.split("\n"):
        if len(line) > SUGGESTION_LINE_CHARS_MAX or _hides(line, document):
            return text[:at]
        at += len(line) + 1
    return text


def _hides(line: str, document: str) -> bool:
    if line.isascii() and line.translate(_PLAIN).isprintable():
        return False
    return any(
        is_hidden(character) and not _belongs(character, before, document)
        for before, character in pairwise(f" {line}")
    )


def _belongs(character: str, before: str, document: str) -> bool:
    if character in _JOINING:
        return _is_put_together(before)
    return character in _USUAL and character in document


def _is_put_together(character: str) -> bool:
    """Whether it is part of a picture, or a letter of a script that joins its letters."""
    if character == "\ufe0f" or unicodedata.category(character) in ("So", "Sk"):
        return True
    return character.isalpha() and unicodedata.bidirectional(character) == "AL"
