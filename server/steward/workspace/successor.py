"""What takes the place of a proposal that cannot land as it was asked about.

Of one that a person approved in part, the part: it bears their approval. Of one whose files were
changed meanwhile, the merge with those changes: nobody has seen it yet, so it is asked about like
any other. Both are proposals of their own, with ids and bytes of their own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from steward.core.agent_limits import SUCCESSORS_MAX
from steward.core.errors import StaleError
from steward.core.redact import redact
from steward.permissions.question import Answer
from steward.workspace.choice import hunks_of, kept_part, names
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.three_way import Conflict, merged

_NUMBERED = re.compile(r"(.*)~(\d{1,4})", re.DOTALL)
_MERGED = " (merged with your edits)"


@dataclass(frozen=True, slots=True)
class Successor:
    """The proposal that comes next, and what became of the one before."""

    proposal: EditProposal
    ended: Literal["refused", "stale"]
    """How the one before has ended."""
    outcome: str
    """What is said of it."""
    answer: Answer | None = None
    """Of a part: the answer that approved it."""


def successor_id(proposal_id: str) -> str:
    """The id of what takes the place of a proposal, if anything ever does."""
    first, number = _numbered(proposal_id)
    return f"{first}~{number + 1}"


def merges_before(proposal_id: str) -> int:
    """How many others it has taken the place of, one after the other."""
    return _numbered(proposal_id)[1]


def may_be_merged(proposal_id: str) -> bool:
    """Whether it has not taken the place of so many others that this is to end."""
    return merges_before(proposal_id) < SUCCESSORS_MAX


def in_part(proposal: EditProposal, answer: Answer) -> Successor:
    """The part that this answer approved.

    Raises:
        InvalidInputError: what it keeps is not in the proposal.
    """
    kept = answer.reply.kept or ()
    part = kept_part(proposal, kept, successor_id(proposal.id))
    hunks = hunks_of(proposal)
    yes = [hunk for hunk in hunks if hunk.id in kept]
    no = [hunk for hunk in hunks if hunk.id not in kept]
    outcome = (
        f"The person kept {len(yes)} of {len(hunks)} hunks: {names(yes)}. They rejected, and it was"
        f" not done: {names(no)}."
    )
    if answer.reply.reason:
        # The outcome is kept in the proposal's row and the audit trail.
        outcome += f" The person says: {redact(answer.reply.reason)}"
    return Successor(part, "refused", outcome, answer)


def merge(proposal: EditProposal, texts: Mapping[str, str | None]) -> Successor:
    """The proposal merged with what the files hold now: relative path → text, or `None`.

    Raises:
        StaleError: they contradict each other; it says where. Or nothing is left to be done.
    """
    conflicts: list[str] = []
    changes: list[FileChange] = []
    for change in proposal.changes:
        found = _merged(change, texts)
        if isinstance(found, FileChange):
            changes.append(found)
        elif found:
            conflicts.append(found)
    if conflicts:
        raise StaleError(
            f"Files were changed since the diff was computed, and nothing was touched:"
            f" {'; '.join(conflicts)}. Read them again and propose the change anew."
        )
    if not changes:
        raise StaleError("The files hold all of this change already, so nothing was touched.")
    title = proposal.title if proposal.title.endswith(_MERGED) else f"{proposal.title}{_MERGED}"
    successor = EditProposal(successor_id(proposal.id), proposal.run_id, title, tuple(changes))
    return Successor(
        successor,
        "stale",
        f"The person, or another program, had changed {_changed(proposal, texts)} meanwhile, so the"
        " change was merged with that and the person was asked about the result. Read the file"
        " again before you change more of it.",
    )


def _numbered(proposal_id: str) -> tuple[str, int]:
    """The id of the first of them, and how many came before this one."""
    found = _NUMBERED.fullmatch(proposal_id)
    return (found[1], int(found[2])) if found else (proposal_id, 0)


def _merged(change: FileChange, texts: Mapping[str, str | None]) -> FileChange | str:
    """The change of what is there now, or why not; empty where nothing is left to be done."""
    old_path = change.moved_from or change.path
    now = texts[old_path]
    if change.moved_from is not None and texts[change.path] is not None:
        return f"there is a '{change.path}' already"
    if now == change.before:
        return change
    if change.before is None:
        return f"there is a '{change.path}' already"
    if now is None:
        return f"'{old_path}' is gone"
    if change.after is None:
        return f"'{change.path}' would be deleted and was changed"
    result = merged(change.before, change.after, now)
    if not isinstance(result, str):
        return f"both change '{old_path}' in {_lines(result)}"
    if result == now and change.moved_from is None:
        return ""
    return FileChange(change.path, now, result, change.moved_from)


def _lines(conflicts: tuple[Conflict, ...]) -> str:
    """The places of the file as it is now."""
    named = [_span(one.theirs.start, one.theirs.end) for one in conflicts]
    return ("line " if len(named) == 1 and "-" not in named[0] else "lines ") + ", ".join(named)


def _span(start: int, end: int) -> str:
    # Where lines were taken away there is only the place between two others.
    return f"{start + 1}" if end <= start + 1 else f"{start + 1}-{end}"


def _changed(proposal: EditProposal, texts: Mapping[str, str | None]) -> str:
    return ", ".join(
        f"'{path}'"
        for path, versions in proposal.by_path().items()
        if texts[path] != versions.before
    )
