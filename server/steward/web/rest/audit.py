"""The audit trail: what was decided and done, by whom; and whether its chain holds."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from steward.core.audit import AuditEntry
from steward.core.audit_search import actions_of, as_line, entry, exported
from steward.core.errors import NotFoundError
from steward.operations.checking import Check, check_of, checks_of, head_as_text
from steward.operations.export import HEAD, as_row
from steward.operations.reach import within_reach
from steward.permissions.people import sees_trail
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.facts import (
    Fact,
    Facts,
    Listing,
    Wish,
    fact,
    facts_of,
    pieces,
    search_of,
)
from steward.web.rooms import Rooms

router = APIRouter(prefix="/audit", tags=["audit"])

_AT_ONCE = 500


class Exporting(Wish):
    """What is exported, and in which form."""

    format: Literal["csv", "json-lines"] = "json-lines"


class CheckSeen(Answer):
    """One reading of the whole chain."""

    id: str
    begun_by: str
    begun_at: datetime
    looked_at: datetime
    """When it last came further, or ended."""
    state: Literal["working", "intact", "broken", "other", "stopped"]
    """`other`: the chain holds, but it is not the one whose head was kept. `stopped`: the server
    ended before it was over."""
    entries: int
    """Read so far."""
    entries_expected: int
    head: str
    """What to keep elsewhere, such as on paper: whoever compares a later check with it sees
    whether the trail was cut off or written anew. Empty until the check has ended well."""
    kept: str
    """The head that it is compared with; empty where there is none."""
    first_bad_seq: int | None
    """The number at which the chain breaks, or is another one than the kept head's."""


class NewCheck(Wanted):
    """A check to begin."""

    kept: str = ""
    """A head that was kept elsewhere, as an earlier check gave it; empty for none."""


@router.get("")
async def list_facts(
    caller: Reading,
    rooms: Opened,
    wish: Annotated[Listing, Query()],
) -> Facts:
    """The trail, newest first: all of it for owners and admins, for others what they did."""
    return await facts_of(caller, rooms, wish)


@router.get("/actions")
async def list_actions(caller: Reading, rooms: Opened) -> tuple[str, ...]:
    """Every action that the trail knows."""
    return await actions_known(caller, rooms)


@router.get("/export", response_class=StreamingResponse)
async def export_facts(
    caller: Reading,
    rooms: Opened,
    wish: Annotated[Exporting, Query()],
) -> StreamingResponse:
    """The same, oldest first and without an end to it, for a spreadsheet or a program."""
    return await export_of(caller, rooms, wish)


@router.get("/checks")
async def list_checks(caller: Reading, rooms: Opened) -> Paged[CheckSeen]:
    """The newest checks of the chain; for owners and admins."""
    return Paged(items=await checks_seen(caller, rooms), next=None)


@router.post("/checks", status_code=201)
async def begin_check(caller: Managing, rooms: Opened, wanted: NewCheck) -> CheckSeen:
    """Begin to read the whole chain. It goes on by itself: ask how far it is."""
    return await begin_check_of(caller, rooms, wanted.kept)


@router.get("/checks/{check_id}")
async def read_check(caller: Reading, rooms: Opened, check_id: str) -> CheckSeen:
    """How far a check is, and what it found."""
    return await check_seen(caller, rooms, check_id)


@router.get("/{seq}")
async def read_fact(caller: Reading, rooms: Opened, seq: int) -> Fact:
    """One entry."""
    return await fact_of(caller, rooms, seq)


async def fact_of(caller: Caller, rooms: Rooms, seq: int) -> Fact:
    """One entry, if the caller may see it.

    Raises:
        NotFoundError: there is none of this number that they may see.
    """
    search = search_of(caller, Wish())

    def work(session: Session) -> AuditEntry | None:
        reached, _ = within_reach(session, caller.principal, search)
        found = entry(session, reached.tenant_id, seq) if 0 < seq < 2**63 else None
        is_seen = found is not None and (reached.actors is None or found.actor in reached.actors)
        return found if is_seen else None

    found = await rooms.database.read(work)
    if found is None:
        raise NotFoundError(f"The trail has no entry {seq} that you may see.")
    return fact(found)


async def actions_known(caller: Caller, rooms: Rooms) -> tuple[str, ...]:
    """Every action that the trail knows.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
    """
    tenant = search_of(caller, Wish()).tenant_id
    return await rooms.database.read(lambda session: actions_of(session, tenant))


async def export_of(caller: Caller, rooms: Rooms, wish: Exporting) -> StreamingResponse:
    """The entries that fit, oldest first, as a file.

    Raises:
        NotPermittedError: the caller may not read what this actor did.
        InvalidInputError: no day lies between the two.
    """
    search, is_csv = search_of(caller, wish), wish.format == "csv"

    def read(session: Session, last: int) -> list[AuditEntry]:
        reached, _ = within_reach(session, caller.principal, search)
        return exported(session, reached, last, _AT_ONCE)

    # Once before the status is out: what is refused is refused in the usual shape.
    await rooms.database.read(lambda session: within_reach(session, caller.principal, search))
    written, ending = (as_row, "csv") if is_csv else (as_line, "jsonl")
    kind = "text/csv" if is_csv else "application/jsonl"

    async def body() -> AsyncGenerator[bytes]:
        if is_csv:
            yield HEAD.encode()
        async for piece in pieces(rooms, read, written):
            yield piece

    name = {"content-disposition": f'attachment; filename="audit.{ending}"'}
    return StreamingResponse(body(), media_type=kind, headers=name)


async def checks_seen(caller: Caller, rooms: Rooms) -> tuple[CheckSeen, ...]:
    """The newest checks.

    Raises:
        NotPermittedError: the caller may not read the whole trail.
    """
    now = rooms.clock.now()
    found = await rooms.database.read(lambda session: checks_of(session, caller.principal, now))
    return tuple(map(_check, found))


async def check_seen(caller: Caller, rooms: Rooms, check_id: str) -> CheckSeen:
    """One check.

    Raises:
        NotPermittedError: the caller may not read the whole trail.
        NotFoundError: there is none of this id.
    """
    principal, now = caller.principal, rooms.clock.now()
    return _check(
        await rooms.database.read(lambda session: check_of(session, principal, check_id, now))
    )


async def begin_check_of(caller: Caller, rooms: Rooms, kept: str) -> CheckSeen:
    """Begin a check.

    Raises:
        NotPermittedError: the caller may not read the whole trail.
        InvalidInputError: what was kept is no head.
        RepeatedError: another is under way.
    """
    return _check(await rooms.checking.begin(caller.principal, kept.strip()))


async def may_check(caller: Caller, rooms: Rooms) -> bool:
    """Whether the caller may read the whole trail, and so check it."""
    principal = caller.principal
    return await rooms.database.read(lambda session: sees_trail(session, principal))


def _check(found: Check) -> CheckSeen:
    is_kept = found.state in ("intact", "other")
    return CheckSeen(
        id=found.id,
        begun_by=found.begun_by,
        begun_at=found.begun_at,
        looked_at=found.looked_at,
        state=found.state,
        entries=found.entries,
        entries_expected=found.entries_expected,
        head=head_as_text(found.entries, found.head) if is_kept else "",
        kept=found.kept,
        first_bad_seq=found.first_bad_seq,
    )
