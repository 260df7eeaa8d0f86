"""The audit trail as the API tells it, and whose part of it somebody may read."""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlmodel import Session

from steward.core.audit import AuditEntry
from steward.core.audit_search import Page, Search, Turn, page
from steward.core.errors import InvalidInputError, NotPermittedError
from steward.operations.reach import within_reach
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller
from steward.web.rest.query import Day
from steward.web.rooms import Rooms

_TEXT = Field(max_length=4096)


class Fact(Answer):
    """One entry of the trail."""

    seq: int
    """Its number; the trail has no gaps."""
    at: datetime
    actor: str
    """Who did it; of a failed sign-in, from which address."""
    action: str
    """What was done, such as `approval.asked`."""
    subject: str
    """What it was about: a run's id, `person ann`, `folder /work` …"""
    detail: Mapping[str, object]
    """What else was written down; its names depend on the action."""
    previous_hash: str
    """The hash of the entry before it."""
    hash: str
    """SHA-256 of this entry and the hash before it."""


class Facts(Paged[Fact]):
    """Some of the trail, newest first."""

    newer: str | None
    """What to send as `before` for the page of newer entries; null on the newest."""
    is_whole: bool
    """Whether everybody's entries are among them; where not, they are the caller's own."""


class Wish(Wanted):
    """What is looked for in the trail."""

    actor: Annotated[str, _TEXT] = ""
    """Who did it; empty for everybody whom the caller may see."""
    action: Annotated[str, _TEXT] = ""
    """How the action begins, such as `approval.`."""
    subject: Annotated[str, _TEXT] = ""
    """What it was about, to the letter."""
    since: Day = None
    until: Day = None
    """The last day, included; days are UTC."""


class Listing(Wish):
    """What is looked for, and which page of what is found."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str, _TEXT] = ""
    """From an answer's `next`: the entries behind those it had."""
    before: Annotated[str, _TEXT] = ""
    """From an answer's `newer`: the entries before those it had."""

    def turn(self) -> Turn:
        """Which page that is.

        Raises:
            InvalidInputError: nothing that an answer had.
        """
        if self.after and self.before:
            raise InvalidInputError("Send `after` or `before`, not both.")
        return Turn(
            older_than=_number(self.after) if self.after else None,
            newer_than=_number(self.before) if self.before else None,
        )


async def facts_of(
    caller: Caller, rooms: Rooms, wish: Listing, narrow: frozenset[str] | None = None
) -> Facts:
    """A page of the trail: all of it for owners and admins, for others what they did themselves.

    `narrow` are the actions that are shown at all; None for every one.

    Raises:
        NotPermittedError: the caller may not read what this actor did.
        InvalidInputError: no day lies between the two, or the place is none.
    """
    turn, search = wish.turn(), search_of(caller, wish, narrow)

    def work(session: Session) -> tuple[Page, bool]:
        reached, is_whole = within_reach(session, caller.principal, search)
        return page(session, reached, wish.limit, turn), is_whole

    found, is_whole = await rooms.database.read(work)
    entries = found.entries
    return Facts(
        items=tuple(map(fact, entries)),
        next=str(entries[-1].seq) if entries and found.has_older else None,
        newer=str(entries[0].seq) if entries and found.has_newer else None,
        is_whole=is_whole,
    )


def search_of(caller: Caller, wish: Wish, narrow: frozenset[str] | None = None) -> Search:
    """What the trail is asked for, before it is known whose part of it the caller may read.

    Raises:
        NotPermittedError: they are not among the organisation's people.
        InvalidInputError: no day lies between the two.
    """
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)
    if wish.since is not None and wish.until is not None and wish.since > wish.until:
        raise InvalidInputError(f"No day is from {wish.since} to {wish.until} (UTC). Name others.")
    return Search(
        tenant_id=caller.principal.tenant_id,
        actors=frozenset((wish.actor,)) if wish.actor else None,
        action=wish.action,
        actions=narrow,
        subject=wish.subject,
        since=wish.since,
        until=wish.until,
    )


def fact(entry: AuditEntry) -> Fact:
    """The entry as it is told."""
    return Fact(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
        previous_hash=entry.previous_hash,
        hash=entry.hash,
    )


async def pieces(
    rooms: Rooms,
    read: Callable[[Session, int], list[AuditEntry]],
    written: Callable[[AuditEntry], str],
) -> AsyncGenerator[bytes]:
    """An export, a few hundred entries at a time, as fast as it is read at the other end."""
    last = 0
    while found := await rooms.database.read(lambda session, last=last: read(session, last)):
        yield "".join(map(written, found)).encode("utf-8", "backslashreplace")
        last = found[-1].seq


def _number(written: str) -> int:
    if not written.isdecimal() or len(written) > 18:
        raise InvalidInputError("This is no place in the list. Send what an answer had.")
    return int(written)
