"""The books as rows: plain statements, with `?` for each value, and what goes into them.

Both databases understand them; how a batch's rows are found is each one's own.
"""

from datetime import datetime
from typing import Any, NamedTuple

from steward.core.money import NanoUsd
from steward.ledger.account import AccountKey, Limits, Owner
from steward.ledger.book import AccountState, ReservationState, Usages, stamp
from steward.ledger.charge import Measured, Usage


def as_sealed(value: object) -> object:
    """A value of an entry as it is sealed, whichever database keeps it."""
    if isinstance(value, datetime):
        return stamp(value)
    return int(value) if isinstance(value, bool) else value


def usage_row(usages: Usages) -> tuple[int, ...]:
    """What `ADD_UP` takes behind the name of the sum."""
    return (
        usages.calls,
        usages.input_tokens,
        usages.output_tokens,
        usages.cached_tokens,
        usages.cost_nano_usd,
    )


def account_row(account: AccountState) -> tuple[object, ...]:
    """What `PUT_ACCOUNT` takes."""
    return (*account.key, *account.limits, account.spent, account.reserved)


def account_of(key: AccountKey, row: tuple[Any, ...]) -> AccountState:
    """The account of a row: its balances and limits, and the budget that was set for it."""
    spent, reserved, hard, soft, has_budget, budget_hard, budget_soft = row
    return AccountState(
        key,
        limits=Limits(hard, soft),
        budget=Limits(budget_hard, budget_soft) if has_budget else None,
        spent=spent or 0,
        reserved=reserved or 0,
        is_stored=spent is not None,
    )


def new_row(reservation: ReservationState) -> tuple[object, ...]:
    """What `INSERT` takes."""
    return (
        reservation.id,
        *reservation.owner,
        reservation.period,
        reservation.task,
        reservation.model,
        reservation.run_id,
        reservation.price_version,
        reservation.agent,
        reservation.provider,
        reservation.request_id,
        reservation.attempt,
        reservation.body_digest,
        reservation.reserved,
        reservation.opened_at,
        reservation.expires_at,
        *_ending(reservation),
    )


def ended_row(reservation: ReservationState) -> tuple[object, ...]:
    """What `UPDATE` takes."""
    return (*_ending(reservation), reservation.id)


def _ending(reservation: ReservationState) -> tuple[object, ...]:
    usage, measured = reservation.usage, reservation.measured
    return (
        reservation.state,
        reservation.cost,
        reservation.is_estimated,
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        measured.first_piece_ms,
        measured.duration_ms,
        measured.saved_nano_usd,
        reservation.ended_at,
    )


def reservation_of(row: tuple[Any, ...]) -> ReservationState:
    """The reservation of a row of `RESERVATION`."""
    return ReservationState(
        id=row[0],
        owner=Owner(*row[1:6]),
        period=row[6],
        task=row[7],
        model=row[8],
        run_id=row[9],
        price_version=row[10],
        agent=row[11],
        provider=row[12],
        request_id=row[13],
        attempt=row[14],
        body_digest=row[15],
        reserved=NanoUsd(row[16]),
        opened_at=row[17],
        expires_at=row[18],
        state=row[19],
        cost=NanoUsd(row[20]),
        is_estimated=bool(row[21]),
        usage=Usage(row[22], row[23], row[24]),
        measured=Measured(row[25], row[26], NanoUsd(row[27])),
        ended_at=row[28],
        is_stored=True,
    )


ENDING = (
    "state, cost_nano_usd, is_estimated, input_tokens, output_tokens, cached_tokens,"
    " first_piece_ms, duration_ms, saved_nano_usd, ended_at"
)


class Put(NamedTuple):
    """How rows get into a table."""

    table: str
    columns: str
    on_conflict: str = ""

    @property
    def row_by_row(self) -> str:
        """A statement for one row, with `?` for each value."""
        marks = ", ".join("?" for _ in self.columns.split(","))
        return f"INSERT INTO {self.table} ({self.columns}) VALUES ({marks}){self.on_conflict}"  # noqa: S608


_ATTEMPT = "agent, provider, request_id, attempt"
_OWNER = 'tenant_id, team, "user", workspace, session'
RESERVATION = (
    f"id, {_OWNER}, period, task, model, run_id, price_version, {_ATTEMPT}, body_digest,"
    f" reserved_nano_usd, opened_at, expires_at, {ENDING}"
)
DUE = (
    f"SELECT {RESERVATION} FROM reservation"  # noqa: S608
    " WHERE state = 'open' AND expires_at <= ? ORDER BY expires_at LIMIT ?"
)
INSERT = Put("reservation", RESERVATION)
UPDATE = (
    f"UPDATE reservation SET ({ENDING}) = ({', '.join('?' * 10)})"  # noqa: S608
    " WHERE id = ?"
)
PUT_ACCOUNT = Put(
    "account",
    "tenant_id, scope, period, limit_nano_usd, soft_limit_nano_usd, spent_nano_usd,"
    " reserved_nano_usd",
    " ON CONFLICT (tenant_id, scope, period) DO UPDATE SET"
    " limit_nano_usd = excluded.limit_nano_usd,"
    " soft_limit_nano_usd = excluded.soft_limit_nano_usd,"
    " spent_nano_usd = excluded.spent_nano_usd, reserved_nano_usd = excluded.reserved_nano_usd",
)
HEAD = "SELECT seq, seal FROM entry ORDER BY seq DESC LIMIT 1"
_ENTRY = (
    f"seq, {_OWNER}, period, reservation_id, at, kind, reserved_change_nano_usd,"
    " spent_change_nano_usd, is_estimated, input_tokens, output_tokens, cached_tokens, task,"
    f" model, run_id, price_version, {_ATTEMPT}, seal"
)
ENDING_OF_CHAIN = f"SELECT {_ENTRY} FROM entry ORDER BY seq DESC LIMIT 2"  # noqa: S608
APPEND = Put("entry", _ENTRY)
ADD_UP = Put(
    '"usage"',
    "tenant_id, dimension, name, day, calls, input_tokens, output_tokens, cached_tokens,"
    " cost_nano_usd",
    " ON CONFLICT (tenant_id, dimension, day, name) DO UPDATE SET"
    " calls = usage.calls + excluded.calls,"
    " input_tokens = usage.input_tokens + excluded.input_tokens,"
    " output_tokens = usage.output_tokens + excluded.output_tokens,"
    " cached_tokens = usage.cached_tokens + excluded.cached_tokens,"
    " cost_nano_usd = usage.cost_nano_usd + excluded.cost_nano_usd",
)
NOTE_MARK = (
    "INSERT INTO budget_warning (tenant_id, scope, period, mark, at, spent_nano_usd,"
    " limit_nano_usd, soft_limit_nano_usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant_id, scope, period, mark) DO NOTHING"
)
