"""The books on PostgreSQL: all reading in one round trip, all writing in another.

Whoever opened the transaction holds the writers' lock, so nobody else writes until it ends and
what is read here needs no lock of its own. A server may be far away, so a batch asks for all that
it can know to need at once, and sends its rows column by column, each column one JSON array: few
statements and few values, however many rows. Open reservations are remembered from batch to batch,
as long as the chain ends where we left it: whoever changes a reservation adds an entry. Accounts
are read each time, because budgets change without one.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from steward.core.limits import LEDGER_RESERVATIONS_KEPT_MAX
from steward.core.store import Transaction
from steward.ledger.account import AccountKey, Purse, accounts_of
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
    ENDING,
    ENDING_OF_CHAIN,
    HEAD,
    INSERT,
    NOTE_MARK,
    PUT_ACCOUNT,
    RESERVATION,
    Put,
    account_of,
    account_row,
    as_sealed,
    new_row,
    reservation_of,
    usage_row,
)

_Row = tuple[Any, ...]


class PostgresqlBooks:
    """The books of one process, which remembers open reservations while none was changed."""

    def __init__(self) -> None:
        self._known: dict[str, ReservationState] = {}
        self._head = Head(0, START)

    @property
    def poison(self) -> tuple[type[Exception], ...]:
        """What the driver makes of values that cannot be kept."""
        # Only who uses PostgreSQL pays for loading its driver.
        from psycopg import DataError, IntegrityError, InterfaceError, ProgrammingError

        return DataError, IntegrityError, InterfaceError, ProgrammingError

    def open(self, transaction: Transaction, asked: Asked) -> "PostgresqlStore":
        """The books within the transaction."""
        return PostgresqlStore(transaction.driver, self, asked)

    @property
    def known(self) -> Collection[str]:
        """The ids of those that are."""
        return self._known

    def purses(self, ids: Collection[str]) -> set[Purse]:
        """Who pays for those that are known; that never changes."""
        return {self._known[each].purse for each in ids if each in self._known}

    def take(self, head: Head) -> dict[str, ReservationState]:
        """The reservations that are known, if the chain still ends where they were kept.

        They are forgotten here: only a batch that is written puts them back.
        """
        known, self._known = self._known, {}
        return known if head == self._head else {}

    def keep(self, known: dict[str, ReservationState], head: Head) -> None:
        """Remember what has just been written; if the commit fails, the chain ends elsewhere."""
        if len(known) <= LEDGER_RESERVATIONS_KEPT_MAX:
            self._known, self._head = known, head


class PostgresqlStore:
    """Reads and writes within the transaction that `driver` is in."""

    def __init__(self, driver: Any, books: PostgresqlBooks, asked: Asked) -> None:
        self._driver = driver
        self._books = books
        purses = books.purses(asked.ids) | set(asked.purses)
        keys = {key for purse in purses for key in accounts_of(*purse)}
        known = [each for each in asked.ids if each in books.known]
        unknown = [each for each in asked.ids if each not in books.known]
        with driver.pipeline():
            head = self._ask(_HEAD)
            found = self._ask(_FIND_ALL, unknown)
            due = self._ask(_DUE, asked.at, EXPIRED_AT_ONCE_MAX)
            accounts = self._ask(_ACCOUNTS, *_columns(sorted(keys)))
        ending = head.fetchone()
        self.head = Head(*ending) if ending else Head(0, START)
        self._known = books.take(self.head)
        self._found = _reservations(found)
        if self._known:
            self._found += [self._known[each] for each in known]
        elif known:  # No more: another process has written.
            self._found += _reservations(self._ask(_FIND_ALL, known))
        self._due = _reservations(due)
        self._accounts = _accounts(accounts)

    def ending(self) -> Sequence[tuple[Entry, str]]:
        """The last two entries with their seals, the older first."""
        rows = reversed(_rows(self._ask(_ENDING_OF_CHAIN)))
        return [(Entry(*row[:-1]), row[-1]) for row in rows]

    def reservations(self) -> Iterable[ReservationState]:
        """Those that were asked for and exist."""
        return self._found

    def due(self) -> Sequence[ReservationState]:
        """Open reservations whose time was over when it was asked, the oldest first."""
        return self._due

    def accounts(self, keys: Collection[AccountKey]) -> Iterable[AccountState]:
        """Every one of the accounts, empty where nobody has used it."""
        unread = [key for key in keys if key not in self._accounts]
        if unread:
            self._accounts |= _accounts(self._ask(_ACCOUNTS, *_columns(unread)))
        return [self._accounts[key] for key in keys]

    def write(self, book: Book, entries: Sequence[tuple[Entry, str]]) -> Sequence[Passed]:
        """Keep what has changed; gives the marks that were not known to be passed."""
        changed = book.changed.values()
        passed = book.passed()
        with self._driver.pipeline():
            self._put(_INSERT, [new_row(each) for each in changed if not each.is_stored])
            self._put(_UPDATE, [new_row(each) for each in changed if each.is_stored])
            # Before the entries, which are told with what was spent that day.
            self._put(_ADD_UP, [(*key, *usage_row(usages)) for key, usages in book.sums().items()])
            self._put(_APPEND, [(*entry, seal) for entry, seal in entries])
            accounts = [each for each in book.accounts.values() if each.is_changed]
            self._put(_PUT_ACCOUNT, [account_row(each) for each in accounts])
            noted = [self._ask(_NOTE_MARK, *_mark_row(each)) for each in passed]
        if entries:
            last, seal = entries[-1]
            self._keep(changed, Head(last.seq, seal))
        return [each for each, note in zip(passed, noted, strict=True) if note.rowcount == 1]

    def _keep(self, changed: Iterable[ReservationState], head: Head) -> None:
        for reservation in changed:
            reservation.is_stored = True
            if reservation.state == "open":
                self._known[reservation.id] = reservation
            else:
                self._known.pop(reservation.id, None)
        self._books.keep(self._known, head)

    def _ask(self, statement: str, *values: object) -> Any:
        """A cursor; within a pipeline it has its answer when that ends."""
        return self._driver.cursor().execute(statement, values, prepare=True)

    def _put(self, statement: str, rows: list[_Row]) -> None:
        if rows:
            columns = [json.dumps(column) for column in zip(*rows, strict=True)]
            self._driver.cursor().execute(statement, columns, prepare=True)


def _rows(cursor: Any) -> list[_Row]:
    return [tuple(as_sealed(value) for value in row) for row in cursor]


def _reservations(cursor: Any) -> list[ReservationState]:
    return [reservation_of(row) for row in _rows(cursor)]


def _accounts(cursor: Any) -> dict[AccountKey, AccountState]:
    found = [account_of(AccountKey(*row[:3]), row[3:]) for row in cursor]
    return {each.key: each for each in found}


def _columns(keys: Collection[AccountKey]) -> list[list[str]]:
    return [[key[at] for key in keys] for at in range(3)]


def _mark_row(passed: Passed) -> _Row:
    return (*passed.account, passed.mark, passed.at, passed.spent, *passed.limits)


def _spelt(statement: str) -> str:
    """With the driver's sign for a value."""
    return statement.replace("?", "%s")


