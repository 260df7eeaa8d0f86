"""The security log: what the audit trail holds of attempts, refusals and foreign hands."""

from collections import Counter
from datetime import UTC, date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from steward.core.audit_search import DayCount, counted
from steward.operations.reach import within_reach
from steward.operations.security_log import (
    GROUPS,
    RULE,
    Day,
    Group,
    actions_of,
    by_group,
    group_of,
    looked_at_from,
)
from steward.web.rest.answer import Answer
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.facts import Facts, Listing, Wish, facts_of, search_of
from steward.web.rest.query import OPEN
from steward.web.rooms import Rooms

router = APIRouter(prefix="/security", tags=["security"])


class SecurityDay(Answer):
    """How much of a group happened on a day (UTC)."""

    day: date
    count: int
    is_unusual: bool
    """Five or more, and more than three times an average day of the four weeks before it."""


class SecurityGroup(Answer):
    """One kind of thing that matters for security."""

    group: Group
    meaning: str
    """In words."""
    count: int
    """On all the days shown."""
    actions: dict[str, int]
    """Action → how often, on these days."""
    days: tuple[SecurityDay, ...]


class SecurityFigures(Answer):
    """The security log in figures."""

    since: date
    until: date
    groups: tuple[SecurityGroup, ...]
    rule: str
    """When a day counts as unusual."""
    is_whole: bool
    """Whether everybody's entries are counted; where not, they are the caller's own."""


class SecurityListing(Listing):
    """Which entries of the log, and which page of them."""

    group: Annotated[Group | None, OPEN] = None
    """Only those of this one."""


@router.get("")
async def read_security(
    caller: Reading, rooms: Opened, span: Annotated[int, Query(ge=1, le=90)] = 14
) -> SecurityFigures:
    """Each group with its counts of the last `span` days, and what is unusual in them."""
    return await security_of(caller, rooms, span)


@router.get("/events")
async def list_security_events(
    caller: Reading, rooms: Opened, wish: Annotated[SecurityListing, Query()]
) -> Facts:
    """The entries behind the figures, newest first."""
    return await security_events_of(caller, rooms, wish)


async def security_of(caller: Caller, rooms: Rooms, span: int) -> SecurityFigures:
    """The log in figures: everybody's for owners and admins, for others their own.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
    """
    last = rooms.clock.now().astimezone(UTC).date()
    first = last - timedelta(days=span - 1)
    wish = Wish(since=looked_at_from(first), until=last)
    search = search_of(caller, wish, actions_of())

    def work(session: Session) -> tuple[tuple[DayCount, ...], bool]:
        reached, is_whole = within_reach(session, caller.principal, search)
        return counted(session, reached), is_whole

    found, is_whole = await rooms.database.read(work)
    return SecurityFigures(
        since=first,
        until=last,
        groups=tuple(
            _group(group, days, found) for group, days in by_group(found, first, last).items()
        ),
        rule=RULE,
        is_whole=is_whole,
    )


async def security_events_of(caller: Caller, rooms: Rooms, wish: SecurityListing) -> Facts:
    """A page of the entries.

    Raises:
        NotPermittedError: the caller may not read what this actor did.
        InvalidInputError: no day lies between the two, or the place is none.
    """
    return await facts_of(caller, rooms, wish, actions_of(wish.group))


def _group(group: Group, days: tuple[Day, ...], found: tuple[DayCount, ...]) -> SecurityGroup:
    actions = Counter[str]()
    for each in found:
        if group_of(each.action) == group and each.day >= days[0].day:
            actions[each.action] += each.count
    return SecurityGroup(
        group=group,
        meaning=GROUPS[group],
        count=actions.total(),
        actions=dict(actions.most_common()),
        days=tuple(
            SecurityDay(day=each.day, count=each.count, is_unusual=each.is_unusual) for each in days
        ),
    )
