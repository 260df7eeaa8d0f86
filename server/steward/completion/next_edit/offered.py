"""A next edit as it is offered, and where it shows as ghost text."""

from dataclasses import dataclass

from steward.completion.asking.along import is_covered
from steward.completion.next_edit.change import Change
from steward.completion.outcomes.showing import Terms
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor

_TITLE_CHARS_MAX = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change that may be offered."""

    change: Change
    key: int
    """Of the whole lines before and after it: the same change again has the same."""


@dataclass(frozen=True, slots=True)
class NextEdit:
    """A change that a person may take. It holds text of the document: keep it in memory only."""

    id: str
    """Fresh for each, and the same while the document is edited elsewhere."""
    document: str
    change: Change
    key: int
    """As the candidate's."""
    terms: Terms
    """What it is counted under."""
    is_touched: bool = False
    """Whether somebody has done a part of it."""

    @property
    def title(self) -> str:
        """What and where, in a line."""
        change = self.change
        where = f"Next edit: line {change.start[0] + 1}"
        old, new = _in_words(change.removed), _in_words(change.inserted)
        if not old:
            return f"{where}, insert {new}"
        return f"{where}, replace {old} with {new}" if new else f"{where}, remove {old}"


def as_ghost_text(edit: NextEdit, cursor: Cursor) -> Suggestion | None:
    """The change as a suggestion at a cursor; `None` where no editor could show it as one.

    Editors show what is put in, on the cursor's line and not before the cursor. What has to go can
    only be shown elsewhere.
    """
    change, column = edit.change.smallest(), len(cursor.line_before)
    if change.start[0] != cursor.line or change.start[1] < column or "\r" in change.removed:
        return None
    between = change.start[1] - column
    rest = cursor.line_after
    behind = rest[between + len(change.removed) :]
    if "\n" in change.removed or rest[between:] != change.removed + behind:
        return None
    if not is_covered(change.removed, change.inserted):
        return None
    if _has_end(change.inserted) and behind.strip():
        return None
    if not between and not change.removed:
        return Suggestion(change.inserted)
    # To the line's end: Neovim lays the text over what it replaces, and nothing else.
    return Suggestion(rest[:between] + change.inserted + behind, len(rest))


def _in_words(text: str) -> str:
    """A text in a line, cut where it is long."""
    lines = text.strip().splitlines()
    if not lines:
        return "a blank line" if "\n" in text else "space" if text else ""
    first = " ".join(lines[0].split())
    is_cut = len(first) > _TITLE_CHARS_MAX or len(lines) > 1
    return f"`{first[:_TITLE_CHARS_MAX]}{'…' if is_cut else ''}`"


def _has_end(text: str) -> bool:
    return "\n" in text or "\r" in text
