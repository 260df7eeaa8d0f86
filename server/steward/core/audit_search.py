"""The trail as people search it: newest first, by who, what, about what and when; in pages.

However long the trail is, a page costs about as much as it holds. The distinct actions are few, so
each is asked for its newest entries by an index that has them in order, and the answers are merged;
a day is turned into the first and last number that it has.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, func, select, union_all
from sqlmodel import Session

from steward.core.audit import AuditEntry, canonical, entry_of
from steward.core.tables import AuditRow


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; what is not said matches everything."""

    tenant_id: str
    actors: frozenset[str] | None = None
    """Whoever did it is one of them."""
    action: str = ""
    """How the action begins: `approval.` or `approval.asked`."""
    actions: frozenset[str] | None = None
    """The action is one of them."""
    subject: str = ""
    """Exactly what it was about."""
    since: date | None = None
    until: date | None = None
    """The last day, included; days are UTC."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page: that behind an entry, or that before one. Neither is the newest."""

    older_than: int | None = None
    newer_than: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, newest first."""

    entries: tuple[AuditEntry, ...]
    has_older: bool
    has_newer: bool


@dataclass(frozen=True, slots=True)
class DayCount:
    """How often something was done on a day."""

    day: date
    action: str
    count: int


_NEWEST = Turn()
_FEW = 20_000
"""So many entries of the days that are asked for are looked at to find where those begin."""
_AUDIT: Any = cast(Any, AuditRow).__table__
# SQLAlchemy's own types take `==` between a column and a value for a bool.
_SEQ: Any = _AUDIT.c.seq
_AT: Any = _AUDIT.c.at
_ACTION: Any = _AUDIT.c.action
_ACTOR: Any = _AUDIT.c.actor


def page(session: Session, search: Search, limit: int, turn: Turn = _NEWEST) -> Page:
    """The entries that fit, as many as `limit` at most."""
    is_back = turn.newer_than is not None
    found = _numbers(session, search, turn, limit + 1)
    has_more, numbers = len(found) > limit, found[:limit]
    if is_back:
        numbers.reverse()
    rows = session.connection().execute(select(_AUDIT).where(_SEQ.in_(numbers)))
    entries = sorted(map(entry_of, rows), key=lambda entry: -entry.seq)
    if is_back:
        return Page(tuple(entries), has_older=True, has_newer=has_more)
    return Page(tuple(entries), has_older=has_more, has_newer=turn.older_than is not None)


def entry(session: Session, tenant_id: str, seq: int) -> AuditEntry | None:
    """The entry of that number; None if the organisation has none."""
    found = select(_AUDIT).where(seq == _SEQ, _AUDIT.c.tenant_id == tenant_id)
    row = session.connection().execute(found).one_or_none()
    return None if row is None else entry_of(row)


def actions_of(session: Session, tenant_id: str) -> tuple[str, ...]:
    """Every action that the trail knows, in order."""
    return tuple(_distinct(session, _ACTION, _AUDIT.c.tenant_id == tenant_id))


def head(session: Session) -> int:
    """The number of the newest entry, of whichever organisation; nought where there is none."""
    return session.connection().execute(select(func.coalesce(func.max(_SEQ), 0))).scalar_one()


def counted(session: Session, search: Search) -> tuple[DayCount, ...]:
    """How often each action was done on each day, in order."""
    bounds = _bounds(session, search)
    if bounds is None:
        return ()
    where = _where(search)
    day = _day(session)
    total: dict[tuple[str, str], int] = {}
    for action in _actions(session, search):
        rows = session.connection().execute(
            select(day, func.count())
            .where(*where, action == _ACTION, _SEQ.between(*bounds))
            .group_by(day)
        )
        total |= {(str(each), action): int(count) for each, count in rows}
    return tuple(
        DayCount(date.fromisoformat(each), action, count)
        for (each, action), count in sorted(total.items())
    )


def exported(session: Session, search: Search, newer_than: int, limit: int) -> list[AuditEntry]:
    """The next entries of an export, oldest first."""
    return list(reversed(page(session, search, limit, Turn(newer_than=newer_than)).entries))


def as_line(entry: AuditEntry) -> str:
    """The entry as one line of JSON."""
    parts = {name: getattr(entry, name) for name in _PARTS}
    return canonical({**parts, "at": entry.at.astimezone(UTC).isoformat()}) + "\n"


_PARTS = ("seq", "tenant_id", "actor", "action", "subject", "detail", "previous_hash", "hash")


def _numbers(session: Session, search: Search, turn: Turn, limit: int) -> list[int]:
    """The numbers of a page's entries, in the direction of the turn."""
    bounds = _bounds(session, search)
    if bounds is None:
        return []
    has_days = search.since is not None or search.until is not None
    where: list[ColumnElement[bool]] = [_SEQ.between(*bounds)] if has_days else []
    order = _SEQ.desc()
    if turn.older_than is not None:
        where.append(turn.older_than > _SEQ)
    if turn.newer_than is not None:
        where.append(turn.newer_than < _SEQ)
        order = _SEQ.asc()
    where += _where(search)
    each = [
        select(_SEQ).where(*where, *narrow).order_by(order).limit(limit)
        for narrow in _narrowed(session, search)
    ]
    if not each:
        return []
    found = [int(seq) for seq in session.connection().execute(_joined(each)).scalars()]
    found.sort(reverse=turn.newer_than is None)
    return found[:limit]


