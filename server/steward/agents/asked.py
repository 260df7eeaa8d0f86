"""What a person asks of a run from elsewhere: to end, or to go on. The row carries it.

Whoever has the run notices; see `steward.agents.runs`. Units of work, for any process.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, or_, select

from steward.agents.agent import Caps
from steward.agents.run import caps_as_json
from steward.agents.tables import RunRow
from steward.core.audit import append
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.core.events import RUN_ENDED
from steward.core.principal import Principal
from steward.permissions.people import permit_figures

What = Literal["cancel", "resume"]


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that was asked and not done yet."""

    run_id: str
    what: What
    owner: str
    by: str


def run_of(session: Session, principal: Principal, run_id: str) -> RunRow:
    """The run, if this person may see it: their own, or anybody's for owners and admins.

    Raises:
        NotFoundError: there is none, or it is none of theirs.
    """
    row = session.get(RunRow, run_id)
    if row is not None and row.tenant_id == principal.tenant_id:
        if row.user == principal.user:
            return row
        try:
            permit_figures(session, principal)
        except NotPermittedError:
            pass  # Whether somebody else has such a run is none of their business.
        else:
            return row
    raise NotFoundError(f"There is no run {run_id!r} of yours; `steward run list` shows them.")


def ask_cancel(session: Session, principal: Principal, run_id: str, at: datetime) -> RunRow:
    """Say that the run is to end; one that has ended is left as it is."""
    row = run_of(session, principal, run_id)
    if row.state in RUN_ENDED:
        # One that was to be resumed is not, then.
        row.resume_asked_at = None
    elif row.cancel_asked_at is None:
        row.cancel_asked_at, row.cancel_asked_by = at, principal.user
        _audit(session, row, "run.cancel_asked", principal, at)
    session.add(row)
    return row


def end_cancelled(session: Session, run_id: str, at: datetime, message: str) -> str:
    """End a run that nobody works on any more; returns its state."""
    row = session.get_one(RunRow, run_id)
    if row.state not in RUN_ENDED:
        row.state, row.message, row.ended_at = "cancelled", message, at
        row.cancel_asked_at = row.resume_asked_at = None
        session.add(row)
        append(
            session,
            at=at,
            tenant_id=row.tenant_id,
            actor=row.cancel_asked_by or row.user,
            action="run.cancelled",
            subject=row.id,
            detail={"message": message},
        )
    return row.state


def ask_resume(
    session: Session, principal: Principal, run_id: str, raised: Caps, at: datetime
) -> RunRow:
    """Say that an ended run is to go on, with these limits raised.

    Raises:
        NotFoundError: there is no such run.
        NotPermittedError: it is somebody else's; it would act in their name.
        InvalidInputError: it has not ended, or nothing is left to do.
    """
    row = run_of(session, principal, run_id)
    if row.user != principal.user:
        raise NotPermittedError(f"The run {run_id!r} acts for {row.user!r}; only they resume it.")
    if row.state not in RUN_ENDED:
        raise InvalidInputError(
            f"The run {run_id!r} is under way ({row.state}), so there is nothing to resume."
        )
    if row.state == "finished" and not row.capped:
        raise InvalidInputError(
            f"The run {run_id!r} is finished; start a new one for what is left."
        )
    if row.pruned_at is not None:
        raise InvalidInputError(
            f"What the run {run_id!r} did was removed on {row.pruned_at:%Y-%m-%d}, so it cannot go"
            " on; start a new one. `keep_days` under [agents] says how long runs are kept."
        )
    row.resume_asked_at, row.raised = at, caps_as_json(raised)
    session.add(row)
    _audit(session, row, "run.resume_asked", principal, at)
    return row


def claim(session: Session, run_id: str, owner: str) -> bool:
    """Begin the next attempt of a run that is to be resumed; False where somebody else was first.

    The wish stays until the engine has the run: see `RunLog.take_over`.
    """
    row = session.get_one(RunRow, run_id)
    if row.state not in RUN_ENDED or row.resume_asked_at is None:
        return False
    row.owner, row.state, row.message = owner, "working", "Taken up again"
    row.attempt, row.ended_at, row.capped = row.attempt + 1, None, ""
    row.cancel_asked_at, row.cancel_asked_by = None, ""
    session.add(row)
    return True


def wishes(session: Session, principal: Principal) -> tuple[Wish, ...]:
    """What was asked of this person's runs in this workspace, and not done yet."""
    is_to_end = col(RunRow.cancel_asked_at).is_not(None) & col(RunRow.state).not_in(RUN_ENDED)
    is_to_go_on = col(RunRow.resume_asked_at).is_not(None) & col(RunRow.state).in_(RUN_ENDED)
    rows = session.exec(
        select(RunRow).where(
            RunRow.tenant_id == principal.tenant_id,
            RunRow.workspace == principal.workspace,
            RunRow.user == principal.user,
            or_(is_to_end, is_to_go_on),
        )
    )
    return tuple(
        Wish(row.id, "resume" if row.state in RUN_ENDED else "cancel", row.owner, _by(row))
        for row in rows
    )


def _by(row: RunRow) -> str:
    return row.cancel_asked_by or row.user


def _audit(session: Session, row: RunRow, action: str, by: Principal, at: datetime) -> None:
    append(
        session,
        at=at,
        tenant_id=row.tenant_id,
        actor=by.user,
        action=action,
        subject=row.id,
        detail={"state": row.state, "attempt": row.attempt},
    )
