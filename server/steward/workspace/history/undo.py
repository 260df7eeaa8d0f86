"""What takes changes back without touching what came later.

Every file for itself: the text as it is now keeps what was done to it since, and loses what is
undone, by a three-way merge. A file where that cannot be told apart is left alone whole, with the
lines and with who changed them. Several proposals are taken back as one, the newest first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from steward.workspace.alignment import differing
from steward.workspace.lines import split_lines
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.three_way import merged

Lines = tuple[int, int]
"""The first and the last of some lines as they are now, counted from 1; the last is one less than
the first where something stands between two lines."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A proposal that was made so, and when."""

    proposal: EditProposal
    at: datetime


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file whose text cannot be had, such as one that is a link by now."""

    reason: str


Now = str | Unreadable | None
"""A file's text as it is; `None` where there is none."""


@dataclass(frozen=True, slots=True)
class Left:
    """A file in which nothing is undone, and why."""

    path: str
    reason: str
    lines: tuple[Lines, ...] = ()
    """Where what came later meets what is to be undone."""
    later: tuple[str, ...] = ()
    """The proposals that changed it later; if there are none, somebody else did."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What would undo the changes."""

    changes: tuple[FileChange, ...]
    files: tuple[tuple[str, str, str], ...]
    """What these changes undo: the proposal, the path there, and the path among these."""
    left: tuple[Left, ...]
    together: tuple[tuple[str, ...], ...] = ()
    """Paths of changes that are one."""


def take_back(
    targets: Sequence[Applied], later: Sequence[Applied], now: Mapping[str, Now]
) -> TakenBack:
    """The changes that undo the targets. `later`: what else was applied since the oldest of them.

    `now` holds every path of `paths_of`.
    """
    newest_first = sorted(targets, key=lambda applied: applied.at, reverse=True)
    wanted = [_placed(applied, change, later) for applied, change in _each(newest_first)]
    changes: list[FileChange] = []
    files: list[tuple[str, str, str]] = []
    left: list[Left] = []
    ones: list[tuple[str, ...]] = []
    for together in _together(wanted):
        file = _File({path: now[path] for one in together for path in one.paths})
        found = file.undo(together)
        if found is not None:
            left.append(found)
            continue
        # What somebody has undone by hand already leaves nothing to do, and nothing to redo.
        if made := list(file.changes()):
            changes += made
            ones += [tuple(each.path for each in made)] if len(made) > 1 else []
            here = made[0].path
            files += ((one.applied.proposal.id, one.change.path, here) for one in together)
    return TakenBack(tuple(changes), tuple(files), tuple(left), tuple(ones))


def paths_of(targets: Sequence[Applied], later: Sequence[Applied]) -> list[str]:
    """Every path whose text decides about the undo, once."""
    placed = (_placed(applied, change, later) for applied, change in _each(targets))
    return list(dict.fromkeys(path for one in placed for path in one.paths))


@dataclass(frozen=True, slots=True)
class _Placed:
    """A change to be undone, and where its file is by now."""

    applied: Applied
    change: FileChange
    moves: tuple[str, ...]
    """Where proposals that stay have moved the file since, the last at the end."""
    later: tuple[str, ...]
    """The proposals that stay and touched the file since."""
    beside: tuple[str, ...]
    """Paths of changes that are one with it."""

    @property
    def paths(self) -> tuple[str, ...]:
        """All the paths that it is about."""
        return (*self.change.by_path(), *self.moves, *self.beside)


def _each(applied: Iterable[Applied]) -> Iterator[tuple[Applied, FileChange]]:
    return ((one, change) for one in applied for change in one.proposal.changes)


def _placed(applied: Applied, change: FileChange, later: Sequence[Applied]) -> _Placed:
    at, moves = change.path, list[str]()
    touched = list[str]()
    for other, since in _each(sorted(later, key=lambda one: one.at)):
        if other.at < applied.at or not {at, *change.by_path()} & set(since.by_path()):
            continue
        touched.append(other.proposal.id)
        if since.moved_from == at and change.after is not None:
            at = since.path
            moves.append(at)
    undo = applied.proposal.undo
    ones = () if undo is None else undo.together
    beside = tuple(path for paths in ones if change.path in paths for path in paths)
    return _Placed(applied, change, tuple(moves), tuple(dict.fromkeys(touched)), beside)


def _together(wanted: Sequence[_Placed]) -> list[list[_Placed]]:
    """Changes that share a path, also by way of others: what becomes of one decides about all."""
    groups: list[tuple[set[str], list[_Placed]]] = []
    for one in wanted:
        paths, members = set(one.paths), [one]
        apart: list[tuple[set[str], list[_Placed]]] = []
        for group in groups:
            if group[0] & paths:
                paths, members = paths | group[0], [*group[1], *members]
            else:
                apart.append(group)
        groups = [*apart, (paths, members)]
    order = {id(one): number for number, one in enumerate(wanted)}
    return [sorted(members, key=lambda one: order[id(one)]) for _, members in groups]


