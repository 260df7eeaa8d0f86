"""What a person at a shell asks of the window that has the folder open: to undo, or to redo.

The window has the texts that nobody has saved yet, so it prepares the undo, and asks there. A wish
is a row beside the proposals, whose kind says that it is none. Units of work, for any process.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from steward.agents.undo import Wanted
from steward.core.audit import append
from steward.core.errors import NotFoundError
from steward.core.principal import Principal
from steward.workspace.history.undo_rows import undo_run
from steward.workspace.tables import ProposalRow

_KIND = "wish"


@dataclass(frozen=True, slots=True)
class UndoWish:
    """Something that was asked and that no window has taken up yet."""

    id: str
    wanted: Wanted


def ask_undo(
    session: Session, principal: Principal, wish: UndoWish, run_id: str, at: datetime
) -> None:
    """Write down that the window of this workspace is to undo something."""
    row = ProposalRow(
        id=wish.id,
        tenant_id=principal.tenant_id,
        workspace=principal.workspace,
        run_id=undo_run(run_id),
        kind=_KIND,
        content=json.dumps({"user": principal.user, "wanted": asdict(wish.wanted)}),
        state="asked",
        created_at=at,
    )
    session.add(row)
    append(
        session,
        at=at,
        tenant_id=row.tenant_id,
        actor=principal.user,
        action="undo.asked",
        subject=run_id,
        detail={key: str(value) for key, value in asdict(wish.wanted).items()},
    )


def open_wishes(session: Session, principal: Principal) -> tuple[UndoWish, ...]:
    """What this person asked of the window of this workspace."""
    rows = session.exec(
        select(ProposalRow).where(
            ProposalRow.tenant_id == principal.tenant_id,
            ProposalRow.workspace == principal.workspace,
            ProposalRow.kind == _KIND,
            ProposalRow.state == "asked",
        )
    )
    said = [(row.id, json.loads(row.content)) for row in rows]
    return tuple(
        UndoWish(id_, Wanted(**body["wanted"]))
        for id_, body in said
        if body["user"] == principal.user
    )


def claim_wish(session: Session, wish_id: str) -> bool:
    """Take the wish up; False where somebody else was first, or it was dropped."""
    row = session.get(ProposalRow, wish_id)
    if row is None or row.state != "asked":
        return False
    row.state = "taken"
    session.add(row)
    return True


def drop_wish(session: Session, wish_id: str, at: datetime) -> bool:
    """Ask it no more; False where a window has it already."""
    is_open = claim_wish(session, wish_id)
    if is_open:
        end_wish(session, wish_id, {"state": "refused", "outcome": "It was asked no more."}, at)
    return is_open


def end_wish(session: Session, wish_id: str, told: Mapping[str, object], at: datetime) -> None:
    """Say what came of it."""
    row = session.get_one(ProposalRow, wish_id)
    row.state, row.outcome, row.ended_at = "ended", json.dumps(told), at
    session.add(row)


def told_of_wish(session: Session, wish_id: str) -> dict[str, object] | None:
    """What came of it; nothing where it has not ended."""
    row = session.get_one(ProposalRow, wish_id)
    return json.loads(row.outcome) if row.state == "ended" else None


@dataclass(frozen=True, slots=True)
class UndoAsked:
    """An undo that was asked for, and how far it has come."""

    id: str
    wanted: Wanted
    state: str
    """`asked`, `taken` by a window, or `ended`."""
    at: datetime
    ended_at: datetime | None
    told: dict[str, object] | None
    """What came of it; nothing where it has not ended."""


def wishes_of(session: Session, principal: Principal, run_id: str) -> tuple[UndoAsked, ...]:
    """What this person asked to be undone or done again of a run, the newest first."""
    rows = session.exec(
        select(ProposalRow)
        .where(
            ProposalRow.tenant_id == principal.tenant_id,
            ProposalRow.run_id == undo_run(run_id),
            ProposalRow.kind == _KIND,
        )
        .order_by(col(ProposalRow.created_at).desc())
    )
    said = [(row, json.loads(row.content)) for row in rows]
    return tuple(
        UndoAsked(
            row.id,
            Wanted(**body["wanted"]),
            row.state,
            row.created_at,
            row.ended_at,
            json.loads(row.outcome) if row.state == "ended" else None,
        )
        for row, body in said
        if body["user"] == principal.user
    )


def drop_wish_of(
    session: Session, principal: Principal, run_id: str, wish_id: str, at: datetime
) -> bool:
    """Ask it no more, if it is this person's wish about this run; False where a window has it.

    Raises:
        NotFoundError: it is none of theirs.
    """
    if wish_id not in (each.id for each in wishes_of(session, principal, run_id)):
        raise NotFoundError(f"You asked nothing {wish_id[:80]!r} of this run; look at it again.")
    return drop_wish(session, wish_id, at)
