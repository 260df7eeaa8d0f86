"""The rows of the ledger. Money is in nano-dollars, times are in UTC."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import BigInteger, Field, SQLModel


class AccountRow(SQLModel, table=True):
    """What one scope may spend in one period, has spent, and has promised.

    The period is part of the key, so a new month is a new row: nothing has to be reset, and a
    reservation is settled in the month that it was taken in.
    """

    __tablename__ = "account"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        CheckConstraint("limit_nano_usd >= 0", name="limit_not_negative"),
        CheckConstraint("spent_nano_usd >= 0", name="spent_not_negative"),
        CheckConstraint("reserved_nano_usd >= 0", name="reserved_not_negative"),
    )

    tenant_id: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    """Whose account: `user:NAME`."""
    period: str = Field(primary_key=True)
    """The month, `2026-11`."""
    limit_nano_usd: int = Field(sa_type=BigInteger)
    spent_nano_usd: int = Field(sa_type=BigInteger)
    reserved_nano_usd: int = Field(sa_type=BigInteger)


class ReservationRow(SQLModel, table=True):
    """One model call, from promise to payment."""

    __tablename__ = "reservation"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "scope", "period"],
            ["account.tenant_id", "account.scope", "account.period"],
        ),
        CheckConstraint("reserved_nano_usd >= 0", name="reserved_not_negative"),
        CheckConstraint("cost_nano_usd >= 0", name="cost_not_negative"),
        CheckConstraint(
            "state IN ('open', 'settled', 'released', 'expired')", name="state_is_known"
        ),
        Index("ix_reservation_due", "state", "expires_at"),
        Index("ix_reservation_user", "tenant_id", "user", "opened_at"),
        Index("ix_reservation_run", "run_id"),
    )

    id: str = Field(primary_key=True)
    """The caller's request id."""
    tenant_id: str
    scope: str
    period: str
    user: str
    session: str
    workspace: str
    task: str
    model: str
    run_id: str | None
    price_version: str
    body_digest: str
    """Tells the same request sent twice from another one under its id."""
    state: str
    reserved_nano_usd: int = Field(sa_type=BigInteger)
    """What was promised; kept after the end."""
    cost_nano_usd: int = Field(sa_type=BigInteger)
    """What is booked: nought while open."""
    is_estimated: bool
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cached_tokens: int = Field(sa_type=BigInteger)
    opened_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class EntryRow(SQLModel, table=True):
    """One change of an account. Triggers refuse to change or delete it.

    An account's balances are the sums of its entries' two changes.
    """

    __tablename__ = "entry"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "scope", "period"],
            ["account.tenant_id", "account.scope", "account.period"],
        ),
        ForeignKeyConstraint(["reservation_id"], ["reservation.id"]),
        CheckConstraint("kind IN ('reserve', 'settle', 'release', 'expire')", name="kind_is_known"),
        Index("ix_entry_account", "tenant_id", "scope", "period", "at"),
        Index("ix_entry_run", "run_id"),
        Index("ix_entry_reservation", "reservation_id"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    tenant_id: str
    scope: str
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
