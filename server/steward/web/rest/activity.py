"""What happened lately, in plain words: runs, changes, approvals, budgets, people, extensions."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from steward.core.audit import AuditEntry
from steward.core.audit_search import Page, page
from steward.operations.activity import Kind, actions_of, kind_of, run_of, sentence
from steward.operations.reach import Whose, may_be_seen, narrowed
from steward.web.rest.answer import Answer, Paged
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.facts import Listing, search_of
from steward.web.rest.query import OPEN
from steward.web.rooms import Rooms

router = APIRouter(prefix="/activity", tags=["activity"])


class Happening(Answer):
    """Something that happened."""

    seq: int
    """Its entry in the audit trail."""
    at: datetime
    actor: str
    """Who did it."""
    kind: Kind
    what: str
    """What they did, in words: `approved: Commit to steward/fix?`."""
    run_id: str | None
    """The run that it belongs to; null where it is none."""


class Activity(Paged[Happening]):
    """What happened, the latest first."""

    whose: Whose
    """Whose it is."""
    may_see: tuple[Whose, ...]
    """Whose the caller may see."""


class ActivityListing(Listing):
    """What is looked for, and which page of it."""

    whose: Annotated[Whose | None, OPEN] = None
    """The caller's own, their team's (for its lead), or everybody's (for owners and admins);
    where it is not said, the most that they may see."""
    kind: Annotated[Kind | None, OPEN] = None
    """Only what is about this."""


@router.get("")
async def list_activity(
    caller: Reading, rooms: Opened, wish: Annotated[ActivityListing, Query()]
) -> Activity:
    """What happened, the latest first, in words for people."""
    return await activity_of(caller, rooms, wish)


async def activity_of(caller: Caller, rooms: Rooms, wish: ActivityListing) -> Activity:
    """A page of what happened.

    Raises:
        NotPermittedError: the caller may not see so much.
        InvalidInputError: no day lies between the two, or the place is none.
    """
    turn, principal = wish.turn(), caller.principal
    search = search_of(caller, wish, actions_of(wish.kind))

    def work(session: Session) -> tuple[Page, Whose, tuple[Whose, ...]]:
        may_see = may_be_seen(session, principal)
        whose = wish.whose or may_see[-1]
        reached = narrowed(session, principal, search, whose)
        return page(session, reached, wish.limit, turn), whose, may_see

    found, whose, may_see = await rooms.database.read(work)
    return Activity(
        items=tuple(map(_happening, found.entries)),
        next=str(found.entries[-1].seq) if found.entries and found.has_older else None,
        whose=whose,
        may_see=may_see,
    )


def _happening(entry: AuditEntry) -> Happening:
    return Happening(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        kind=kind_of(entry.action) or "run",
        what=sentence(entry),
        run_id=run_of(entry),
    )
