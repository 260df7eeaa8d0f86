"""The books on SQLite: plain statements on the driver's connection.

Whoever opened the transaction did so with BEGIN IMMEDIATE, so nobody else writes until it ends and
what is read here needs no lock of its own. Accounts and open reservations are read once and
remembered from batch to batch, as long as SQLite says that nobody has written in between: no other
process (`data_version`), and nothing else in this one (`total_changes`). A batch whose commit
failed is told by the end of the chain, which is not where that batch would have put it.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from steward.core.limits import LEDGER_ACCOUNTS_KEPT_MAX, LEDGER_RESERVATIONS_KEPT_MAX
from steward.core.store import Transaction
from steward.ledger.account import AccountKey
from steward.ledger.book import (
    EXPIRED_AT_ONCE_MAX,
    AccountState,
    Asked,
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


@dataclass(slots=True)
class _Known:
    """What need not be read again."""

    accounts: dict[AccountKey, AccountState] = field(default_factory=dict[AccountKey, AccountState])
    reservations: dict[str, ReservationState] = field(default_factory=dict[str, ReservationState])
    """Open ones; few of those that have ended are asked for again."""

    def is_small(self) -> bool:
        """Whether it may be kept."""
        most = LEDGER_ACCOUNTS_KEPT_MAX, LEDGER_RESERVATIONS_KEPT_MAX
        return len(self.accounts) <= most[0] and len(self.reservations) <= most[1]


class SqliteBooks:
    """The books of one process, which remembers what cannot have changed."""

    poison: tuple[type[Exception], ...] = (
        sqlite3.InterfaceError,
        sqlite3.ProgrammingError,
        sqlite3.DataError,
        sqlite3.IntegrityError,
    )

    def __init__(self) -> None:
        self._known = _Known()
        self._seen: tuple[object, ...] = ()

    def open(self, transaction: Transaction, asked: Asked) -> "SqliteStore":
        """The books within the transaction."""
        return SqliteStore(transaction.driver, self, asked)

    def take(self, seen: tuple[object, ...]) -> _Known:
        """What is known, if the database is as it was when that was kept.

        It is forgotten here: only a batch that is written puts it back.
        """
        known, self._known = self._known, _Known()
        return known if seen == self._seen else _Known()

    def keep(self, known: _Known, seen: tuple[object, ...]) -> None:
        """Remember what has just been written or read, and how the database looked then."""
        if known.is_small():
            self._known, self._seen = known, seen


class SqliteStore:
    """Reads and writes within the transaction that `connection` is in."""

    def __init__(self, connection: sqlite3.Connection, books: SqliteBooks, asked: Asked) -> None:
        self._connection = connection
        self._books = books
        self._asked = asked
        found = connection.execute(HEAD).fetchone()
        self.head = Head(*found) if found else Head(0, START)
        self._known = books.take(self._state(self.head.seal))

    def ending(self) -> Sequence[tuple[Entry, str]]:
        """The last two entries with their seals, the older first."""
        rows = self._connection.execute(ENDING_OF_CHAIN).fetchall()
        return [(Entry(*row[:-1]), row[-1]) for row in reversed(rows)]

    def reservations(self) -> Iterable[ReservationState]:
        """Those that were asked for and exist."""
        ids, known = self._asked.ids, self._known.reservations
        found = [known[each] for each in ids if each in known]
        return found + self._found([each for each in ids if each not in known])

    def due(self) -> Sequence[ReservationState]:
        """Open reservations whose time was over when it was asked, the oldest first."""
        rows = self._connection.execute(DUE, (self._asked.at, EXPIRED_AT_ONCE_MAX)).fetchall()
        return [reservation_of(row) for row in rows]

    def accounts(self, keys: Collection[AccountKey]) -> Iterable[AccountState]:
        """Every one of the accounts, empty where nobody has used it."""
        known = self._known.accounts
        execute = self._connection.execute
        for key in keys:
            if key not in known:
                known[key] = account_of(key, execute(_ACCOUNT, key).fetchone())
        return [known[key] for key in keys]

    def write(self, book: Book, entries: Sequence[tuple[Entry, str]]) -> Sequence[Passed]:
        """Keep what has changed; gives the marks that were not known to be passed."""
        changed = book.changed.values()
        put = self._put
        put(_INSERT, [new_row(each) for each in changed if not each.is_stored])
        put(UPDATE, [ended_row(each) for each in changed if each.is_stored])
        # Before the entries, which are told with what was spent that day.
        put(_ADD_UP, [(*key, *usage_row(usages)) for key, usages in book.sums().items()])
        put(_APPEND, [(*entry, seal) for entry, seal in entries])
        accounts = [each for each in book.accounts.values() if each.is_changed]
        put(_PUT_ACCOUNT, [account_row(each) for each in accounts])
        passed = [each for each in book.passed() if self._is_new(each)]
        if entries:
            self._keep(book, entries[-1][1])
        return passed

    def _found(self, ids: Sequence[str]) -> list[ReservationState]:
        execute = self._connection.execute
        if len(ids) <= _FEW:
            rows = [row for each in ids for row in execute(_FIND, (each,))]
        else:
            rows = execute(_FIND_ALL, (json.dumps(ids),)).fetchall()
        return [reservation_of(row) for row in rows]

    def _keep(self, book: Book, head: str) -> None:
        """Remember the books; if the commit fails, the chain will not end at `head`."""
        known = self._known
        for account in book.accounts.values():
            account.is_stored, account.is_changed = account.is_stored or account.is_changed, False
        for account in known.accounts.values():
            account.defaults = None
        for reservation in book.changed.values():
            reservation.is_stored = True
            if reservation.state == "open":
                known.reservations[reservation.id] = reservation
            else:
                known.reservations.pop(reservation.id, None)
        self._books.keep(known, self._state(head))

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


_INSERT, _APPEND, _PUT_ACCOUNT, _ADD_UP = (
    put.row_by_row for put in (INSERT, APPEND, PUT_ACCOUNT, ADD_UP)
)
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
