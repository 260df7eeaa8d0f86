"""What became of an undo, and what a run changed: for front ends and programs."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from steward.agents.changes import file_as_json
from steward.core.errors import StewardError
from steward.workspace.git.branch import branch_from_json
from steward.workspace.git.git import Git
from steward.workspace.history.undo import Left
from steward.workspace.land_refs import Landed
from steward.workspace.markdown import one_line
from steward.workspace.proposal import EditProposal, commit_from_json
from steward.workspace.tables import ProposalRow


@dataclass(frozen=True, slots=True)
class Standing:
    """A commit, branch or the like that a run made: an undo leaves it alone."""

    outcome: str
    """What it is, in a sentence."""
    command: str
    """What takes it back, at a shell in the workspace; empty where we know none."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An undo that can be asked about."""

    proposal: EditProposal | None
    """`None` where no file is left in which anything can be undone."""
    left: tuple[Left, ...]
    standing: tuple[Standing, ...]
    is_redo: bool

    def told(self) -> list[str]:
        """What is not undone, and why, in lines."""
        does = "done again" if self.is_redo else "undone"
        lines = [f"Nothing is {does} in {left_in_words(left)}" for left in self.left]
        for each in self.standing:
            lines.append(f"Left as it is: {each.outcome}")
            if each.command:
                lines.append(f"  To take it back: {each.command}")
        return lines


@dataclass(frozen=True, slots=True)
class Ended:
    """How an undo ended."""

    prepared: Prepared
    landed: Landed

    def as_told(self) -> dict[str, object]:
        """For a client or a program."""
        proposal = self.prepared.proposal
        return {
            "state": self.landed.state if proposal is not None else "nothing",
            "outcome": self.landed.outcome,
            "proposalId": proposal.id if proposal is not None else "",
            "isRedo": self.prepared.is_redo,
            "files": [file_as_json(change) for change in proposal.changes] if proposal else [],
            "left": [_left_as_json(left) for left in self.prepared.left],
            "standing": [asdict(each) for each in self.prepared.standing],
            "told": self.prepared.told(),
        }


def left_in_words(left: Left) -> str:
    """Which file, why, where, and who changed it."""
    lines = ", ".join(_lines_in_words(first, last) for first, last in left.lines)
    where = f" ({lines})" if lines else ""
    by = f"; changed later by {', '.join(left.later)}" if left.later else ""
    return f"{one_line(left.path)}: {left.reason}{where}{by}."


async def standing_of(git: Git, rows: Sequence[ProposalRow]) -> tuple[Standing, ...]:
    """What of these is left alone, with the command that would take it back."""
    return tuple([Standing(row.outcome, await _command(git, row)) for row in rows])


async def _command(git: Git, row: ProposalRow) -> str:
    """A command that does nothing where the branch has moved on since."""
    if row.kind == "branch":
        made = branch_from_json(row.id, row.run_id, row.content).prepared
        return shlex.join(("git", "update-ref", "-d", made.ref, made.commit))
    if row.kind != "commit":
        return ""
    prepared = commit_from_json(row.id, row.run_id, row.content).prepared
    try:
        commit = await git.find_commit(prepared)
    except StewardError:
        return ""
    if commit is None:
        return ""
    if prepared.expected_old is None:
        return shlex.join(("git", "update-ref", "-d", prepared.ref, commit))
    return shlex.join(("git", "update-ref", prepared.ref, prepared.expected_old, commit))


def _lines_in_words(first: int, last: int) -> str:
    if last < first:
        return f"before line {first}"
    return f"line {first}" if first == last else f"lines {first}-{last}"


def _left_as_json(left: Left) -> Mapping[str, object]:
    return {
        "path": left.path,
        "reason": left.reason,
        "lines": [list(lines) for lines in left.lines],
        "later": list(left.later),
    }
