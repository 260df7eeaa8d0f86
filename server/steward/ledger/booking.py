"""The ledger's units of work: each changes an account and appends the entry that records it.

They are statements and not objects, because two of them stand in the way of every keystroke. The
one that keeps the hard limit is `_TAKE`: it compares and takes in one step, so it holds however
many callers and processes there are. Balances are never clamped: a change that would take one
below nought is refused by the table itself, because it can only be a fault of ours.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.engine import Row
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core import audit
from steward.core.errors import InvalidInputError, NotFoundError
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.account import AccountKey
from steward.ledger.charge import Charge, Reservation, State, Usage

EXPIRED_AT_ONCE_MAX = 100
"""Reservations that one unit of work ends; the next unit goes on."""

_NO_USAGE = Usage(0, 0)
_NOTHING = NanoUsd(0)


@dataclass(frozen=True, slots=True)
class Balances:
    """How an account stands."""

    limit: NanoUsd
    spent: NanoUsd
    reserved: NanoUsd


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reservation that somebody wants."""

    principal: Principal
    charge: Charge
    account: AccountKey
    limit: NanoUsd
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """How a reservation ends."""

    state: State
    at: datetime
    cost: NanoUsd = _NOTHING
    usage: Usage = _NO_USAGE
    is_estimated: bool = False


def reserve(session: Session, wanted: Wanted) -> Reservation | Balances:
    """The reservation; or, where the account cannot cover it, how the account stands.

    Raises:
        InvalidInputError: the id is taken by another charge.
    """
    charge = wanted.charge
    digest = charge.digest(wanted.principal)
    found = _find(session, charge.request_id)
    if found is not None:
        return _same_again(found, digest)
    expire_due(session, wanted.at)
    _set_limit(session, wanted)
    amount = {"amount": charge.worst_nano_usd}
    taken = session.connection().execute(_TAKE, wanted.account.parameters() | amount)
    if taken.rowcount != 1:
        return balances(session, wanted.account, wanted.limit)
    session.connection().execute(_INSERT_RESERVATION, _new_row(wanted, digest))
    _append_entry(session, charge.request_id, "reserve", wanted.at, reserved=charge.worst_nano_usd)
    return Reservation(
        charge.request_id, "open", charge.worst_nano_usd, wanted.expires_at, is_new=True
    )


def end(session: Session, reservation_id: str, ending: Ending) -> tuple[str, str] | None:
    """End a reservation; gives the tenant and user whose account changed, or None if none did.

    An expired one may still be settled or released: the truth that came late replaces the charge.

    Raises:
        NotFoundError: no such reservation.
        InvalidInputError: it has ended in another way already.
    """
    row = _find(session, reservation_id)
    if row is None:
        raise NotFoundError(f"There is no reservation {reservation_id!r}; reserve before you end.")
    if _has_ended_so(row, ending):
        return None
    if row.state not in ("open", "expired"):
        raise InvalidInputError(
            f"The reservation {reservation_id!r} was {row.state} with a cost of"
            f" {row.cost_nano_usd} nano-dollars; it cannot be {ending.state} with {ending.cost}."
        )
    freed = row.reserved_nano_usd if row.state == "open" else 0
    _close_row(session, reservation_id, ending)
    kind = {"settled": "settle", "released": "release", "expired": "expire"}[ending.state]
    spent = ending.cost - row.cost_nano_usd
    account = {"tenant_id": row.tenant_id, "scope": row.scope, "period": row.period}
    session.connection().execute(_CHANGE, account | {"reserved": -freed, "spent": spent})
    _append_entry(session, reservation_id, kind, ending.at, reserved=-freed, spent=spent)
    if ending.cost > row.reserved_nano_usd:
        _note_overrun(session, row, ending)
    return row.tenant_id, row.user


