"""What is counted for the figures: units of work that only read, over events and daily sums."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import bindparam, column, func, text
from sqlmodel import Session, col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.operations.happenings import DAY
from steward.operations.tables import EventRow
from steward.permissions.people import everyone

By = Literal["agent", "user", "team", "model", "day", "language"]
BY_PERSON: tuple[By | None, ...] = (None, "user", "team", "day")
"""What people are told of by."""
DECISIONS = ("applied", "partial", "refused", "stale", "unfinished")
ENDINGS = ("finished", "capped", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures."""

    tenant_id: str
    first: date
    last: date
    """Days of UTC, both included."""
    user: str | None
    """None for everybody's."""
    by: By | None = None
    answer_s_max: float = 120.0
    """What counts at the most of the time until a question is answered."""

    @property
    def days(self) -> int:
        """How many days are looked at."""
        return (self.last - self.first).days + 1

    def values(self) -> dict[str, Any]:
        """What the statements are given."""
        after = self.last + timedelta(days=1)
        return {
            "tenant_id": self.tenant_id,
            "since": datetime.combine(self.first, time.min, UTC),
            "until": datetime.combine(after, time.min, UTC),
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "user": self.user,
            "answer_ms": round(self.answer_s_max * 1000),
        }


@dataclass(slots=True)
class Counted:
    """Everything that was counted under one name."""

    proposals: dict[str, int] = field(default_factory=dict[str, int])
    """State in which it ended → how many."""
    runs: dict[str, int] = field(default_factory=dict[str, int])
    """How it ended → how many."""
    answering_ms: int = 0
    """How long answering took; of each answer so much as counts."""
    shown: int = 0
    accepted: int = 0
    partly: int = 0
    accepted_characters: int = 0
    pull_requests: list[float | None] = field(default_factory=list[float | None])
    """Of each that was opened, the hours since its run was started, where that is known."""
    active: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Who was at work on which day."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What the figures rest on."""

    oldest_event: date | None
    """The day of the oldest event that is kept; None where there is none."""
    lost: int
    """Events of these days that could not be written down."""
    first_days: dict[str, str]
    """Person → the first day on which they are known to have been at work."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was asked for."""

    by_name: dict[str, Counted]
    basis: Basis


def counted(session: Session, asked: Asked) -> Counts:
    """Everything that is to be known for the figures, by the name that they are asked by."""
    found: dict[str, Counted] = {}
    teams: dict[str, str] = {}
    if asked.by == "team":
        teams = {person.user: person.team for person in everyone(session, asked.tenant_id)}

    def under(name: str) -> Counted:
        # Of somebody who belongs to no team, or to none any more, the name is empty.
        return found.setdefault(teams.get(name, "") if asked.by == "team" else name, Counted())

    if asked.by is None:
        under("")
    if asked.by == "language":  # No event says of one.
        _take_ghost(session, asked, under)
        return Counts(found, _basis(session, asked))
    event_name = _event_name(session, asked.by)
    for row in _rows(session, _ENDED, asked, event_name):
        _take_ended(under(row[0]), *row[1:])
    _take_ghost(session, asked, under)
    started: dict[str, datetime | None] = dict(map(tuple, _rows(session, _STARTED, asked, "")))
    for name, run_id, opened in _rows(session, _OPENED, asked, event_name):
        under(name).pull_requests.append(_hours(opened, started.get(run_id)))
    if asked.by in BY_PERSON:
        for user, day in _rows(session, _ACTIVE, asked, ""):
            named = {None: "", "day": day}.get(asked.by, user)
            under(named).active.add((user, day))
    return Counts(found, _basis(session, asked))


def _take_ghost(session: Session, asked: Asked, under: Callable[[str], Counted]) -> None:
    for row in _rows(session, _GHOST, asked, _GHOST_NAMES[asked.by]):
        each = under(row[0])
        each.shown, each.accepted = each.shown + int(row[1]), each.accepted + int(row[2])
        each.partly += int(row[3])
        each.accepted_characters += int(row[4])


def _event_name(session: Session, by: By | None) -> str:
    return DAY[session.connection().dialect.name] if by == "day" else _EVENT_NAMES[by]


def _take_ended(into: Counted, event: str, outcome: str, count: int, answering_ms: int) -> None:
    if event == "AI_APPLY":
        into.proposals[outcome] = into.proposals.get(outcome, 0) + int(count)
    elif event == "AGENT_RUN_ENDED":
        into.runs[outcome] = into.runs.get(outcome, 0) + int(count)
    if event != "AGENT_RUN_ENDED":
        into.answering_ms += int(answering_ms)


