"""What a reader of a proposal should see at a glance: each thing with the file and line it is at.

A diff shows what becomes of a text; that a file goes, that other programs obey it, or that a line
holds what nobody can see, is easily overlooked in one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from steward.core.agent_limits import MARKS_MAX
from steward.permissions.control_files import is_control_path
from steward.workspace.diff import Region, changed_regions
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.reveal import reveal
from steward.workspace.suspect import LINE_CHARS_MAX, suspicion_of

MarkKind = Literal["create", "delete", "rename", "control", "hidden", "alike", "long", "ends"]
"""What is marked: a file that is made, goes or moves; one that other programs obey; characters
that cannot be seen; letters that look like others; a line too long to be seen whole; line ends
that the file has not had."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One of these things, and where it is."""

    file: str
    """Where the text is afterwards; of a deletion, where it was."""
    line: int | None
    """In the text afterwards, counted from 1; `None` where it is the file as a whole."""
    kind: MarkKind
    text: str
    """What it is, in a sentence for a person."""


def marks_of(proposal: EditProposal) -> tuple[Mark, ...]:
    """All marks of the proposal, in its order; of too many, the first, and whole files' always."""
    whole = [mark for change in proposal.changes for mark in _of_file(change)]
    lines = (mark for change in proposal.changes for mark in _of_lines(change))
    room = max(0, MARKS_MAX - len(whole))
    return (*whole, *islice(lines, room))


def _of_file(change: FileChange) -> Iterator[Mark]:
    match change.kind:
        case "create":
            yield Mark(change.path, None, "create", "This file is new.")
        case "delete":
            yield Mark(change.path, None, "delete", "This file is deleted.")
        case "rename":
            old, _ = reveal(change.moved_from or "")
            yield Mark(change.path, None, "rename", f"This file is renamed from {old}.")
        case "edit":
            pass
    if any(is_control_path(path.split("/")) for path in change.by_path()):
        yield Mark(change.path, None, "control", "Other programs obey this file: read all of it.")


def _of_lines(change: FileChange) -> Iterator[Mark]:
    shift = 0
    for region in changed_regions(change.before or "", change.after or ""):
        # Most are plain, and that is seen at once for all lines together.
        if suspicion_of(change.before, region.new).warnings():
            yield from _of_region(change, region, shift)
        shift += len(region.new) - (region.end - region.start)


def _of_region(change: FileChange, region: Region, shift: int) -> Iterator[Mark]:
    first = region.start + shift + 1
    ends: set[str] = set()
    for number, line in enumerate(region.new, first):
        found = suspicion_of(change.before, (line,))
        if found.hidden:
            some = (
                "a hidden character" if found.hidden == 1 else f"{found.hidden} hidden characters"
            )
            shown, _ = reveal(line[:LINE_CHARS_MAX].rstrip("\r\n"))
            yield Mark(change.path, number, "hidden", f"This line holds {some}: {shown.strip()}")
        if found.words:
            words = ", ".join(found.words)
            yield Mark(
                change.path, number, "alike", f"Letters of another alphabet look alike: {words}"
            )
        if found.long_lines:
            text = f"This line has over {LINE_CHARS_MAX} characters: read it to its end."
            yield Mark(change.path, number, "long", text)
        # Said once: it is the same on every line that follows.
        for end in [end for end in found.ends if end not in ends]:
            ends.add(end)
            text = f"Line ends that the file has not had begin here: {end}."
            yield Mark(change.path, number, "ends", text)