def _by_columns(put: Put) -> str:
    """A statement for any number of rows, with a JSON array for each column."""
    names = put.columns.split(", ")
    short = [f"c{at}" for at in range(len(names))]
    arrays = ", ".join(["json_array_elements_text(%s)"] * len(names))
    values = ", ".join(
        f"CAST({column} AS {_type(name)})" for column, name in zip(short, names, strict=True)
    )
    return (
        f"INSERT INTO {put.table} ({put.columns}) SELECT {values}"  # noqa: S608  Our own names.
        f" FROM ROWS FROM ({arrays}) AS r ({', '.join(short)}){put.on_conflict}"
    )


def _type(name: str) -> str:
    """The type of a column, which its name tells."""
    if name.startswith("is_"):
        return "BOOLEAN"
    if name == "at" or name.endswith("_at"):
        return "TIMESTAMPTZ"
    is_number = name in ("seq", "attempt", "calls") or name.endswith(_UNITS)
    return "BIGINT" if is_number else "TEXT"


_UNITS = ("_nano_usd", "_tokens", "_ms")
_HEAD, _DUE, _NOTE_MARK, _ENDING_OF_CHAIN = (
    _spelt(statement) for statement in (HEAD, DUE, NOTE_MARK, ENDING_OF_CHAIN)
)
_INSERT, _APPEND, _PUT_ACCOUNT, _ADD_UP = (
    _by_columns(put) for put in (INSERT, APPEND, PUT_ACCOUNT, ADD_UP)
)
_UPDATE = _by_columns(
    # Not an UPDATE with a join: a plan from when the table was small would read all of it.
    INSERT._replace(
        on_conflict=f" ON CONFLICT (id) DO UPDATE SET ({ENDING}) = ROW("
        + ", ".join(f"excluded.{name}" for name in ENDING.split(", "))
        + ")"
    )
)
# LATERAL with a LIMIT for the same reason: each row is found by its key, whatever the plan.
_FIND_ALL = (
    f"SELECT r.* FROM unnest(CAST(%s AS TEXT[])) AS k (id) CROSS JOIN LATERAL"  # noqa: S608
    f" (SELECT {RESERVATION} FROM reservation WHERE reservation.id = k.id LIMIT 1) r"
)
_ACCOUNTS = (
    "SELECT k.tenant_id, k.scope, k.period, a.spent_nano_usd, a.reserved_nano_usd,"
    " a.limit_nano_usd, a.soft_limit_nano_usd, b.scope IS NOT NULL, b.limit_nano_usd,"
    " b.soft_limit_nano_usd FROM unnest(CAST(%s AS TEXT[]), CAST(%s AS TEXT[]), CAST(%s AS TEXT[]))"
    " AS k (tenant_id, scope, period) LEFT JOIN LATERAL (SELECT * FROM account WHERE"
    " (tenant_id, scope, period) = (k.tenant_id, k.scope, k.period) LIMIT 1) a ON TRUE"
    " LEFT JOIN LATERAL (SELECT * FROM budget WHERE"
    " (tenant_id, scope) = (k.tenant_id, k.scope) LIMIT 1) b ON TRUE"
)