def _hours(opened: datetime, started: datetime | None) -> float | None:
    return None if started is None else (opened - started).total_seconds() / 3600


def _rows(session: Session, statement: str, asked: Asked, name: str) -> Iterable[Any]:
    values = asked.values()
    narrowed = {"times": _TIMES, "days": _DAYS, "mine": _MINE}
    requests = _PULL_REQUESTS.format(**narrowed)
    written = statement.format(name=name, requests=requests, **narrowed)
    prepared = text(written)
    used = {each: value for each, value in values.items() if f":{each}" in written}
    times = [bindparam(each, type_=UTCDateTime()) for each in ("since", "until") if each in used]
    prepared = prepared.bindparams(*times)
    if statement == _OPENED:
        told = prepared.columns(column("name"), column("run_id"), column("at", UTCDateTime()))
        return session.connection().execute(told, used)
    if statement == _STARTED:
        told = prepared.columns(column("run_id"), column("at", UTCDateTime()))
        return session.connection().execute(told, used)
    return session.connection().execute(prepared, used)


def _basis(session: Session, asked: Asked) -> Basis:
    values = asked.values()
    oldest: Any = session.exec(
        select(func.min(EventRow.at)).where(EventRow.tenant_id == asked.tenant_id)
    ).one()
    lost = session.exec(
        select(func.sum(EventRow.count)).where(
            EventRow.tenant_id == asked.tenant_id,
            EventRow.name == "EVENTS_LOST",
            col(EventRow.at) >= values["since"],
            col(EventRow.at) < values["until"],
        )
    ).one()
    firsts: dict[str, str] = {}
    for user, day in session.connection().execute(text(_FIRSTS), {"tenant_id": asked.tenant_id}):
        firsts[user] = min(day, firsts.get(user, day))
    return Basis(None if oldest is None else oldest.astimezone(UTC).date(), int(lost or 0), firsts)


_EVENT_NAMES: dict[By | None, str] = {
    None: "''",
    "agent": "agent",
    "model": "model",
    "user": '"user"',
    "team": '"user"',
}
_GHOST_NAMES = _EVENT_NAMES | {"agent": "''", "day": "day", "language": "language"}
"""No agent has a part in ghost text."""
_MINE = ' AND (CAST(:user AS TEXT) IS NULL OR "user" = :user)'
_TIMES = "AND at >= :since AND at < :until"
_DAYS = "AND day BETWEEN :first AND :last"
_PULL_REQUESTS = "FROM event WHERE tenant_id = :tenant_id AND name = 'PR_CREATED' {times}{mine}"
_ENDED = (
    "SELECT {name}, name, outcome, CAST(SUM(count) AS BIGINT),"
    " CAST(SUM(CASE WHEN took_ms < :answer_ms THEN took_ms ELSE :answer_ms END) AS BIGINT)"
    " FROM event WHERE tenant_id = :tenant_id AND name IN"
    " ('AI_APPLY', 'AGENT_RUN_ENDED', 'AGENT_PLAN_APPROVED', 'AGENT_PLAN_REJECTED')"
    " {times}{mine} GROUP BY 1, name, outcome"
)
_GHOST = (
    "SELECT {name}, SUM(shown), SUM(accepted), SUM(partly), SUM(accepted_characters)"
    " FROM ghost_text_day WHERE tenant_id = :tenant_id {days}{mine} GROUP BY 1"
)
_OPENED = "SELECT {name} AS name, run_id, at {requests}"
_STARTED = (
    "SELECT run_id, MIN(at) AS at FROM event"
    " WHERE tenant_id = :tenant_id AND name = 'AGENT_RUN_STARTED' AND run_id <> ''"
    " AND run_id IN (SELECT run_id {requests}) GROUP BY run_id"
)
_ACTIVE = (
    'SELECT "user", day FROM active_day WHERE tenant_id = :tenant_id {days}{mine}'
    ' UNION SELECT "user", day FROM ghost_text_day'
    " WHERE tenant_id = :tenant_id AND shown > 0 {days}{mine}"
)
_FIRSTS = (
    'SELECT "user", MIN(day) FROM active_day WHERE tenant_id = :tenant_id GROUP BY "user"'
    ' UNION ALL SELECT "user", MIN(day) FROM ghost_text_day'
    ' WHERE tenant_id = :tenant_id AND shown > 0 GROUP BY "user"'
)
