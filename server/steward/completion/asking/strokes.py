"""What was done last to a document: typed, taken away, undone, or done at several places."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from steward.workspace.edit import Edit
from steward.workspace.lines import Place

Stroke = Literal["none", "typed", "deleted", "undone", "several_cursors"]

_TAKEN_MAX = 16
_TAKEN_CHARS_MAX = 10_000
_GROUP_MAX = 32
"""Edits of one notification that are looked at; a formatter sends hundreds."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What stood at a place and was taken away."""

    start: Place
    text: str


class Strokes:
    """The last change of one document, as far as it says whether somebody types.

    The protocol does not tell an undone change from a typed one. Where a text of more than one
    character comes back to the place that it was taken from, nobody typed it.
    """

    def __init__(self) -> None:
        self._group: list[Edit] = []
        self._taken = deque[_Taken](maxlen=_TAKEN_MAX)
        self.last: Stroke = "none"

    def note(self, edit: Edit) -> None:
        """Take in an edit, in the order of the document's edits."""
        if not self._group or self._group[-1].version != edit.version or not edit.version:
            self._group.clear()
        if len(self._group) < _GROUP_MAX:
            self._group.append(edit)
        self.last = self._kind(edit)
        self._remember(edit)

    def _kind(self, edit: Edit) -> Stroke:
        if any(_is_twin(edit, other) for other in self._group[:-1]):
            return "several_cursors"
        if len(edit.inserted) > 1 and _Taken(edit.start, edit.inserted) in self._taken:
            return "undone"
        is_shorter = len(edit.inserted) < len(edit.removed)
        if is_shorter and edit.removed.startswith(edit.inserted):
            return "deleted"
        return "deleted" if is_shorter and edit.removed.endswith(edit.inserted) else "typed"

    def _remember(self, edit: Edit) -> None:
        if not edit.removed or len(edit.removed) > _TAKEN_CHARS_MAX:
            return
        taken = _Taken(edit.start, edit.removed)
        if self._taken and not edit.inserted:
            joined = _joined(self._taken[-1], taken)
            if joined is not None:
                self._taken.append(joined)  # Beside its parts: an undo brings back any of them.
                return
        self._taken.append(taken)


def _is_twin(edit: Edit, other: Edit) -> bool:
    """Whether two edits of one notification do the same at two places."""
    same = (edit.removed, edit.inserted) == (other.removed, other.inserted)
    return same and edit.start != other.start


def _joined(before: _Taken, now: _Taken) -> _Taken | None:
    """What two deletions side by side took away together: with Backspace, or with Delete."""
    if len(before.text) + len(now.text) > _TAKEN_CHARS_MAX:
        return None
    if now.start == before.start:
        return _Taken(now.start, before.text + now.text)
    line, column = now.start
    if "\n" not in now.text and before.start == (line, column + len(now.text)):
        return _Taken(now.start, now.text + before.text)
    return None
