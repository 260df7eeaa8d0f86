"""The books on PostgreSQL: a few statements for a whole batch, on the unit's own connection.

Whoever opened the transaction holds the writers' lock, so nobody else writes until it ends and
what is read here needs no lock of its own. Nothing is remembered from batch to batch: another
server may have written in between.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlmodel import Session

from steward.ledger.account import AccountKey
from steward.ledger.book import AccountState, Book, Passed, ReservationState
from steward.ledger.chain import START, Entry, Head
from steward.ledger.rows import (
    ADD_UP,
    APPEND,
    DUE,
    ENDING_OF_CHAIN,
    HEAD,
    INSERT,
    NOTE_MARK,
    PUT_ACCOUNT,
    RESERVATION,
    UPDATE,
    account_of,
    account_row,
    as_sealed,
    ended_row,
    new_row,
    reservation_of,
    usage_row,
)

_IS_ESTIMATED = Entry._fields.index("is_estimated")


class PostgresqlBooks:
    """Reads and writes within the transaction that `session` is in."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()

    def head(self) -> Head:
        """The end of the chain."""
        found = self._rows(HEAD)
        return Head(*found[0]) if found else Head(0, START)

    def ending(self) -> Sequence[tuple[Entry, str]]:
        """The last two entries with their seals, the older first."""
        return [(Entry(*row[:-1]), row[-1]) for row in reversed(self._rows(ENDING_OF_CHAIN))]

    def reservations(self, ids: Collection[str]) -> Iterable[ReservationState]:
        """Those of the reservations that there are."""
        return [reservation_of(row) for row in self._rows(_FIND_ALL, list(ids))] if ids else []

    def due(self, at: str, most: int) -> Sequence[ReservationState]:
        """Open reservations whose time was over at `at`, the oldest first."""
        return [reservation_of(row) for row in self._rows(DUE, at, most)]

    def accounts(self, keys: Collection[AccountKey]) -> Iterable[AccountState]:
        """Every one of the accounts, empty where nobody has used it."""
        if not keys:
            return []
        rows = self._rows(_ACCOUNTS, *(list(names) for names in zip(*keys, strict=True)))
        return [account_of(AccountKey(*row[:3]), row[3:]) for row in rows]

    def write(self, book: Book, entries: Sequence[tuple[Entry, str]]) -> Sequence[Passed]:
        """Keep what has changed; gives the marks that were not known to be passed."""
        changed = book.changed.values()
        self._put(INSERT, [new_row(each) for each in changed if not each.is_stored])
        self._put(UPDATE, [ended_row(each) for each in changed if each.is_stored])
        self._put(APPEND, [(*_typed(entry), seal) for entry, seal in entries])
        accounts = [each for each in book.accounts.values() if each.is_changed]
        self._put(PUT_ACCOUNT, [account_row(each) for each in accounts])
        self._put(ADD_UP, [(*key, *usage_row(usages)) for key, usages in book.sums.items()])
        return [each for each in book.passed() if self._is_new(each)]

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        found = self._connection.exec_driver_sql(_spelt(statement), values)
        return [tuple(as_sealed(value) for value in row) for row in found]

    def _put(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._connection.exec_driver_sql(_spelt(statement), rows)

    def _is_new(self, passed: Passed) -> bool:
        row = (*passed.account, passed.mark, passed.at, passed.spent, *passed.limits)
        return self._connection.exec_driver_sql(_spelt(NOTE_MARK), row).rowcount == 1


def _spelt(statement: str) -> str:
    """With the driver's sign for a value."""
    return statement.replace("?", "%s")


def _typed(entry: Entry) -> tuple[object, ...]:
    """SQLite's truth is a number, and so it is sealed; here it has a type of its own."""
    return (*entry[:_IS_ESTIMATED], bool(entry.is_estimated), *entry[_IS_ESTIMATED + 1 :])


_FIND_ALL = f"SELECT {RESERVATION} FROM reservation WHERE id = ANY(?)"  # noqa: S608  Our own names.
_ACCOUNTS = (
    "SELECT k.tenant_id, k.scope, k.period, a.spent_nano_usd, a.reserved_nano_usd,"
    " a.limit_nano_usd, a.soft_limit_nano_usd, b.scope IS NOT NULL, b.limit_nano_usd,"
    " b.soft_limit_nano_usd FROM unnest(CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS TEXT[]))"
    " AS k (tenant_id, scope, period) LEFT JOIN account a USING (tenant_id, scope, period)"
    " LEFT JOIN budget b ON b.tenant_id = k.tenant_id AND b.scope = k.scope"
)
