"""Whether the ledger can be believed: the chain, the balances, and the end of the chain.

`verify` goes through all entries once. It recomputes each seal, adds the entries up again, and
compares what comes out with what is stored. A chain holds as well when its end is cut off with
everything that was booked there, so a `Checkpoint` that is kept somewhere else says how far the
chain had come and what had been spent by then.
"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from sqlalchemy import text
from sqlmodel import Session

from steward.core.errors import InvalidInputError
from steward.ledger.account import AccountKey, Owner, accounts_of
from steward.ledger.book import Dimension, Sum, Usages, add_up
from steward.ledger.chain import START, Entry, Head, seal
from steward.ledger.rows import as_sealed

PROBLEMS_TOLD_MAX = 20
"""Differences that a verdict names; there may be more."""


class Checkpoint(NamedTuple):
    """How far the chain had come, to be kept where whoever writes the database cannot."""

    seq: int
    seal: str
    spent_nano_usd: int
    """All that had been spent by then, by everybody."""
    reserved_nano_usd: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the whole ledger found."""

    checkpoint: Checkpoint
    """Where the good part of the chain ends."""
    first_bad_seq: int | None
    """The number of the entry at which the chain breaks; None if it holds."""
    problems: tuple[str, ...]
    """In words, what does not fit; empty if everything does."""

    @property
    def is_intact(self) -> bool:
        """Whether everything fits."""
        return not self.problems


@dataclass(slots=True)
class Recount:
    """What the entries add up to."""

    accounts: dict[AccountKey, list[int]] = field(default_factory=dict[AccountKey, list[int]])
    """Spent and reserved."""
    sums: dict[Sum, Usages] = field(default_factory=dict[Sum, Usages])
    head: Head = Head(0, START)  # noqa: RUF009  A NamedTuple cannot be changed.
    spent: int = 0
    reserved: int = 0

    def add(self, entry: Entry, sealed: str) -> None:
        """Go one entry further."""
        self.head = Head(entry.seq, sealed)
        self.spent += entry.spent_change_nano_usd
        self.reserved += entry.reserved_change_nano_usd
        for key in accounts_of(Owner(*entry[1:6]), entry.period):
            balances = self.accounts.setdefault(key, [0, 0])
            balances[0] += entry.spent_change_nano_usd
            balances[1] += entry.reserved_change_nano_usd
        if entry.kind != "reserve":
            add_up(self.sums, entry)

    def checkpoint(self) -> Checkpoint:
        """How far it has come."""
        return Checkpoint(*self.head, self.spent, self.reserved)


def verify(session: Session, key: bytes, against: Checkpoint | None = None) -> Verdict:
    """Check every entry, balance and sum, and that the chain still holds what `against` saw."""
    recount = Recount()
    problems: list[str] = []
    for entry, sealed in _entries(session):
        if not _follows(key, recount.head, entry, sealed):
            bad = recount.head.seq + 1
            told = f"Entry {bad} is not what was booked: it or the one before it was changed."
            return Verdict(recount.checkpoint(), bad, (told,))
        recount.add(entry, sealed)
        if against is not None and entry.seq == against.seq and recount.checkpoint() != against:
            problems.append(f"Entry {entry.seq} is not the one that the checkpoint names.")
    if against is not None and against.seq > recount.head.seq:
        problems.append(
            f"The end was cut off: the checkpoint saw {against.seq} entries, and"
            f" {recount.head.seq} are left."
        )
    problems += _wrong_accounts(session, recount)
    problems += _wrong_sums(session, recount)
    problems += _wrong_reservations(session)
    return Verdict(recount.checkpoint(), None, tuple(problems[:PROBLEMS_TOLD_MAX]))


def is_empty(session: Session) -> bool:
    """Whether nothing was ever booked, so that no key can be missing."""
    return session.connection().execute(_ANY).one_or_none() is None


def written(checkpoint: Checkpoint) -> str:
    """A checkpoint as it is kept in a file."""
    return json.dumps(checkpoint._asdict(), indent=2) + "\n"


