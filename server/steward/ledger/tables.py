"""The rows of the ledger. Money is in nano-dollars, times are in UTC."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import BigInteger, Field, SQLModel

_IS_OPEN = text("state = 'open'")
_HAS_RUN = text("run_id IS NOT NULL")


def _text_since() -> Any:
    """A column that older rows have empty."""
    return Field(default="", sa_column_kwargs={"server_default": ""})


def _number_since(default: int) -> Any:
    """A column in which older rows have the default."""
    return Field(
        default=default, sa_type=BigInteger, sa_column_kwargs={"server_default": str(default)}
    )


class AccountRow(SQLModel, table=True):
    """What one scope may spend in one period, has spent, and has promised.

    The period is part of the key, so a new month is a new row: nothing has to be reset, and a
    reservation is settled in the month that it was taken in. An account without a limit is only
    counted.
    """

    __tablename__ = "account"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        CheckConstraint("limit_nano_usd >= 0", name="limit_not_negative"),
        CheckConstraint("soft_limit_nano_usd >= 0", name="soft_limit_not_negative"),
        CheckConstraint("spent_nano_usd >= 0", name="spent_not_negative"),
        CheckConstraint("reserved_nano_usd >= 0", name="reserved_not_negative"),
    )

    tenant_id: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    """Whose account: `user:NAME`, `team:NAME`, `workspace:PATH`, `session:ID`, `organisation`."""
    period: str = Field(primary_key=True)
    """The month, `2026-11`; of a session's account, `session`."""
    limit_nano_usd: int | None = Field(sa_type=BigInteger)
    soft_limit_nano_usd: int | None = Field(sa_type=BigInteger)
    spent_nano_usd: int = Field(sa_type=BigInteger)
    reserved_nano_usd: int = Field(sa_type=BigInteger)


class BudgetRow(SQLModel, table=True):
    """What somebody decided that a scope may spend in each period; settings hold elsewhere."""

    __tablename__ = "budget"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("limit_nano_usd >= 0", name="limit_not_negative"),
        CheckConstraint("soft_limit_nano_usd >= 0", name="soft_limit_not_negative"),
    )

    tenant_id: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    limit_nano_usd: int | None = Field(sa_type=BigInteger)
    soft_limit_nano_usd: int | None = Field(sa_type=BigInteger)
    set_by: str
    set_at: datetime


class BudgetWarningRow(SQLModel, table=True):
    """A mark that an account has passed; its key makes it one per account and period."""

    __tablename__ = "budget_warning"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    """`soft`, or so many hundredths of the hard limit: `80`, `95`."""
    at: datetime
    spent_nano_usd: int = Field(sa_type=BigInteger)
    limit_nano_usd: int | None = Field(sa_type=BigInteger)
    soft_limit_nano_usd: int | None = Field(sa_type=BigInteger)


class BudgetToldRow(SQLModel, table=True):
    """What a person was told about an account, in whichever of their windows.

    A mark stays told for the period; `off` is taken away when AI is back.
    """

    __tablename__ = "budget_told"  # pyright: ignore[reportAssignmentType]

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    news: str = Field(primary_key=True)
    """A mark, or `off`."""
    at: datetime
    needed_nano_usd: int = Field(sa_type=BigInteger)
    """What the call may have cost that `off` was told about; AI is back when there is as much."""


class ReservationRow(SQLModel, table=True):
    """One model call, from promise to payment."""

    __tablename__ = "reservation"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("reserved_nano_usd >= 0", name="reserved_not_negative"),
        CheckConstraint("cost_nano_usd >= 0", name="cost_not_negative"),
        CheckConstraint(
            "state IN ('open', 'settled', 'released', 'expired')", name="state_is_known"
        ),
        Index("ix_reservation_due", "expires_at", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_reservation_at", "tenant_id", "opened_at"),
        Index("ix_reservation_user", "tenant_id", "user", "opened_at"),
        Index("ix_reservation_run", "run_id", sqlite_where=_HAS_RUN, postgresql_where=_HAS_RUN),
    )

    id: str = Field(primary_key=True)
    """The request's id; of a later attempt, with its number: `ID#2`."""
    tenant_id: str
    team: str
    user: str
    workspace: str
    session: str
    period: str
    """The month that it is paid in. With the five before it: the accounts that pay."""
    task: str
    model: str
    run_id: str | None
    price_version: str
    body_digest: str
    """Tells the same request sent twice from another one under its id."""
    reserved_nano_usd: int = Field(sa_type=BigInteger)
    """What was promised; kept after the end."""
    opened_at: datetime
    expires_at: datetime
    state: str
    cost_nano_usd: int = Field(sa_type=BigInteger)
    """What is booked: nought while open."""
    is_estimated: bool
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    ended_at: datetime | None
    agent: str = _text_since()
    provider: str = _text_since()
    request_id: str = _text_since()
    attempt: int = _number_since(1)
    first_piece_ms: int | None = Field(default=None, sa_type=BigInteger)
    duration_ms: int | None = Field(default=None, sa_type=BigInteger)
    saved_nano_usd: int = _number_since(0)
    """What an answer that was known already would have cost."""


class EntryRow(SQLModel, table=True):
    """One change of a call's accounts, sealed. Triggers refuse to change or delete it.

    An account's balances are the sums of its entries' two changes.
    """

    __tablename__ = "entry"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        ForeignKeyConstraint(["reservation_id"], ["reservation.id"]),
        CheckConstraint(
            "kind IN ('reserve', 'settle', 'release', 'expire', 'correct')", name="kind_is_known"
        ),
    )

    seq: int | None = Field(default=None, primary_key=True)
    tenant_id: str
    team: str
    user: str
    workspace: str
    session: str
    period: str
    reservation_id: str
    at: datetime
    kind: str
    reserved_change_nano_usd: int = Field(sa_type=BigInteger)
    spent_change_nano_usd: int = Field(sa_type=BigInteger)
    is_estimated: bool
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    task: str
    model: str
    run_id: str | None
    price_version: str
    seal: str
    """Vouches for this entry and all before it; see `chain.py`."""
    agent: str = _text_since()
    provider: str = _text_since()
    request_id: str = _text_since()
    attempt: int = _number_since(1)


class UsageRow(SQLModel, table=True):
    """What one name of one dimension used on one day: the entries, added up as they come."""

    __tablename__ = "usage"  # pyright: ignore[reportAssignmentType]
    __table_args__ = {"sqlite_with_rowid": False}

    tenant_id: str = Field(primary_key=True)
    dimension: str = Field(primary_key=True)
    """`all`, `user`, `workspace`, `team`, `provider`, `model`, `agent`, `task`, `session` or
    `extension`."""
    day: str = Field(primary_key=True)
    """UTC, `2026-11-21`."""
    name: str = Field(primary_key=True)
    calls: int = Field(sa_type=BigInteger)
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    cost_nano_usd: int = Field(sa_type=BigInteger)
