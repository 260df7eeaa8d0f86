"""One change of a document, kept true while the document is edited."""

from dataclasses import dataclass

from steward.completion.alike import shared, shared_end
from steward.workspace.edit import Edit
from steward.workspace.lines import Place, behind, offset_in


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be taken away at a place, and what is to be put there."""

    start: Place
    removed: str
    inserted: str

    @property
    def end(self) -> Place:
        """Behind what is to be taken away."""
        return behind(self.start, self.removed)

    @property
    def end_after(self) -> Place:
        """Behind what is to be put there, when it stands there."""
        return behind(self.start, self.inserted)

    @property
    def is_done(self) -> bool:
        """Whether the document has it already."""
        return self.removed == self.inserted

    def smallest(self) -> "Change":
        """The same without what is equal at both ends."""
        head, tail = common_ends(self.removed, self.inserted)
        return Change(
            behind(self.start, self.removed[:head]),
            self.removed[head : len(self.removed) - tail],
            self.inserted[head : len(self.inserted) - tail],
        )


def made_by(edit: Edit) -> Change:
    """The smallest change that an edit makes; many editors send a whole line for one key."""
    return Change(edit.start, edit.removed, edit.inserted).smallest()


def rebased(change: Change, made: Change) -> Change | None:
    """What is left of a change to the text before another was made; `None` if they disagree.

    What is made elsewhere moves it. What does a part of it leaves the rest, which may be nothing:
    then it `is_done`. Both lead to the text that both together make, in whichever order.
    """
    if any(map(_has_lone_return, (made.removed, made.inserted, change.removed, change.inserted))):
        return None
    if change.start <= made.start and made.end <= change.end:
        left = _left(change, made)
        if left is not None:
            return left
    if made.end < change.start or (made.end == change.start and _ends_a_line(made)):
        return Change(_moved(change.start, made), change.removed, change.inserted)
    if made.start > change.end or (made.start == change.end and _ends_a_line(change)):
        return change
    return None


def common_ends(old: str, new: str) -> tuple[int, int]:
    """How many characters two texts have in common at their beginnings, and then at their ends.

    The two characters of a line's end stay together.
    """
    head = shared(old, new)
    if head and old[head - 1] == "\r" and "\n" in (old[head : head + 1], new[head : head + 1]):
        head -= 1
    tail = shared_end(old[head:], new[head:])
    if tail and old[-tail] == "\n" and "\r" in (old[-tail - 1 : -tail], new[-tail - 1 : -tail]):
        tail -= 1
    return head, tail


def _left(change: Change, made: Change) -> Change | None:
    """What is left of a change when another, made within it, does exactly a part of it."""
    old = change.removed
    first = offset_in(old, change.start, made.start)
    last = first + len(made.removed)
    if not made.inserted and change.inserted and first > 0 and last < len(old):
        return None  # Somebody took away what the change would put back.
    now = old[:first] + made.inserted + old[last:]
    head, tail = common_ends(now, change.inserted)
    foreign = range(max(head, first), min(len(now) - tail, first + len(made.inserted)))
    if foreign:
        return None  # What was put there is not what the change puts there.
    return Change(
        behind(change.start, now[:head]),
        now[head : len(now) - tail],
        change.inserted[head : len(change.inserted) - tail],
    )


def _has_lone_return(text: str) -> bool:
    """Whether a CR ends a line by itself: one that meets an LF makes one line of two."""
    return "\r" in text and "\r" in text.replace("\r\n", "")


def _ends_a_line(change: Change) -> bool:
    """Whether it concerns whole lines above what follows it, and so nothing behind it."""
    texts = (change.removed, change.inserted)
    return change.start[1] == 0 and all(not text or text[-1] in "\r\n" for text in texts)


def _moved(place: Place, made: Change) -> Place:
    """Where a place is after a change that was made before it."""
    (line, column), (end, end_column) = place, made.end
    line_after, column_after = made.end_after
    if line == end:
        return line_after, column - end_column + column_after
    return line - end + line_after, column