def _joined(each: list[Select[Any]]) -> Any:
    # PostgreSQL and SQLite agree on a limit inside a union only where it is a query of its own.
    inner = [select(one.subquery().c.seq) for one in each]
    return inner[0] if len(inner) == 1 else union_all(*inner)


def _narrowed(session: Session, search: Search) -> Iterator[list[ColumnElement[bool]]]:
    """The conditions by which the search falls into parts that an index has in order."""
    if search.subject:
        named = _action_of(search)
        yield [] if named is None else [named]
    else:  # Also where any action fits: a database may sort all of the trail otherwise.
        yield from ([action == _ACTION] for action in _actions(session, search))


def _action_of(search: Search) -> ColumnElement[bool] | None:
    named: list[ColumnElement[bool]] = []
    if search.action:
        named.append(func.substr(_ACTION, 1, len(search.action)) == search.action)
    if search.actions is not None:
        named.append(_ACTION.in_(sorted(search.actions)))
    return and_(*named) if named else None


def _actions(session: Session, search: Search) -> Iterable[str]:
    where: list[ColumnElement[bool]] = [_AUDIT.c.tenant_id == search.tenant_id]
    if search.actors is not None and len(search.actors) == 1:
        where.append(min(search.actors) == _ACTOR)
    for action in _distinct(session, _ACTION, *where):
        is_one = search.actions is None or action in search.actions
        if is_one and action.startswith(search.action):
            yield action


def _distinct(session: Session, column: Any, *where: ColumnElement[bool]) -> Iterator[str]:
    """Each value once, in order: a step through the index for each, however many rows there are."""
    connection = session.connection()
    last: str | None = connection.execute(select(func.min(column)).where(*where)).scalar()
    while last is not None:
        yield last
        last = connection.execute(select(func.min(column)).where(*where, column > last)).scalar()


def _where(search: Search) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [_AUDIT.c.tenant_id == search.tenant_id]
    if search.actors is not None:
        actors: Collection[str] = search.actors
        one = min(actors, default="")
        where.append(one == _ACTOR if len(actors) == 1 else _ACTOR.in_(sorted(actors)))
    if search.subject:
        where.append(_AUDIT.c.subject == search.subject)
    where += _days(search)
    return where


def _days(search: Search) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if search.since is not None:
        where.append(_midnight(search.since) <= _AT)
    if search.until is not None:
        where.append(_midnight(search.until + timedelta(days=1)) > _AT)
    return where


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(tzinfo=UTC))


def _day(session: Session) -> ColumnElement[str]:
    """The day of an entry, UTC, as `2026-11-23`."""
    if session.connection().dialect.name == "sqlite":
        return func.substr(_AT, 1, 10)
    return func.to_char(func.timezone("UTC", _AT), "YYYY-MM-DD")


def _bounds(session: Session, search: Search) -> tuple[int, int] | None:
    """The first and last number of the days, where they are few; None where nothing happened.

    Of many days every number is looked at, newest first: what fits is never far then.
    """
    if search.since is None and search.until is None:
        return 0, 2**63 - 1
    whole = replace(search, actors=None, action="", actions=None, subject="")
    some = select(_SEQ).where(*_where(whole)).limit(_FEW + 1).subquery()
    found = select(func.min(some.c.seq), func.max(some.c.seq), func.count()).select_from(some)
    row: Any = session.connection().execute(found).one()
    if row[2] > _FEW:
        return 0, 2**63 - 1
    return None if row[0] is None else (int(row[0]), int(row[1]))
