"""Checks of the audit trail's chain: they go on by themselves, in pieces, and what they find stays.

A million entries take a while, and a database may have one thread. So a check reads a piece at a
time, lets everybody else have their turn, and writes down how far it came: any page, on any server
of the same database, shows that.
"""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, cast

from sqlmodel import Session, col, select

from steward.core import audit
from steward.core.audit_search import head as newest_of
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import (
    InvalidInputError,
    NotFoundError,
    RepeatedError,
    StewardError,
    UnavailableError,
)
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.core.tables import AuditCheckRow
from steward.permissions.people import permit_trail

_log = logging.getLogger(__name__)

State = Literal["working", "intact", "broken", "other", "stopped"]

_PIECE = 500
"""Entries of one unit of work: some ten milliseconds."""
_TELL_S = 0.5
"""How often it writes down how far it came."""
_LISTED = 20
_SILENT = timedelta(minutes=1)
"""After so long without a word its process is gone."""
_KEPT = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Check:
    """One reading of the whole chain."""

    id: str
    begun_by: str
    begun_at: datetime
    looked_at: datetime
    """When it last came further, or ended."""
    state: State
    entries: int
    """Read so far."""
    entries_expected: int
    """How many there were when it began."""
    head: str
    """The hash of the last good entry."""
    kept: str
    """The head that it is compared with, as `NUMBER:HASH`; empty where there is none."""
    first_bad_seq: int | None
    """Where the chain breaks, or is another one than the kept head's."""