def checkpoint_of(content: str) -> Checkpoint:
    """The checkpoint that a file holds.

    Raises:
        InvalidInputError: it holds none.
    """
    try:
        found: object = json.loads(content)
        values = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        numbers = [int(values[name]) for name in ("seq", "spent_nano_usd", "reserved_nano_usd")]
        return Checkpoint(numbers[0], str(values["seal"]), *numbers[1:])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            "This file is no checkpoint of the ledger. Name one that was written by"
            " `steward ledger verify --export`."
        ) from error


def _entries(session: Session) -> Iterator[tuple[Entry, str]]:
    # Without types: what somebody overwrote with nonsense is to be found, not to raise.
    rows = session.connection().execute(_ENTRIES, execution_options={"yield_per": 1000})
    with rows:
        for row in rows:
            values: list[Any] = [as_sealed(value) for value in row]
            yield Entry(*values[:-1]), values[-1]


def _follows(key: bytes, head: Head, entry: Entry, sealed: object) -> bool:
    if entry.seq != head.seq + 1 or not isinstance(sealed, str):
        return False
    try:
        expected = seal(key, head.seal, entry)
    except (TypeError, ValueError):
        return False  # Bytes or the like stand where we never wrote any.
    return hmac.compare_digest(expected.encode(), sealed.encode("utf-8", "surrogatepass"))


def _wrong_accounts(session: Session, recount: Recount) -> Iterator[str]:
    left = dict(recount.accounts)
    for row in session.connection().execute(_ACCOUNTS):
        stored = [row.spent_nano_usd, row.reserved_nano_usd]
        counted = left.pop(AccountKey(row.tenant_id, row.scope, row.period), [0, 0])
        if stored != counted:
            yield (
                f"The account {row.scope!r} of {row.period} says {stored[0]} spent and {stored[1]}"
                f" reserved; its entries say {counted[0]} and {counted[1]}."
            )
    for key in left:
        yield f"The account {key.scope!r} of {key.period} is missing."


def _wrong_sums(session: Session, recount: Recount) -> Iterator[str]:
    left = dict(recount.sums)
    for row in session.connection().execute(_SUMS):
        key = Sum(row.tenant_id, cast("Dimension", row.dimension), row.name, row.day)
        if Usages(*row[4:]) != left.pop(key, Usages()):
            yield f"The usage of {row.dimension} {row.name!r} on {row.day} is not its entries' sum."
    for key in left:
        yield f"The usage of {key.dimension} {key.name!r} on {key.day} is missing."


def _wrong_reservations(session: Session) -> Iterator[str]:
    for row in session.connection().execute(_RESERVATIONS, {"most": PROBLEMS_TOLD_MAX}):
        yield f"The reservation {row.id!r} does not say what its entries say."


_ANY = text("SELECT 1 FROM entry LIMIT 1")
_ENTRIES = text(
    'SELECT seq, tenant_id, team, "user", workspace, session, period, reservation_id, at, kind,'
    " reserved_change_nano_usd, spent_change_nano_usd, is_estimated, input_tokens, output_tokens,"
    " cached_tokens, task, model, run_id, price_version, agent, provider, request_id, attempt,"
    " seal FROM entry ORDER BY seq"
)
_ACCOUNTS = text(
    "SELECT tenant_id, scope, period, spent_nano_usd, reserved_nano_usd FROM account"
    " ORDER BY tenant_id, scope, period"
)
_SUMS = text(
    "SELECT tenant_id, dimension, name, day, calls, input_tokens, output_tokens, cached_tokens,"
    ' cost_nano_usd FROM "usage" ORDER BY tenant_id, dimension, day, name'
)
_RESERVATIONS = text(
    "SELECT r.id FROM reservation r LEFT JOIN (SELECT reservation_id,"
    " SUM(spent_change_nano_usd) AS spent, SUM(reserved_change_nano_usd) AS reserved"
    " FROM entry GROUP BY reservation_id) e ON e.reservation_id = r.id"
    " WHERE r.cost_nano_usd <> COALESCE(e.spent, 0)"
    " OR CASE WHEN r.state = 'open' THEN r.reserved_nano_usd ELSE 0 END <> COALESCE(e.reserved, 0)"
    " ORDER BY r.id LIMIT :most"
)
