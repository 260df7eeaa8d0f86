"""What was changed and what of it is undone, from the rows of proposals: units of work that read.

Nothing says of a change that it is undone: that follows from the proposals that took it back, and
from those that took these back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from steward.core.agent_limits import CHANGES_LOOKED_AT_MAX
from steward.workspace.history.undo import Applied
from steward.workspace.proposal import EditProposal, edit_from_json
from steward.workspace.tables import ProposalRow

_PREFIX = "undo:"
_APPLIED = ("applied", "partial")
"""Of a proposal that was applied in part, what was applied can be undone."""

Entry = tuple[str, str]
"""A proposal and a path that it changed."""

Undone = Literal["no", "partly", "yes"]


@dataclass(frozen=True, slots=True)
class Change:
    """A proposal that changed files, and how it stands."""

    applied: Applied
    state: str
    """applied, or partial."""
    undone: frozenset[str]
    """The paths of its changes that are undone."""

    @property
    def is_undone(self) -> Undone:
        """How much of it is."""
        if not self.undone:
            return "no"
        return "yes" if len(self.undone) == len(self.applied.proposal.changes) else "partly"


@dataclass(frozen=True, slots=True)
class Story:
    """All changes of one run, and all undos of them, the oldest first."""

    run_id: str
    changes: tuple[Change, ...]
    undos: tuple[Change, ...]
    marks: dict[Entry, Applied]
    """What was undone or made again → by which proposal the last time."""

    def is_undone(self, entry: Entry) -> bool:
        """Whether this change of a file is undone now."""
        mark = self.marks.get(entry)
        return mark is not None and not _is_redo(mark.proposal)

    def in_force(self, undo: EditProposal) -> bool:
        """Whether anything still stands as this proposal has put it."""
        return any(mark.proposal.id == undo.id for mark in self.marks.values())


def undo_run(run_id: str) -> str:
    """What stands for the run in proposals that undo what it did."""
    return run_id if run_id.startswith(_PREFIX) else f"{_PREFIX}{run_id}"


def undone_run(run_id: str) -> str:
    """The run whose changes a proposal made, or undoes."""
    return run_id.removeprefix(_PREFIX)


def stories(session: Session, tenant_id: str, run_ids: Sequence[str]) -> dict[str, Story]:
    """Run → all that it changed, for the runs that changed anything."""
    names = [name for run_id in run_ids for name in (run_id, undo_run(run_id))]
    by_run: dict[str, list[ProposalRow]] = {}
    for row in _edits(session, tenant_id, col(ProposalRow.run_id).in_(names)):
        by_run.setdefault(undone_run(row.run_id), []).append(row)
    return {run_id: _story(run_id, rows) for run_id, rows in by_run.items()}


def story_of(session: Session, tenant_id: str, run_id: str) -> Story:
    """All that one run changed."""
    return stories(session, tenant_id, [run_id]).get(run_id) or Story(run_id, (), (), {})


def applied_since(
    session: Session, tenant_id: str, workspace: str, since: datetime, besides: Iterable[str]
) -> list[Applied]:
    """What else was applied to a workspace since then, the oldest first."""
    ids = list(besides)
    rows = _edits(
        session,
        tenant_id,
        col(ProposalRow.workspace) == workspace,
        col(ProposalRow.ended_at) >= since,
        col(ProposalRow.id).not_in(ids),
    )
    return [_applied(row) for row in rows]


def newest_runs(session: Session, tenant_id: str, workspace: str | None, limit: int) -> list[str]:
    """The runs that changed this workspace, or any, last; the newest first."""
    there = () if workspace is None else (ProposalRow.workspace == workspace,)
    rows = session.exec(
        select(ProposalRow.run_id)
        .where(
            ProposalRow.tenant_id == tenant_id,
            ProposalRow.kind == "edit",
            col(ProposalRow.state).in_(_APPLIED),
            *there,
        )
        .order_by(col(ProposalRow.ended_at).desc())
        .limit(CHANGES_LOOKED_AT_MAX)
    )
    return list(dict.fromkeys(undone_run(run_id) for run_id in rows))[:limit]


def undone_runs(session: Session, tenant_id: str, run_ids: Sequence[str]) -> list[str]:
    """Those of these runs of which anything was ever undone."""
    rows = session.exec(
        select(ProposalRow.run_id)
        .where(
            ProposalRow.tenant_id == tenant_id,
            col(ProposalRow.run_id).in_([undo_run(run_id) for run_id in run_ids]),
            ProposalRow.kind == "edit",
            ProposalRow.state == "applied",
        )
        .distinct()
    )
    return [undone_run(run_id) for run_id in rows]


def run_of_change(session: Session, tenant_id: str, proposal_id: str) -> str | None:
    """The run that made this change, or whose changes this undo took back."""
    row = session.get(ProposalRow, proposal_id)
    is_edit = row is not None and row.tenant_id == tenant_id and row.kind == "edit"
    return undone_run(row.run_id) if row is not None and is_edit else None


def landed_refs(session: Session, tenant_id: str, run_id: str) -> list[ProposalRow]:
    """What a run made that is no change of files: commits, branches and the like."""
    rows = session.exec(
        select(ProposalRow)
        .where(
            ProposalRow.tenant_id == tenant_id,
            ProposalRow.run_id == run_id,
            ProposalRow.kind != "edit",
            ProposalRow.state == "applied",
        )
        .order_by(col(ProposalRow.ended_at))
    )
    return list(rows)


def open_undos(session: Session, tenant_id: str, workspace: str) -> list[tuple[EditProposal, str]]:
    """Undos that nobody has brought to an end, with how far they got."""
    rows = session.exec(
        select(ProposalRow).where(
            ProposalRow.tenant_id == tenant_id,
            ProposalRow.workspace == workspace,
            ProposalRow.kind == "edit",
            col(ProposalRow.state).in_(("proposed", "applying")),
            col(ProposalRow.run_id).startswith(_PREFIX),
        )
    )
    return [(edit_from_json(row.id, row.run_id, row.content), row.state) for row in rows]


def _edits(session: Session, tenant_id: str, *conditions: object) -> list[ProposalRow]:
    rows = session.exec(
        select(ProposalRow)
        .where(
            ProposalRow.tenant_id == tenant_id,
            ProposalRow.kind == "edit",
            col(ProposalRow.state).in_(_APPLIED),
            *conditions,  # pyright: ignore[reportArgumentType]
        )
        .order_by(col(ProposalRow.ended_at).desc())
        .limit(CHANGES_LOOKED_AT_MAX)
    )
    return list(rows)[::-1]


def _story(run_id: str, rows: Sequence[ProposalRow]) -> Story:
    applied = [(_applied(row), row.state) for row in rows]
    marks: dict[Entry, Applied] = {}
    for one, state in applied:
        if one.proposal.undo is not None and state == "applied":
            marks |= {(change, path): one for change, path, _ in one.proposal.undo.files}
    undone = {entry for entry, mark in marks.items() if not _is_redo(mark.proposal)}
    told = [
        Change(
            one,
            state,
            frozenset(path for proposal, path in undone if proposal == one.proposal.id),
        )
        for one, state in applied
    ]
    changes = tuple(each for each in told if each.applied.proposal.undo is None)
    undos = tuple(each for each in told if each.applied.proposal.undo is not None)
    return Story(run_id, changes, undos, marks)


def _is_redo(proposal: EditProposal) -> bool:
    return proposal.undo is not None and proposal.undo.is_redo


def _applied(row: ProposalRow) -> Applied:
    return Applied(edit_from_json(row.id, row.run_id, row.content), row.ended_at or row.created_at)
