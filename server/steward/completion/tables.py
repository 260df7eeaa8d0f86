"""The rows of what became of suggestions, and of the switches that people flipped."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import BigInteger, Field, SQLModel


class GhostTextDayRow(SQLModel, table=True):
    """One person's suggestions of one day, language, model and kind of place, added up.

    There are numbers in it and nothing of the code: no text, no name of a file. What each number
    means stands at `steward.completion.outcomes.tally.Counts`.
    """

    __tablename__ = "ghost_text_day"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    """`provider/model`."""
    kind: str = Field(primary_key=True)
    """What the cursor stood in, as `syntax` names it."""
    offered: int = Field(sa_type=BigInteger)
    shown: int = Field(sa_type=BigInteger)
    accepted: int = Field(sa_type=BigInteger)
    partly: int = Field(sa_type=BigInteger)
    typed: int = Field(sa_type=BigInteger)
    rejected: int = Field(sa_type=BigInteger)
    unseen: int = Field(sa_type=BigInteger)
    offered_lines: int = Field(sa_type=BigInteger)
    offered_characters: int = Field(sa_type=BigInteger)
    accepted_lines: int = Field(sa_type=BigInteger)
    accepted_characters: int = Field(sa_type=BigInteger)
    looked_15_s: int = Field(sa_type=BigInteger)
    kept_15_s: int = Field(sa_type=BigInteger)
    looked_30_s: int = Field(sa_type=BigInteger)
    kept_30_s: int = Field(sa_type=BigInteger)
    looked_120_s: int = Field(sa_type=BigInteger)
    kept_120_s: int = Field(sa_type=BigInteger)
    looked_300_s: int = Field(sa_type=BigInteger)
    kept_300_s: int = Field(sa_type=BigInteger)
    looked_600_s: int = Field(sa_type=BigInteger)
    kept_600_s: int = Field(sa_type=BigInteger)
    asked: int = Field(sa_type=BigInteger)
    wait_ms: int = Field(sa_type=BigInteger)
    context_ms: int = Field(sa_type=BigInteger)
    network_ms: int = Field(sa_type=BigInteger)
    rest_ms: int = Field(sa_type=BigInteger)
    within_25_ms: int = Field(sa_type=BigInteger)
    within_50_ms: int = Field(sa_type=BigInteger)
    within_100_ms: int = Field(sa_type=BigInteger)
    within_200_ms: int = Field(sa_type=BigInteger)
    within_400_ms: int = Field(sa_type=BigInteger)
    within_800_ms: int = Field(sa_type=BigInteger)
    within_1600_ms: int = Field(sa_type=BigInteger)
    within_3200_ms: int = Field(sa_type=BigInteger)


class GhostTextSwitchRow(SQLModel, table=True):
    """Whether somebody wants ghost text at all, in a language or in a workspace."""

    __tablename__ = "ghost_text_switch"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("scope IN ('all', 'language', 'workspace')", name="scope_is_known"),
    )

    tenant_id: str = Field(primary_key=True)
    user: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    """The language or the absolute path; empty for all."""
    is_on: bool
    at: datetime