class Checking:
    """Begins checks, one at a time, and carries them out."""

    def __init__(self, database: Database, clock: Clock, new_id: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._tasks: asyncio.TaskGroup | None = None
        self._going: asyncio.Task[None] | None = None
        self._is_beginning = False

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Carry out what is begun inside the block; what is not over at its end is stopped."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = None
                if self._going is not None:
                    self._going.cancel()

    async def begin(self, principal: Principal, kept: str = "") -> Check:
        """Begin to read the chain; gives the check as it stands then.

        Raises:
            NotPermittedError: the principal may not read the whole trail.
            InvalidInputError: what was kept is no head.
            RepeatedError: another check is under way here.
        """
        _parsed(kept)
        if self._is_beginning or (self._going is not None and not self._going.done()):
            raise RepeatedError(
                "A check of the audit trail is under way already. Look how far it is, and begin"
                " another when it has ended."
            )
        self._is_beginning = True
        try:
            begun = await self._database.run(
                partial(_begun, principal, self._new_id(), kept, self._clock.now())
            )
            if self._tasks is None:
                raise UnavailableError("The server is being stopped. Try again in a moment.")
            self._going = self._tasks.create_task(self._carry_out(principal, begun))
        finally:
            self._is_beginning = False
        return begun

    async def _carry_out(self, principal: Principal, check: Check) -> None:
        try:
            await self._read_on(principal, check)
        except StewardError as error:  # Nobody waits for it: its row says that it was stopped.
            _log.warning("the check %s of the audit trail was stopped: %s", check.id, error)

    async def _read_on(self, principal: Principal, check: Check) -> None:
        verdict, is_over, told_s = audit.UNREAD, False, self._clock.monotonic_s()
        while not is_over:
            verdict, is_over = await self._database.read(partial(_piece, verdict))
            now_s = self._clock.monotonic_s()
            if not is_over and now_s - told_s >= _TELL_S:
                told_s = now_s
                await self._tell(_as_far_as(check, verdict))
        found = await self._database.read(partial(_found, check, verdict))
        await self._tell(found, principal)

    async def _tell(self, check: Check, principal: Principal | None = None) -> None:
        """Write down how far it is; with the principal, that it is over."""
        now = self._clock.now()

        def work(session: Session) -> None:
            row = session.get_one(AuditCheckRow, check.id)
            row.looked_at, row.state = now, check.state
            row.entries, row.head = check.entries, check.head
            row.first_bad_seq = check.first_bad_seq
            session.add(row)
            if principal is not None:
                _write_down(session, principal, check, now)

        await self._database.run(work)


def checks_of(session: Session, principal: Principal, now: datetime) -> tuple[Check, ...]:
    """The newest checks, newest first.

    Raises:
        NotPermittedError: the principal may not read the whole trail.
    """
    permit_trail(session, principal)
    rows = select(AuditCheckRow).where(AuditCheckRow.tenant_id == principal.tenant_id)
    newest = rows.order_by(col(AuditCheckRow.begun_at).desc()).limit(_LISTED)
    return tuple(_check(row, now) for row in session.exec(newest))


def check_of(session: Session, principal: Principal, check_id: str, now: datetime) -> Check:
    """One check as it stands.

    Raises:
        NotPermittedError: the principal may not read the whole trail.
        NotFoundError: there is none of this id.
    """
    permit_trail(session, principal)
    row = session.get(AuditCheckRow, check_id)
    if row is None or row.tenant_id != principal.tenant_id:
        raise NotFoundError(f"There is no check {check_id!r} of the audit trail.")
    return _check(row, now)


def check_kept(session: Session, verdict: audit.Verdict, kept: str) -> audit.Verdict:
    """The verdict, in the light of a head that was kept elsewhere as `NUMBER:HASH`.

    A chain that does not hold that entry was cut off or written anew: it is bad from there on.

    Raises:
        InvalidInputError: this is no head.
    """
    parsed = _parsed(kept)
    if parsed is None or not verdict.is_intact:
        return verdict
    seq, wanted = parsed
    is_there = audit.hash_at(session, seq) == wanted
    return verdict if is_there else replace(verdict, first_bad_seq=seq)


def head_as_text(entries: int, head: str) -> str:
    """A head as it is kept elsewhere; empty where nothing was read."""
    return f"{entries}:{head}" if entries else ""


def _begun(
    principal: Principal, check_id: str, kept: str, now: datetime, session: Session
) -> Check:
    permit_trail(session, principal)
    row = AuditCheckRow(
        id=check_id,
        tenant_id=principal.tenant_id,
        begun_by=principal.user,
        begun_at=now,
        looked_at=now,
        state="working",
        entries=0,
        entries_expected=newest_of(session),
        head=audit.UNREAD.head,
        kept=kept,
    )
    session.add(row)
    return _check(row, now)


def _piece(verdict: audit.Verdict, session: Session) -> tuple[audit.Verdict, bool]:
    return audit.verify_on(session, verdict, _PIECE)


def _as_far_as(check: Check, verdict: audit.Verdict) -> Check:
    return replace(check, entries=verdict.entries, head=verdict.head)


def _found(check: Check, verdict: audit.Verdict, session: Session) -> Check:
    compared = check_kept(session, verdict, check.kept)
    state: State = "intact"
    if not compared.is_intact:
        state = "other" if verdict.is_intact else "broken"
    return replace(_as_far_as(check, verdict), state=state, first_bad_seq=compared.first_bad_seq)


def _write_down(session: Session, principal: Principal, check: Check, now: datetime) -> None:
    audit.append(
        session,
        at=now,
        tenant_id=principal.tenant_id,
        actor=principal.user,
        action="audit.checked" if check.state == "intact" else "audit.broken",
        subject=f"check {check.id}",
        detail={
            "state": check.state,
            "entries": check.entries,
            "head": check.head,
            "first_bad_seq": check.first_bad_seq,
        },
    )


def _check(row: AuditCheckRow, now: datetime) -> Check:
    is_gone = row.state == "working" and now - row.looked_at > _SILENT
    return Check(
        id=row.id,
        begun_by=row.begun_by,
        begun_at=row.begun_at,
        looked_at=row.looked_at,
        state="stopped" if is_gone else cast(State, row.state),
        entries=row.entries,
        entries_expected=max(row.entries_expected, row.entries),
        head=row.head,
        kept=row.kept,
        first_bad_seq=row.first_bad_seq,
    )


def _parsed(kept: str) -> tuple[int, str] | None:
    if not kept:
        return None
    found = _KEPT.fullmatch(kept)
    if found is None:
        raise InvalidInputError(
            "This is no head of an audit trail. Paste what a check showed, such as `1234:` and 64"
            " digits and letters from a to f."
        )
    return int(found[1]), found[2]