def expire_due(session: Session, at: datetime) -> list[tuple[str, str]]:
    """Charge what was promised and never ended; gives the tenants and users it belonged to.

    The whole promise is charged, marked as estimated: the provider may have billed it, and
    nobody saw how much.
    """
    due = session.connection().execute(_DUE, {"at": at, "most": EXPIRED_AT_ONCE_MAX}).all()
    changed: list[tuple[str, str]] = []
    for row in due:
        cost = NanoUsd(row.reserved_nano_usd)
        owner = end(session, row.id, Ending("expired", at, cost, is_estimated=True))
        changed += [owner] if owner else []
    return changed


def balances(session: Session, account: AccountKey, limit: NanoUsd) -> Balances:
    """How the account stands; an account that nobody has used has everything left."""
    row = session.connection().execute(_BALANCES, account.parameters()).one_or_none()
    if row is None:
        return Balances(limit, _NOTHING, _NOTHING)
    return Balances(limit, row.spent_nano_usd, row.reserved_nano_usd)


def _find(session: Session, reservation_id: str) -> Row[Any] | None:
    return session.connection().execute(_FIND, {"id": reservation_id}).one_or_none()


def _same_again(found: Row[Any], digest: str) -> Reservation:
    if found.body_digest != digest:
        raise InvalidInputError(
            f"The request id {found.id!r} was used for another request; make a new id for each."
        )
    return Reservation(
        found.id, found.state, found.reserved_nano_usd, found.expires_at, is_new=False
    )


def _set_limit(session: Session, wanted: Wanted) -> None:
    """Open the account if this is its first use, and note a limit that was changed."""
    connection = session.connection()
    key = wanted.account.parameters()
    row = connection.execute(_BALANCES, key).one_or_none()
    if row is not None and row.limit_nano_usd == wanted.limit:
        return
    connection.execute(_UPSERT_ACCOUNT, key | {"limit": wanted.limit})
    audit.append(
        session,
        at=wanted.at,
        tenant_id=wanted.account.tenant_id,
        actor=wanted.principal.user,
        action="ledger.limit_set",
        subject=f"account {wanted.account.scope} {wanted.account.period}",
        detail={
            "limit_nano_usd": wanted.limit,
            "before_nano_usd": None if row is None else row.limit_nano_usd,
        },
    )


def _new_row(wanted: Wanted, digest: str) -> dict[str, object]:
    charge, principal = wanted.charge, wanted.principal
    return {
        **wanted.account.parameters(),
        "id": charge.request_id,
        "user": principal.user,
        "session": principal.session,
        "workspace": principal.workspace,
        "task": charge.task,
        "model": charge.model,
        "run_id": charge.run_id,
        "price_version": charge.price_version,
        "body_digest": digest,
        "reserved": charge.worst_nano_usd,
        "opened_at": wanted.at,
        "expires_at": wanted.expires_at,
    }


def _has_ended_so(row: Row[Any], ending: Ending) -> bool:
    if row.state != ending.state:
        return False
    stored = Usage(row.input_tokens, row.output_tokens, row.cached_tokens)
    return (row.cost_nano_usd, stored) == (ending.cost, ending.usage)


def _note_overrun(session: Session, row: Row[Any], ending: Ending) -> None:
    audit.append(
        session,
        at=ending.at,
        tenant_id=row.tenant_id,
        actor="provider",
        action="ledger.overrun",
        subject=f"account {row.scope} {row.period}",
        detail={
            "reservation": row.id,
            "model": row.model,
            "reserved_nano_usd": row.reserved_nano_usd,
            "cost_nano_usd": ending.cost,
        },
    )


def _close_row(session: Session, reservation_id: str, ending: Ending) -> None:
    values = {
        "id": reservation_id,
        "state": ending.state,
        "cost": ending.cost,
        "is_estimated": ending.is_estimated,
        "input_tokens": ending.usage.input_tokens,
        "output_tokens": ending.usage.output_tokens,
        "cached_tokens": ending.usage.cached_tokens,
        "at": ending.at,
    }
    session.connection().execute(_CLOSE, values)


