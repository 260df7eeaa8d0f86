"""The suggestions that are remembered for one document."""

import hashlib
from dataclasses import dataclass, replace

from steward.completion.asking.along import remainder
from steward.completion.asking.trie import Trie
from steward.completion.offer import Origin
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.core.limits import GHOST_KNOWN_CHARS_MAX, GHOST_KNOWN_MAX

_SUFFIXES_MAX = 4
"""Texts behind the cursor that are told apart for one text before it."""
_CLOSED_MAX = 2
"""Characters that an editor may have closed behind the cursor since."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a model said for a cursor."""

    cursor: Cursor
    suggestion: Suggestion | None
    """`None` where it had nothing to say."""
    origin: Origin
    model: str
    node_kind: str = "other"


class Known:
    """Finds what was suggested for this text, or for one that was typed on from along it.

    The key is the document's own text around the cursor, and nothing else.
    """

    def __init__(self) -> None:
        self._trie = Trie[dict[bytes, Entry]](GHOST_KNOWN_MAX, GHOST_KNOWN_CHARS_MAX)

    def keep(self, entry: Entry) -> None:
        """Remember what a model said, as long as there is room."""
        cursor, replaces = (
            entry.cursor,
            0 if entry.suggestion is None else entry.suggestion.replaces,
        )
        if len(cursor.before) + len(cursor.after) > GHOST_KNOWN_CHARS_MAX:
            return
        known = dict(self._trie.get(cursor.before) or {})
        mark = _mark(cursor.after[replaces:])
        known.pop(mark, None)
        # The trie and the mark say what stood around: every cursor has a copy of the document.
        slim = replace(cursor, before="", after=cursor.after[:replaces])
        known[mark] = replace(entry, cursor=slim)
        if len(known) > _SUFFIXES_MAX:
            del known[next(iter(known))]
        self._trie.put(cursor.before, known)

    def find(self, cursor: Cursor) -> Entry | None:
        """What is left here of the suggestion for the longest text; its cursor is this one.

        That there is nothing to say holds only for exactly the text that it was said for.
        """
        if len(cursor.before) + len(cursor.after) > GHOST_KNOWN_CHARS_MAX:
            return None
        marks: list[bytes] = []
        for length, known in self._trie.beginnings(cursor.before):
            marks = marks or _marks(cursor)
            for behind, mark in enumerate(marks):
                entry = known.get(mark)
                if entry is None:
                    continue
                here = replace(cursor, before=cursor.before[length:], after=cursor.after[:behind])
                if (left := _left(entry, here)) is not None:
                    return replace(left, cursor=cursor)
        return None


def _left(entry: Entry, here: Cursor) -> Entry | None:
    """What is left of it where so much has been typed, and been closed behind that."""
    if entry.suggestion is None:
        return None if here.before or here.after else entry
    left = remainder(entry.cursor, entry.suggestion, here)
    return None if left is None else replace(entry, suggestion=left)


def _marks(cursor: Cursor) -> list[bytes]:
    """Of what stands behind the cursor, also without what an editor may have closed there."""
    line = cursor.line_after
    return [_mark(cursor.after[count:]) for count in range(min(_CLOSED_MAX, len(line)) + 1)]


def _mark(after: str) -> bytes:
    return hashlib.blake2b(after.encode("utf-8", "surrogatepass"), digest_size=16).digest()
