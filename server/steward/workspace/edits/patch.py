"""Reads a unified diff of one file as models write them: headers, counts and numbers may be wrong.

Only the marks at the beginnings of the lines are believed. Grammar: GNU diffutils, "Unified
Format".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from steward.core.errors import InvalidInputError

_HUNK = re.compile(r"^@@(?: -(?P<at>\d+)(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))?)?.*$")
_FENCE = re.compile(r"^\s*```\w*\s*$")
_ABOUT = re.compile(
    r"^(?:diff --git |index [0-9a-f]|(?:old|new) mode |similarity index|dissimilarity index"
    r"|\*\*\* (?:Begin Patch|End Patch|End of File)$)"
)
_ENVELOPE = re.compile(r"^\*\*\* Update File: ")
_ELSEWHERE = re.compile(
    r"^(?:rename (?:from|to) |copy (?:from|to) |deleted file |Binary files |GIT"
    r"|\*\*\* (?:Add|Delete) File: |\*\*\* Move to: )"
)


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand in the file and what they become, without their ends."""

    olds: tuple[str, ...]
    news: tuple[str, ...]
    number: int
    """Counted from 1 in the diff."""
    old_has_end: bool = True
    """Whether the last old line ends in a newline; the diff says so where it does not."""
    new_has_end: bool = True
    says_end: bool = False
    """Whether the diff says anything of it."""
    unmarked: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Old and new lines if what stays has no mark, and its first space is the text's own."""


@dataclass(slots=True)
class _Draft:
    lines: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Each with the mark that it had, or none."""
    last: str = ""
    """The mark of the line before, for what is said of its end."""
    old_has_end: bool = True
    new_has_end: bool = True
    says_end: bool = False

    def add(self, line: str) -> None:
        """Take a line of the hunk."""
        # Editors and mailers take the one space of a blank context line away.
        mark, said = (line[0], line[1:]) if line else (" ", "")
        match mark:
            case " " | "-" | "+":
                self.lines.append((mark, said))
            case "\\":
                self._note_no_end()
                return
            case _:
                self.lines.append(("", line))
        self.last = mark

    def _note_no_end(self) -> None:
        self.says_end = True
        self.old_has_end = self.old_has_end and self.last == "+"
        self.new_has_end = self.new_has_end and self.last == "-"

    def finished(self, number: int) -> Hunk:
        unmarked = [
            (mark, f" {said}" if mark == " " and said else said) for mark, said in self.lines
        ]
        # Who leaves the mark of what stays away once does so everywhere.
        is_bare = any(not mark for mark, _ in self.lines)
        olds, news = _sides(unmarked if is_bare else self.lines)
        return Hunk(
            olds,
            news,
            number,
            self.old_has_end,
            self.new_has_end,
            self.says_end,
            _sides(unmarked),
        )


def _sides(lines: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (
        tuple(said for mark, said in lines if mark != "+"),
        tuple(said for mark, said in lines if mark != "-"),
    )


def parse(diff: str) -> list[Hunk]:
    """The hunks of a plain diff of one file.

    Raises:
        InvalidInputError: it is no such diff; the message names the line.
    """
    lines = _body(diff)
    hunks: list[Hunk] = []
    at, names = 0, 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("@@"):
            at = _hunk(lines, at, hunks)
            continue
        if _is_names(lines, at):
            names += 1
            _check_names(lines[at], lines[at + 1], names)
            at += 2
            continue
        if _ENVELOPE.match(line):
            names += 1
            _check_names("", "", names)
        else:
            _check_between(line, at)
        at += 1
    if not hunks:
        raise InvalidInputError(
            "diff holds no hunk. Each begins with a line '@@ -1,3 +1,4 @@', and its lines with"
            " ' ' (stays), '-' (goes) or '+' (comes)."
        )
    return hunks


def _body(diff: str) -> list[str]:
    lines = diff.split("\n")
    while lines and (not lines[-1] or _FENCE.match(lines[-1])):
        lines.pop()
    return lines[1:] if lines and _FENCE.match(lines[0]) else lines


def _hunk(lines: Sequence[str], at: int, hunks: list[Hunk]) -> int:
    """Read the hunk that begins there, and say where the next line is."""
    if _HUNK.match(lines[at]) is None:
        raise InvalidInputError(
            f"Line {at + 1} of the diff, {lines[at]!r}, begins no hunk; write '@@ -1,3 +1,4 @@'."
        )
    draft = _Draft()
    at += 1
    while at < len(lines) and not _is_next(lines, at):
        draft.add(lines[at])
        at += 1
    hunk = draft.finished(len(hunks) + 1)
    if hunk.olds == hunk.news and hunk.old_has_end == hunk.new_has_end:
        raise InvalidInputError(f"Hunk {hunk.number} of the diff changes nothing; leave it out.")
    hunks.append(hunk)
    return at


def _is_next(lines: Sequence[str], at: int) -> bool:
    """Whether something else than a line of the hunk begins here."""
    line = lines[at]
    return (
        line.startswith("@@")
        or _ABOUT.match(line) is not None
        or _ELSEWHERE.match(line) is not None
        or _ENVELOPE.match(line) is not None
        or _is_names(lines, at)
    )


def _is_names(lines: Sequence[str], at: int) -> bool:
    """Whether the two lines that name the files stand here.

    A line '--- x' alone takes away '-- x', which is a comment in SQL, Lua and Haskell.
    """
    two = lines[at : at + 3]
    return (
        len(two) == len(("---", "+++", "@@"))
        and two[0].startswith("--- ")
        and two[1].startswith("+++ ")
        and two[2].startswith("@@")
    )


def _check_names(old: str, new: str, names: int) -> None:
    if names > 1:
        raise InvalidInputError(
            "diff changes several files; make one call for each, or use change_files."
        )
    if new.split("\t")[0].strip() == "+++ /dev/null":
        raise InvalidInputError("diff deletes the file; use change_files for that.")
    if old.split("\t")[0].strip() == "--- /dev/null":
        raise InvalidInputError("diff creates the file; use change_files for that.")


def _check_between(line: str, at: int) -> None:
    if _ELSEWHERE.match(line):
        raise InvalidInputError(
            f"Line {at + 1} of the diff, {line!r}, is more than new text; use change_files for it."
        )
    is_known = not line.strip() or _ABOUT.match(line) or line.startswith(("--- ", "+++ "))
    if not is_known:
        raise InvalidInputError(
            f"Line {at + 1} of the diff, {line!r}, stands before any hunk. Begin the hunk with a"
            " line '@@ -1,3 +1,4 @@'."
        )
