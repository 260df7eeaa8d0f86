"""The books on SQLite: plain statements on the driver's connection.

Whoever opened the transaction did so with BEGIN IMMEDIATE, so nobody else writes until it ends and
what is read here needs no lock of its own. Accounts are read once and remembered from batch to
batch, as long as SQLite says that nobody has written in between: no other process
(`data_version`), and nothing else in this one (`total_changes`). A batch whose commit failed is
told by the end of the chain, which is not where that batch would have put it.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

from sqlmodel import Session

from steward.core.limits import LEDGER_ACCOUNTS_KEPT_MAX
from steward.core.money import NanoUsd
from steward.ledger.account import AccountKey, Limits, Owner
from steward.ledger.book import (
    AccountState,
    Book,
    Passed,
    ReservationState,
    Usages,
)
from steward.ledger.chain import START, Entry, Head
from steward.ledger.charge import Usage


class SqliteBooks:
    """The books of one process, which remembers accounts while they cannot have changed."""

    def __init__(self) -> None:
        self._accounts: dict[AccountKey, AccountState] = {}
        self._seen: tuple[object, ...] = ()

    def open(self, session: Session) -> "SqliteStore":
        """The books within the transaction that `session` is in."""
        connection = session.connection().connection.driver_connection
        return SqliteStore(cast("sqlite3.Connection", connection), self)

    def take(self, seen: tuple[object, ...]) -> dict[AccountKey, AccountState]:
        """The accounts as they are, if the database is as it was when they were kept.

        They are forgotten here: only a batch that is written puts them back.
        """
        accounts, self._accounts = self._accounts, {}
        return accounts if seen == self._seen else {}

    def keep(self, accounts: dict[AccountKey, AccountState], seen: tuple[object, ...]) -> None:
        """Remember accounts that have just been written, and how the database looked then."""
        if len(accounts) <= LEDGER_ACCOUNTS_KEPT_MAX:
            self._accounts, self._seen = accounts, seen


class SqliteStore:
    """Reads and writes within the transaction that `connection` is in."""

    def __init__(self, connection: sqlite3.Connection, books: SqliteBooks) -> None:
        self._connection = connection
        self._books = books
        self._known: dict[AccountKey, AccountState] = {}

    def head(self) -> Head:
        """The end of the chain."""
        found = self._connection.execute(_HEAD).fetchone()
        return Head(*found) if found else Head(0, START)

    def ending(self) -> Sequence[tuple[Entry, str]]:
        """The last two entries with their seals, the older first."""
        rows = self._connection.execute(_ENDING_OF_CHAIN).fetchall()
        return [(Entry(*row[:-1]), row[-1]) for row in reversed(rows)]

    def reservations(self, ids: Collection[str]) -> Iterable[ReservationState]:
        """Those of the reservations that there are."""
        execute = self._connection.execute
        if len(ids) <= _FEW:
            rows = [row for each in ids for row in execute(_FIND, (each,))]
        else:
            rows = execute(_FIND_ALL, (json.dumps(list(ids)),)).fetchall()
        return [_reservation(row) for row in rows]

    def due(self, at: str, most: int) -> Sequence[ReservationState]:
        """Open reservations whose time was over at `at`, the oldest first."""
        rows = self._connection.execute(_DUE, (at, most)).fetchall()
        return [_reservation(row) for row in rows]

    def accounts(self, keys: Collection[AccountKey]) -> Iterable[AccountState]:
        """Every one of the accounts, empty where nobody has used it."""
        known = self._known = self._books.take(self._state(self.head().seal))
        execute = self._connection.execute
        for key in keys:
            if key not in known:
                known[key] = _account(key, execute(_ACCOUNT, key).fetchone())
        return [known[key] for key in keys]

    def write(self, book: Book, entries: Sequence[tuple[Entry, str]]) -> Sequence[Passed]:
        """Keep what has changed; gives the marks that were not known to be passed."""
        changed = book.changed.values()
        put = self._put
        put(_INSERT, [_new_row(each) for each in changed if not each.is_stored])
        put(_UPDATE, [_ended_row(each) for each in changed if each.is_stored])
        put(_APPEND, [(*entry, seal) for entry, seal in entries])
        accounts = [each for each in book.accounts.values() if each.is_changed]
        put(_PUT_ACCOUNT, [_account_row(each) for each in accounts])
        put(_ADD_UP, [(*key, *_usage_row(usages)) for key, usages in book.sums.items()])
        passed = [each for each in book.passed() if self._is_new(each)]
        if entries:
            self._keep(accounts, entries[-1][1])
        return passed

    def _keep(self, changed: Sequence[AccountState], head: str) -> None:
        """Remember the accounts; if the commit fails, the chain will not end at `head`."""
        for account in changed:
            account.is_stored, account.is_changed = True, False
        for account in self._known.values():
            account.defaults = None
        self._books.keep(self._known, self._state(head))

    def _state(self, head: str) -> tuple[object, ...]:
        """Changes with every write: by others, by us, and by what was taken back."""
        (by_others,) = self._connection.execute("PRAGMA data_version").fetchone()
        return by_others, self._connection.total_changes, head

    def _put(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        if rows:
            self._connection.executemany(statement, rows)

    def _is_new(self, passed: Passed) -> bool:
        row = (*passed.account, passed.mark, passed.at, passed.spent, *passed.limits)
        return self._connection.execute(_NOTE_MARK, row).rowcount == 1


def _usage_row(usages: Usages) -> tuple[int, ...]:
    return (
        usages.calls,
        usages.input_tokens,
        usages.output_tokens,
        usages.cached_tokens,
        usages.cost_nano_usd,
    )


def _account_row(account: AccountState) -> tuple[object, ...]:
    return (*account.key, *account.limits, account.spent, account.reserved)


def _account(key: AccountKey, row: tuple[Any, ...]) -> AccountState:
    spent, reserved, hard, soft, has_budget, budget_hard, budget_soft = row
    return AccountState(
        key,
        limits=Limits(hard, soft),
        budget=Limits(budget_hard, budget_soft) if has_budget else None,
        spent=spent or 0,
        reserved=reserved or 0,
        is_stored=spent is not None,
    )


def _new_row(reservation: ReservationState) -> tuple[object, ...]:
    return (
        reservation.id,
        *reservation.owner,
        reservation.period,
        reservation.task,
        reservation.model,
        reservation.run_id,
        reservation.price_version,
        reservation.body_digest,
        reservation.reserved,
        reservation.opened_at,
        reservation.expires_at,
        *_ending(reservation),
    )


def _ended_row(reservation: ReservationState) -> tuple[object, ...]:
    return (*_ending(reservation), reservation.id)


def _ending(reservation: ReservationState) -> tuple[object, ...]:
    usage = reservation.usage
    return (
        reservation.state,
        reservation.cost,
        reservation.is_estimated,
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        reservation.ended_at,
    )


def _reservation(row: tuple[Any, ...]) -> ReservationState:
    return ReservationState(
        id=row[0],
        owner=Owner(*row[1:6]),
        period=row[6],
        task=row[7],
        model=row[8],
        run_id=row[9],
        price_version=row[10],
        body_digest=row[11],
        reserved=NanoUsd(row[12]),
        opened_at=row[13],
        expires_at=row[14],
        state=row[15],
        cost=NanoUsd(row[16]),
        is_estimated=bool(row[17]),
        usage=Usage(row[18], row[19], row[20]),
        ended_at=row[21],
        is_stored=True,
    )


_ENDING = "state, cost_nano_usd, is_estimated, input_tokens, output_tokens, cached_tokens, ended_at"
_OWNER = 'tenant_id, team, "user", workspace, session'
_RESERVATION = (
    f"id, {_OWNER}, period, task, model, run_id, price_version, body_digest, reserved_nano_usd,"
    f" opened_at, expires_at, {_ENDING}"
)
_FEW = 4
"""As many rows are faster found one by one."""
_FIND = f"SELECT {_RESERVATION} FROM reservation WHERE id = ?"  # noqa: S608
_FIND_ALL = f"SELECT {_RESERVATION} FROM reservation WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608  Our own names.
_DUE = (
    f"SELECT {_RESERVATION} FROM reservation"  # noqa: S608
    " WHERE state = 'open' AND expires_at <= ? ORDER BY expires_at LIMIT ?"
)
_INSERT = f"INSERT INTO reservation ({_RESERVATION}) VALUES ({', '.join('?' * 22)})"  # noqa: S608
_UPDATE = f"UPDATE reservation SET ({_ENDING}) = (?, ?, ?, ?, ?, ?, ?) WHERE id = ?"  # noqa: S608
_ACCOUNT = (
    "SELECT a.spent_nano_usd, a.reserved_nano_usd, a.limit_nano_usd, a.soft_limit_nano_usd,"
    " b.scope IS NOT NULL, b.limit_nano_usd, b.soft_limit_nano_usd"
    " FROM (SELECT ? AS tenant_id, ? AS scope, ? AS period) k"
    " LEFT JOIN account a USING (tenant_id, scope, period)"
    " LEFT JOIN budget b ON b.tenant_id = k.tenant_id AND b.scope = k.scope"
)
_PUT_ACCOUNT = (
    "INSERT INTO account (tenant_id, scope, period, limit_nano_usd, soft_limit_nano_usd,"
    " spent_nano_usd, reserved_nano_usd) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant_id, scope, period) DO UPDATE SET"
    " limit_nano_usd = excluded.limit_nano_usd,"
    " soft_limit_nano_usd = excluded.soft_limit_nano_usd,"
    " spent_nano_usd = excluded.spent_nano_usd, reserved_nano_usd = excluded.reserved_nano_usd"
)
_HEAD = "SELECT seq, seal FROM entry ORDER BY seq DESC LIMIT 1"
_ENTRY = (
    f"seq, {_OWNER}, period, reservation_id, at, kind, reserved_change_nano_usd,"
    " spent_change_nano_usd, is_estimated, input_tokens, output_tokens, cached_tokens, task,"
    " model, run_id, price_version, seal"
)
_ENDING_OF_CHAIN = f"SELECT {_ENTRY} FROM entry ORDER BY seq DESC LIMIT 2"  # noqa: S608
_APPEND = f"INSERT INTO entry ({_ENTRY}) VALUES ({', '.join('?' * 21)})"  # noqa: S608
_ADD_UP = (
    'INSERT INTO "usage" (tenant_id, dimension, name, day, calls, input_tokens, output_tokens,'
    " cached_tokens, cost_nano_usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant_id, dimension, day, name) DO UPDATE SET calls = calls + excluded.calls,"
    " input_tokens = input_tokens + excluded.input_tokens,"
    " output_tokens = output_tokens + excluded.output_tokens,"
    " cached_tokens = cached_tokens + excluded.cached_tokens,"
    " cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd"
)
_NOTE_MARK = (
    "INSERT INTO budget_warning (tenant_id, scope, period, mark, at, spent_nano_usd,"
    " limit_nano_usd, soft_limit_nano_usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant_id, scope, period, mark) DO NOTHING"
)
