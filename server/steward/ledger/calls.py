"""The log of calls of models, as people look through it: units of work that only read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, desc, select, tuple_
from sqlalchemy.engine import RowMapping
from sqlmodel import Session

from steward.core import audit
from steward.core.limits import ATTEMPTS_MAX
from steward.core.money_limits import CALLS_LOOKED_THROUGH_MAX
from steward.ledger.charge import ATTEMPT, Call, Measured, State, Usage
from steward.ledger.tables import ReservationRow

_TOLD_OF_A_RUN = 1000
"""Entries of a run's trail among which the reasons of attempts are looked for."""
_AT_ONCE = 32
"""Attempts that are looked for together; hardly a request has so many."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls; None where it does not matter."""

    user: str | None = None
    workspace: str | None = None
    model: str | None = None
    provider: str | None = None
    agent: str | None = None
    task: str | None = None
    state: State | None = None
    run_id: str | None = None
    first: date | None = None
    """The first day, UTC."""
    last: date | None = None
    """The last day, included."""


class Place(NamedTuple):
    """Where in the log a part of it begins: behind this call."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One attempt of a call, with whose it was."""

    call: Call
    user: str
    team: str
    workspace: str
    session: str
    ended_at: datetime | None
    """None while it is under way."""
    price_version: str
    reason: str = ""
    """Why it was made after another one."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some calls, the newest first."""

    calls: tuple[LoggedCall, ...]
    next: Place | None
    """Where the next part begins; None where there is no more."""


def log_part(
    session: Session, tenant_id: str, wanted: Wanted, after: Place | None, limit: int
) -> LogPart:
    """So many of the calls that are wanted, behind `after`.

    Nobody waits for a search through all that ever was: at most `CALLS_LOOKED_THROUGH_MAX` calls
    of the time, user and run are looked at, and a part may so have fewer, or none, before the last.
    """
    near = _near(tenant_id, wanted, after).limit(CALLS_LOOKED_THROUGH_MAX).subquery()
    found = select(near).where(*(near.c[name] == value for name, value in _seldom(wanted).items()))
    newest = found.order_by(desc(near.c.opened_at), desc(near.c.id)).limit(limit)
    rows = session.connection().execute(newest).mappings().all()
    calls = tuple(_logged(row) for row in rows)
    if len(calls) == limit:
        return LogPart(calls, Place(rows[-1]["opened_at"], rows[-1]["id"]))
    return LogPart(calls, _end(session, tenant_id, wanted, after))


def attempts_of(session: Session, tenant_id: str, request_id: str) -> tuple[LoggedCall, ...]:
    """Every attempt of one request, in order; none where nobody made it."""
    rows: list[RowMapping] = []
    for first in range(1, ATTEMPTS_MAX + 1, _AT_ONCE):
        ids = [_id_of(request_id, number) for number in range(first, first + _AT_ONCE)]
        is_its = _RESERVATION.c.id.in_(ids) & (_RESERVATION.c.tenant_id == tenant_id)
        chosen = select(_RESERVATION).where(is_its)
        found = session.connection().execute(chosen).mappings().all()
        rows += found
        if len(found) < _AT_ONCE:
            break
    # An attempt's own id is no request's.
    rows = [row for row in rows if _request_of(row) == request_id]
    reasons = _reasons(session, tenant_id, request_id, rows)
    calls = (_logged(row, reasons.get(row["attempt"], "")) for row in rows)
    return tuple(sorted(calls, key=lambda each: each.call.attempt))


def _near(tenant_id: str, wanted: Wanted, after: Place | None) -> Select[Any]:
    """The calls of a time, a user and a run, the newest first: an index finds them in order."""
    table = _RESERVATION.c
    chosen = select(_RESERVATION).where(table.tenant_id == tenant_id)
    if wanted.user is not None:
        chosen = chosen.where(table.user == wanted.user)
    if wanted.run_id is not None:
        chosen = chosen.where(table.run_id == wanted.run_id)
    if wanted.first is not None:
        chosen = chosen.where(table.opened_at >= _midnight(wanted.first))
    if wanted.last is not None:
        chosen = chosen.where(table.opened_at < _midnight(wanted.last + timedelta(days=1)))
    if after is not None:
        place = tuple_(table.opened_at, table.id) < (after.at, after.id)
        chosen = chosen.where(table.opened_at <= after.at, place)
    return chosen.order_by(desc(table.opened_at), desc(table.id))


def _seldom(wanted: Wanted) -> dict[str, str]:
    """What has no index of its own: each would make every call dearer to book."""
    named = {
        "workspace": wanted.workspace,
        "model": wanted.model,
        "provider": wanted.provider,
        "agent": wanted.agent,
        "task": wanted.task,
        "state": wanted.state,
    }
    return {name: value for name, value in named.items() if value is not None}


def _end(session: Session, tenant_id: str, wanted: Wanted, after: Place | None) -> Place | None:
    """The last call that was looked at, if there may be more behind it."""
    if not _seldom(wanted):
        return None
    near = _near(tenant_id, wanted, after).limit(CALLS_LOOKED_THROUGH_MAX).subquery()
    oldest = select(near.c.opened_at, near.c.id).order_by(near.c.opened_at, near.c.id).limit(1)
    row = session.connection().execute(oldest).one_or_none()
    if row is None:
        return None
    place = Place(row.opened_at, row.id)
    more = _near(tenant_id, wanted, place).limit(1)
    return place if session.connection().execute(more).first() is not None else None


def _reasons(
    session: Session, tenant_id: str, request_id: str, rows: list[RowMapping]
) -> Mapping[int, str]:
    """Attempt → why it was made, as the trail has it."""
    if len(rows) < 2:
        return {}
    subject = rows[0]["run_id"] or request_id
    told = audit.read(session, subject, _TOLD_OF_A_RUN, tenant_id=tenant_id)
    return {
        int(str(each.detail["attempt"])): str(each.detail["reason"])
        for each in told
        if each.action == "gateway.attempt" and each.detail.get("request") == request_id
    }


def _id_of(request_id: str, attempt: int) -> str:
    return request_id if attempt == 1 else f"{request_id}{ATTEMPT}{attempt}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(tzinfo=UTC))


def _request_of(row: RowMapping) -> str:
    # Rows from before attempts were counted say it with their own id.
    return row["request_id"] or row["id"]


def _logged(row: RowMapping, reason: str = "") -> LoggedCall:
    call = Call(
        request_id=_request_of(row),
        attempt=row["attempt"],
        at=row["opened_at"],
        task=row["task"],
        agent=row["agent"],
        provider=row["provider"],
        model=row["model"],
        state=row["state"],
        usage=Usage(row["input_tokens"], row["output_tokens"], row["cached_tokens"]),
        cost_nano_usd=row["cost_nano_usd"],
        reserved_nano_usd=row["reserved_nano_usd"],
        is_estimated=bool(row["is_estimated"]),
        run_id=row["run_id"],
        measured=Measured(row["first_piece_ms"], row["duration_ms"], row["saved_nano_usd"]),
    )
    return LoggedCall(
        call=call,
        user=row["user"],
        team=row["team"],
        workspace=row["workspace"],
        session=row["session"],
        ended_at=row["ended_at"],
        price_version=row["price_version"],
        reason=reason,
    )


_RESERVATION = ReservationRow.metadata.tables["reservation"]
