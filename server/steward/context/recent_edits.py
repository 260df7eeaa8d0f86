"""What the person has just changed: single keystrokes put together to places with old and new text.

It holds the text of files, so the ignore oracle is asked before any of it goes to a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from steward.core.clock import Clock
from steward.core.limits import (
    EDITED_CHARS_MAX,
    EDITED_DOCUMENTS_MAX,
    EDITED_RANGES_MAX,
)
from steward.workspace.edit import Edit
from steward.workspace.lines import Place, behind, offset_in, split_lines

_JOINED_S = 30.0
"""An edit beside an older one is a new one after so long; one inside it never is."""
_RECENT_S = 30 * 60.0
"""Nobody has in mind any more what was changed before."""


@dataclass(frozen=True, slots=True)
class EditedRange:
    """One place of a document, what stood there, and what stands there now."""

    uri: str
    path: str
    """Relative to the workspace."""
    start: Place
    end: Place
    """Behind what stands there now."""
    removed: str
    inserted: str
    at_s: float
    """When it was last edited, in seconds of the monotonic clock."""

    def lines(self, text: str) -> tuple[int, str, str] | None:
        """Its whole lines in the document's text: the first one's number, the old and the new.

        None where the text is not the one that was edited.
        """
        lines = split_lines(text)
        (first, column), (last, end) = self.start, self.end
        now = "".join(lines[first : last + 1])
        tail = lines[last][end:] if last < len(lines) else ""
        head = lines[first][:column] if first < len(lines) else ""
        if now != head + self.inserted + tail or len(head) < column:
            return None
        return first, head + self.removed + tail, now


class RecentEdits:
    """The places that were edited lately. `note` is for `Session.on_edit`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._documents: dict[str, list[EditedRange]] = {}
        """Each document's places from top to bottom; the one edited last is the last document."""

    def note(self, edit: Edit) -> None:
        """Take an edit that is about to be applied; not of a file outside the workspace."""
        if edit.path is None:
            return
        ranges = self._documents.pop(edit.uri, [])
        self._documents[edit.uri] = _with(ranges, edit, edit.path, self._clock.monotonic_s())
        if len(self._documents) > EDITED_DOCUMENTS_MAX:
            del self._documents[next(iter(self._documents))]

    def recent(self) -> tuple[EditedRange, ...]:
        """The places, the one edited last first; none older than half an hour."""
        since_s = self._clock.monotonic_s() - _RECENT_S
        found = [
            edited
            for ranges in self._documents.values()
            for edited in ranges
            if edited.at_s >= since_s
        ]
        return tuple(sorted(found, key=lambda edited: edited.at_s, reverse=True))


def _with(ranges: Sequence[EditedRange], edit: Edit, path: str, now_s: float) -> list[EditedRange]:
    """The places of a document after one more edit."""
    stop = behind(edit.start, edit.removed)
    after = behind(edit.start, edit.inserted)
    joined = [old for old in ranges if _joins(old, edit.start, stop, now_s)]
    made = [
        _shifted(old, stop, after) if old.start >= stop else old
        for old in ranges
        if old not in joined
    ]
    if len(edit.removed) + len(edit.inserted) <= EDITED_CHARS_MAX:  # A larger one is not split.
        new = _joined(joined, edit, stop, path, now_s)
        if new.removed != new.inserted and _size(new) <= EDITED_CHARS_MAX:
            made.append(new)
    made.sort(key=lambda edited: edited.start)
    if len(made) > EDITED_RANGES_MAX:
        made.remove(min(made, key=lambda edited: edited.at_s))
    return made


def _size(edited: EditedRange) -> int:
    return len(edited.removed) + len(edited.inserted)


def _joins(old: EditedRange, start: Place, stop: Place, now_s: float) -> bool:
    """Whether what is edited between two places belongs to an older edit."""
    if old.start < stop and start < old.end:
        return True
    return old.start <= stop and start <= old.end and now_s - old.at_s <= _JOINED_S


def _joined(
    olds: Sequence[EditedRange], edit: Edit, stop: Place, path: str, now_s: float
) -> EditedRange:
    """One place out of an edit and the older ones that it meets, from top to bottom."""
    removed: list[str] = []
    at = edit.start
    for old in olds:
        if at < old.start:
            removed.append(_between(edit.removed, edit.start, at, old.start))
        removed.append(old.removed)
        at = max(at, old.end)
    if at < stop:
        removed.append(_between(edit.removed, edit.start, at, stop))
    start, head, tail = edit.start, "", ""
    if olds and olds[0].start < start:
        head = _between(olds[0].inserted, olds[0].start, olds[0].start, start)
        start = olds[0].start
    if olds and stop < olds[-1].end:
        tail = _between(olds[-1].inserted, olds[-1].start, stop, olds[-1].end)
    inserted = head + edit.inserted + tail
    end = behind(start, inserted)
    return EditedRange(edit.uri, path, start, end, "".join(removed), inserted, now_s)


def _shifted(old: EditedRange, stop: Place, after: Place) -> EditedRange:
    """The same place when the text above it ends at `after`, and not at `stop`."""

    def moved(place: Place) -> Place:
        column = place[1] - stop[1] + after[1] if place[0] == stop[0] else place[1]
        return place[0] - stop[0] + after[0], column

    return replace(old, start=moved(old.start), end=moved(old.end))


def _between(text: str, start: Place, first: Place, last: Place) -> str:
    """The part of a text that begins at `start` between two places in it."""
    return text[offset_in(text, start, first) : offset_in(text, start, last)]
