"""The rows of prices that somebody set. They are in pico-dollars a token."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import BigInteger, Field, SQLModel


class ModelPriceRow(SQLModel, table=True):
    """What a model costs in this organisation, in place of what the catalogue's file says."""

    __tablename__ = "model_price"  # pyright: ignore[reportAssignmentType]  SQLModel types it badly.
    __table_args__ = (
        CheckConstraint("input_pico_usd >= 0", name="input_not_negative"),
        CheckConstraint("cached_input_pico_usd >= 0", name="cached_input_not_negative"),
        CheckConstraint("output_pico_usd >= 0", name="output_not_negative"),
        CheckConstraint("cache_write_pico_usd >= 0", name="cache_write_not_negative"),
    )

    tenant_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    """`provider/model`."""
    input_pico_usd: int = Field(sa_type=BigInteger)
    cached_input_pico_usd: int = Field(sa_type=BigInteger)
    output_pico_usd: int = Field(sa_type=BigInteger)
    cache_write_pico_usd: int = Field(sa_type=BigInteger)
    set_by: str
    set_at: datetime
