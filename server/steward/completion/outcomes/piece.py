"""A piece of a document, followed through the edits that come after.

Places are lines and columns, and texts have LF at their lines' ends whatever the document has: so
an editor that writes CRLF is followed too.
"""

from dataclasses import dataclass
from typing import Literal

from steward.completion.alike import shared, shared_end
from steward.workspace.edit import Edit
from steward.workspace.lines import Place

Touch = Literal["elsewhere", "inside", "across"]
"""Where a change was made: outside the piece, in it, or over one of its ends."""


def plain(text: str) -> str:
    """The text with LF at its lines' ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def behind(start: Place, text: str) -> Place:
    """The place behind a text that begins at `start`."""
    lines = text.count("\n")
    if not lines:
        return start[0], start[1] + len(text)
    return start[0] + lines, len(text) - text.rindex("\n") - 1


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit took away at a place and put there."""

    start: Place
    removed: str
    inserted: str

    @classmethod
    def of(cls, edit: Edit) -> "Change":
        """The change that an edit makes."""
        return cls(edit.start, plain(edit.removed), plain(edit.inserted))

    @property
    def end(self) -> Place:
        """Behind what is removed, in the text before."""
        return behind(self.start, self.removed)

    @property
    def end_after(self) -> Place:
        """Behind what is inserted, in the text after."""
        return behind(self.start, self.inserted)

    def moved(self, place: Place) -> Place:
        """Where a place is afterwards that was not before the change's end."""
        (line, column), (end, end_column) = place, self.end
        line_after, column_after = self.end_after
        if line == end:
            return line_after, column - end_column + column_after
        return line - end + line_after, column

    def shrunk(self, keep: Place | None = None) -> "Change":
        """The same without what is equal at both ends; it begins at `keep` at the latest.

        Many editors send a whole line, or the whole text, for one key. Where the same letter stands
        twice, only a place that somebody knows tells which of the two is new.
        """
        removed, inserted = self.removed, self.inserted
        if not removed or not inserted:
            return self
        head = shared(removed, inserted)
        if keep is not None and (latest := index(self.start, removed, keep)) is not None:
            head = min(head, latest)
        tail = shared_end(removed[head:], inserted[head:])
        return Change(
            behind(self.start, removed[:head]),
            removed[head : len(removed) - tail],
            inserted[head : len(inserted) - tail],
        )


class Piece:
    """A text and where it begins, kept true by telling it every change of its document."""

    def __init__(self, start: Place, text: str, *, has_edge: bool) -> None:
        self.start = start
        self.text = text
        self._has_edge = has_edge
        """Whether what is typed right before it belongs to it."""

    @property
    def end(self) -> Place:
        """The place behind it."""
        return behind(self.start, self.text)

    def take(self, change: Change) -> Touch:
        """Follow a change; of one that is made across an end, what was inside is gone."""
        end = self.end
        if self._is_before(change):
            self.start = change.moved(self.start)
            return "elsewhere"
        if change.start >= end and change.start != self.start:
            return "elsewhere"
        first = index(self.start, self.text, change.start)
        last = index(self.start, self.text, change.end)
        if first is not None and last is not None:
            self.text = self.text[:first] + change.inserted + self.text[last:]
            return "inside"
        if first is None:
            self.start = change.end_after
        kept_head = "" if first is None else self.text[:first]
        self.text = kept_head + ("" if last is None else self.text[last:])
        return "across"

    def _is_before(self, change: Change) -> bool:
        if self._has_edge and change.start == self.start:
            return False
        return change.end <= self.start


def index(start: Place, text: str, place: Place) -> int | None:
    """How many characters of a text that begins at `start` stand before a place; None outside."""
    lines = place[0] - start[0]
    if lines < 0 or (not lines and place[1] < start[1]):
        return None
    at = 0
    for _ in range(lines):
        at = text.find("\n", at) + 1
        if not at:
            return None
    found = at + place[1] - (0 if lines else start[1])
    end = text.find("\n", at)
    return found if found <= (len(text) if end < 0 else end) else None
