"""How far a run has come, for whoever follows it: units of work that only read."""

from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session, col, select

from steward.agents.reading import Trace, trace_of
from steward.core.principal import Principal
from steward.permissions.answers import draft_in
from steward.permissions.tables import ApprovalRow
from steward.workspace.proposal import edit_from_json
from steward.workspace.proposals import ProposalKind
from steward.workspace.tables import ProposalRow


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a run, and what became of it."""

    approval_id: str
    kind: str
    title: str
    state: str
    answered_by: str
    channel: str
    digest: str
    plan: dict[str, Any] | None
    """The plan that it is about, where an answer may hold another one."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What becomes of one file."""

    path: str
    kind: str
    moved_from: str | None


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal of a run, and what became of it."""

    proposal_id: str
    kind: ProposalKind
    state: str
    outcome: str
    approval_id: str
    files: tuple[Changed, ...]
    """Of an edit."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A run as it stands."""

    trace: Trace
    asked: tuple[Asked, ...]
    """Its questions, the oldest first."""
    proposed: tuple[Proposed, ...]
    """Its proposals, the oldest first."""


def progress_of(session: Session, principal: Principal, run_id: str) -> Progress:
    """One run as it stands.

    Raises:
        NotFoundError: there is none that this person may see.
    """
    trace = trace_of(session, principal, run_id)
    asked = session.exec(
        select(ApprovalRow)
        .where(ApprovalRow.run_id == run_id)
        .order_by(col(ApprovalRow.asked_at), col(ApprovalRow.attempt))
    )
    proposed = session.exec(
        select(ProposalRow)
        .where(ProposalRow.run_id == run_id)
        .order_by(col(ProposalRow.created_at))
    )
    return Progress(trace, tuple(map(_asked, asked)), tuple(map(_proposed, proposed)))


def _asked(row: ApprovalRow) -> Asked:
    return Asked(
        row.id,
        row.kind,
        row.title,
        row.state,
        row.answered_by or "",
        row.channel or "",
        row.digest,
        draft_in(row) if row.kind == "plan" else None,
    )


def _proposed(row: ProposalRow) -> Proposed:
    changes = edit_from_json(row.id, row.run_id, row.content).changes if row.kind == "edit" else ()
    files = tuple(Changed(each.path, each.kind, each.moved_from) for each in changes)
    return Proposed(
        row.id, cast(ProposalKind, row.kind), row.state, row.outcome, row.approval_id or "", files
    )
