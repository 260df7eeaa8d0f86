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
from typing import cast

from sqlmodel import Session

from steward.core.limits import LEDGER_ACCOUNTS_KEPT_MAX
from steward.ledger.account import AccountKey
from steward.ledger.book import (
    AccountState,
    Book,
    Passed,
    ReservationState,
)
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
    ended_row,
    new_row,
    reservation_of,
    usage_row,
)


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
        found = self._connection.execute(HEAD).fetchone()
        return Head(*found) if found else Head(0, START)

    def ending(self) -> Sequence[tuple[Entry, str]]:
        """The last two entries with their seals, the older first."""
        rows = self._connection.execute(ENDING_OF_CHAIN).fetchall()
        return [(Entry(*row[:-1]), row[-1]) for row in reversed(rows)]

    def reservations(self, ids: Collection[str]) -> Iterable[ReservationState]:
        """Those of the reservations that there are."""
        execute = self._connection.execute
        if len(ids) <= _FEW:
            rows = [row for each in ids for row in execute(_FIND, (each,))]
        else:
            rows = execute(_FIND_ALL, (json.dumps(list(ids)),)).fetchall()
        return [reservation_of(row) for row in rows]

    def due(self, at: str, most: int) -> Sequence[ReservationState]:
        """Open reservations whose time was over at `at`, the oldest first."""
        rows = self._connection.execute(DUE, (at, most)).fetchall()
        return [reservation_of(row) for row in rows]

    def accounts(self, keys: Collection[AccountKey]) -> Iterable[AccountState]:
        """Every one of the accounts, empty where nobody has used it."""
        known = self._known = self._books.take(self._state(self.head().seal))
        execute = self._connection.execute
        for key in keys:
            if key not in known:
                known[key] = account_of(key, execute(_ACCOUNT, key).fetchone())
        return [known[key] for key in keys]

    def write(self, book: Book, entries: Sequence[tuple[Entry, str]]) -> Sequence[Passed]:
        """Keep what has changed; gives the marks that were not known to be passed."""
        changed = book.changed.values()
        put = self._put
        put(INSERT, [new_row(each) for each in changed if not each.is_stored])
        put(UPDATE, [ended_row(each) for each in changed if each.is_stored])
        put(APPEND, [(*entry, seal) for entry, seal in entries])
        accounts = [each for each in book.accounts.values() if each.is_changed]
        put(PUT_ACCOUNT, [account_row(each) for each in accounts])
        put(ADD_UP, [(*key, *usage_row(usages)) for key, usages in book.sums.items()])
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
        return self._connection.execute(NOTE_MARK, row).rowcount == 1


_FEW = 4
"""As many rows are faster found one by one."""
_FIND = f"SELECT {RESERVATION} FROM reservation WHERE id = ?"  # noqa: S608
_FIND_ALL = f"SELECT {RESERVATION} FROM reservation WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608  Our own names.
_ACCOUNT = (
    "SELECT a.spent_nano_usd, a.reserved_nano_usd, a.limit_nano_usd, a.soft_limit_nano_usd,"
    " b.scope IS NOT NULL, b.limit_nano_usd, b.soft_limit_nano_usd"
    " FROM (SELECT ? AS tenant_id, ? AS scope, ? AS period) k"
    " LEFT JOIN account a USING (tenant_id, scope, period)"
    " LEFT JOIN budget b ON b.tenant_id = k.tenant_id AND b.scope = k.scope"
)
