"""How a name would be read by whoever ignores case, width, ligatures and invisible characters."""

import unicodedata
from functools import lru_cache

_REMEMBERED_MAX = 256
"""Spellings that are kept, so that deciding about them again is quick."""


def folded(text: str) -> str:
    """The text in the one spelling that all its look-alikes for a file system share."""
    return text.lower() if text.isascii() else _folded(text)


@lru_cache(maxsize=_REMEMBERED_MAX)
def _folded(text: str) -> str:
    # Folding case can undo the normal form, as with the Greek iota below a letter.
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in plain if unicodedata.category(c) != "Cf")