def _append_entry(
    session: Session,
    reservation_id: str,
    kind: str,
    at: datetime,
    *,
    reserved: int = 0,
    spent: int = 0,
) -> None:
    """Copy the facts of the reservation, as it is now, into an entry."""
    values = {"id": reservation_id, "kind": kind, "at": at, "reserved": reserved, "spent": spent}
    session.connection().execute(_APPEND_ENTRY, values)


def _timed(statement: str) -> TextClause:
    """A statement whose times are bound as UTC."""
    names = [name for name in ("at", "opened_at", "expires_at") if f":{name}" in statement]
    return text(statement).bindparams(*(bindparam(name, type_=UTCDateTime()) for name in names))


_FIND = text("SELECT * FROM reservation WHERE id = :id").columns(
    opened_at=UTCDateTime(), expires_at=UTCDateTime()
)
_DUE = _timed(
    "SELECT id, reserved_nano_usd FROM reservation"
    " WHERE state = 'open' AND expires_at <= :at ORDER BY expires_at LIMIT :most"
)
_BALANCES = text(
    "SELECT limit_nano_usd, spent_nano_usd, reserved_nano_usd FROM account"
    " WHERE tenant_id = :tenant_id AND scope = :scope AND period = :period"
)
_UPSERT_ACCOUNT = text(
    "INSERT INTO account (tenant_id, scope, period, limit_nano_usd, spent_nano_usd,"
    " reserved_nano_usd) VALUES (:tenant_id, :scope, :period, :limit, 0, 0)"
    " ON CONFLICT (tenant_id, scope, period) DO UPDATE SET limit_nano_usd = excluded.limit_nano_usd"
)
_TAKE = text(
    # What costs nothing never passes a limit, not even one that is passed already.
    "UPDATE account SET reserved_nano_usd = reserved_nano_usd + :amount"
    " WHERE tenant_id = :tenant_id AND scope = :scope AND period = :period"
    " AND (spent_nano_usd + reserved_nano_usd + :amount <= limit_nano_usd OR :amount = 0)"
)
_CHANGE = text(
    "UPDATE account SET reserved_nano_usd = reserved_nano_usd + :reserved,"
    " spent_nano_usd = spent_nano_usd + :spent"
    " WHERE tenant_id = :tenant_id AND scope = :scope AND period = :period"
)
_INSERT_RESERVATION = _timed(
    'INSERT INTO reservation (id, tenant_id, scope, period, "user", session, workspace, task,'
    " model, run_id, price_version, body_digest, state, reserved_nano_usd, cost_nano_usd,"
    " is_estimated, input_tokens, output_tokens, cached_tokens, opened_at, expires_at)"
    " VALUES (:id, :tenant_id, :scope, :period, :user, :session, :workspace, :task, :model,"
    " :run_id, :price_version, :body_digest, 'open', :reserved, 0, FALSE,"
    " 0, 0, 0, :opened_at, :expires_at)"
)
_CLOSE = _timed(
    "UPDATE reservation SET state = :state, cost_nano_usd = :cost, is_estimated = :is_estimated,"
    " input_tokens = :input_tokens, output_tokens = :output_tokens,"
    " cached_tokens = :cached_tokens, ended_at = :at WHERE id = :id"
)
_APPEND_ENTRY = _timed(
    "INSERT INTO entry (tenant_id, scope, period, reservation_id, at, kind,"
    " reserved_change_nano_usd, spent_change_nano_usd, is_estimated, input_tokens, output_tokens,"
    " cached_tokens, task, model, run_id)"
    " SELECT tenant_id, scope, period, id, :at, :kind, :reserved, :spent, is_estimated,"
    " input_tokens, output_tokens, cached_tokens, task, model, run_id"
    " FROM reservation WHERE id = :id"
)
