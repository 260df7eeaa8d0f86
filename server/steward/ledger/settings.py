"""What an operator may choose about money."""

from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from steward.core.limits import PROVIDER_WALL_S
from steward.core.money import NANO_PER_USD, NanoUsd


class LedgerSettings(BaseModel):
    """The `[ledger]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    limit_usd: Decimal = Field(
        default=Decimal(20), ge=0, le=1_000_000_000, max_digits=19, decimal_places=9
    )
    """What one person may spend in one month (UTC), in US dollars. It is never exceeded by a new
    call: one that could pass it is refused before anything is sent."""
    reservation_hold: timedelta = Field(
        default=timedelta(minutes=15), gt=timedelta(seconds=PROVIDER_WALL_S)
    )
    """How long the money of a call whose end nobody saw stays set aside. Afterwards it is
    charged, because the provider may have charged it."""

    @property
    def limit_nano_usd(self) -> NanoUsd:
        """The limit as the ledger counts it."""
        return NanoUsd(int(self.limit_usd * NANO_PER_USD))