@dataclass(slots=True)
class _File:
    """One file, under all its names, while changes of it are undone one after the other."""

    now: Mapping[str, Now]
    texts: dict[str, str | None] = field(default_factory=dict[str, str | None])
    origin: dict[str, str] = field(default_factory=dict[str, str])
    """Path → the path where its text is now."""

    def undo(self, wanted: Sequence[_Placed]) -> Left | None:
        """Undo all of them, or say why not."""
        for path, text in self.now.items():
            if isinstance(text, Unreadable):
                return Left(path, text.reason)
            self.texts[path] = text
            if text is not None:
                self.origin[path] = path
        return next((left for one in wanted if (left := self._undo(one)) is not None), None)

    def changes(self) -> Iterator[FileChange]:
        """From what is there now to what should be."""
        moved = {
            new: old
            for new, old in self.origin.items()
            if new != old and self.now[new] is None and self.texts[old] is None
        }
        for path, after in self.texts.items():
            old, before = moved.get(path), self.now[moved.get(path, path)]
            if path in moved.values() or (old is None and before == after):
                continue
            assert not isinstance(before, Unreadable)
            yield FileChange(path, before, after, old)

    def _undo(self, one: _Placed) -> Left | None:
        match one.change.kind:
            case "create":
                return self._uncreate(one)
            case "delete":
                return self._undelete(one)
            case "edit":
                return self._unedit(one)
            case "rename":
                return self._unrename(one)

    def _uncreate(self, one: _Placed) -> Left | None:
        path, made = one.change.path, one.change.after or ""
        if one.moves:
            return _left(one, f"it was renamed to {one.moves[-1]!r} since it was created")
        text = self.texts[path]
        if text is not None and text != made:
            lines = self._lines(path, differing(split_lines(made), split_lines(text)))
            return _left(one, "it was changed after it was created", lines)
        if text is None and one.beside:
            # Its text would come back by another name, and somebody has deleted it.
            return _left(one, "it is gone: it was deleted or renamed since")
        self.texts[path] = None
        self.origin.pop(path, None)
        return None

    def _undelete(self, one: _Placed) -> Left | None:
        path, before = one.change.path, one.change.before
        if self.texts[path] not in (None, before):
            return _left(one, "there is another file of this name by now")
        self.texts[path] = before
        return None

    def _unedit(self, one: _Placed) -> Left | None:
        places = (*reversed(one.moves), one.change.path)
        path = next((path for path in places if self.texts[path] is not None), None)
        if path is None:
            return _left(one, "it is gone: it was deleted or renamed since")
        return self._merge(one, path, path)

    def _unrename(self, one: _Placed) -> Left | None:
        path, old = one.change.path, one.change.moved_from or ""
        if one.moves:
            return _left(one, f"it was renamed again since, to {one.moves[-1]!r}")
        if self.texts[path] is None:
            if self.texts[old] == one.change.before:
                return None
            return _left(one, "it is gone: it was deleted or renamed since")
        if self.texts[old] is not None:
            return _left(one, f"there is another file at its old place {old!r} by now")
        return self._merge(one, path, old)

    def _merge(self, one: _Placed, path: str, target: str) -> Left | None:
        """Undo the change of the text at `path`, and put it to `target`."""
        text = self.texts[path] or ""
        found = merged(one.change.after or "", text, one.change.before or "")
        if not isinstance(found, str):
            places = [(0, 0, place.ours.start, place.ours.end) for place in found]
            lines = self._lines(path, places)
            return _left(one, "the same lines, or lines beside them, were changed since", lines)
        self.texts[path] = None
        self.texts[target] = found
        if (origin := self.origin.pop(path, None)) is not None:
            self.origin[target] = origin
        return None

    def _lines(self, path: str, places: Iterable[tuple[int, int, int, int]]) -> tuple[Lines, ...]:
        """Lines of the text on the way as lines of the file as it is now."""
        now = self.now[self.origin.get(path, path)]
        if not isinstance(now, str):  # It is not there now: an undo on the way has brought it back.
            return ()
        shifts = differing(split_lines(self.texts[path] or ""), split_lines(now))
        return tuple(
            (_line_now(shifts, start, is_end=False) + 1, _line_now(shifts, end, is_end=True))
            for _, _, start, end in places
        )


def _line_now(shifts: Sequence[tuple[int, int, int, int]], line: int, *, is_end: bool) -> int:
    """Where a line, or the end of some, has moved; what it became, where it was replaced."""
    shift = 0
    for first, last, low, high in shifts:
        if line < first or (line == first and is_end):
            break
        if line < last or (line == last and is_end):
            return high if is_end else low
        shift = high - last
    return line + shift


def _left(one: _Placed, reason: str, lines: tuple[Lines, ...] = ()) -> Left:
    return Left(one.change.path, reason, lines, one.later)
