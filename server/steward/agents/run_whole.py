"""One run whole: its plan, its steps, what it asked and proposed, and what it may take.

Reads, and no more. What was in files, and what was asked about them, is for the person whose run
it is; owners and admins, who may see that there is such a run, see of it what figures say.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from steward.agents.agent import NO_CAPS, Caps
from steward.agents.changes import changes_of
from steward.agents.plan_steps import Planned, planned
from steward.agents.progress import Progress, progress_of
from steward.agents.run import caps_from, specification_from_json
from steward.agents.tables import RunRow, RunStepRow, SentCallRow
from steward.agents.undo_wishes import UndoAsked, wishes_of
from steward.core.errors import InvalidInputError
from steward.core.principal import Principal
from steward.workspace.proposal import Proposal
from steward.workspace.proposals import proposal_in
from steward.workspace.tables import ProposalRow


@dataclass(frozen=True, slots=True)
class Whole:
    """A run and all that belongs to it."""

    planned: Planned
    progress: Progress
    proposals: Mapping[str, Proposal]
    """Its proposals by their ids; of the person's own runs alone."""
    changes: tuple[Mapping[str, object], ...]
    """What it changed in files; of the person's own runs alone."""
    undo_asked: tuple[UndoAsked, ...]
    """What its person asked to be undone, the newest first."""
    agent_caps: Caps
    person_caps: Caps
    """With what they raised when they resumed it."""
    calls_kept: int
    """How many calls of models are kept as they left."""
    is_own: bool


def whole_of(session: Session, principal: Principal, run_id: str) -> Whole:
    """Everything that this person may see of a run.

    Raises:
        NotFoundError: there is none that they may see.
    """
    progress = progress_of(session, principal, run_id)
    run = progress.trace.seen.run
    is_own = run.user == principal.user
    kept = select(func.count()).select_from(SentCallRow).where(SentCallRow.run_id == run_id)
    agent_caps, person_caps = _caps(run)
    return Whole(
        planned(session, principal, run_id),
        progress,
        _proposals(session, run_id) if is_own else {},
        tuple(changes_of(session, principal, run_id)) if is_own else (),
        wishes_of(session, principal, run_id) if is_own else (),
        agent_caps,
        person_caps,
        session.exec(kept).one(),
        is_own,
    )


def steps_after(session: Session, run_id: str, after: int, limit: int) -> tuple[RunStepRow, ...]:
    """The finished steps of a run behind the one with this number, in their order."""
    rows = session.exec(
        select(RunStepRow)
        .where(RunStepRow.run_id == run_id, col(RunStepRow.id) > after)
        .order_by(col(RunStepRow.id))
        .limit(limit)
    )
    return tuple(rows)


def _proposals(session: Session, run_id: str) -> dict[str, Proposal]:
    rows = session.exec(select(ProposalRow).where(ProposalRow.run_id == run_id))
    return {row.id: proposal_in(row) for row in rows}


def _caps(run: RunRow) -> tuple[Caps, Caps]:
    """The agent's limits and the person's; none where they were never kept, or cannot be read."""
    raised = caps_from(run.raised)
    with suppress(InvalidInputError, ValueError):
        pinned = specification_from_json(json.loads(run.specification))
        return pinned.agent.caps, pinned.caps if raised == NO_CAPS else raised
    return NO_CAPS, raised
