"""What an operator may choose about extensions."""

from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from steward.core.described import Described
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.core.package_limits import EXTENSIONS_MAX
from steward.extensions.capability import Capability

Which = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z][a-z0-9]*(-[a-z0-9]+)*\.([a-z][a-z0-9]*(-[a-z0-9]+)*|\*)|\*)$",
        max_length=80,
    ),
]
"""An extension's id, `PUBLISHER.*`, or `*`."""


class ExtensionsSettings(Described):
    """The `[extensions]` section. A workspace has no say in it, and brings no extensions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    """Whether extensions may be installed and run at all, those that are shipped included."""
    allow: tuple[Which, ...] = Field(default=("*",), max_length=EXTENSIONS_MAX)
    """The extensions that may be installed and run: `PUBLISHER.NAME`, `PUBLISHER.*`, or `*` for
    any. Those that are shipped are called `steward.NAME`."""
    deny: tuple[Which, ...] = Field(default=(), max_length=EXTENSIONS_MAX)
    """Those that may not, whatever `allow` says; written the same way."""
    deny_capabilities: tuple[Capability, ...] = ()
    """What no extension may do here, whatever a person grants: `command.run`, `model.ask`, …"""
    model_usd_a_day: float = Field(default=1.0, ge=0, le=1_000_000, allow_inf_nan=False)
    """US dollars that one extension may spend on models for one person and day (UTC), within
    their budget."""

    @property
    def model_nano_usd_a_day(self) -> NanoUsd:
        """`model_usd_a_day` in nano-dollars."""
        return NanoUsd(int(Decimal(str(self.model_usd_a_day)) * NANO_PER_USD))
