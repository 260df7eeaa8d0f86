"""What an operator may choose about money."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field

from steward.core.described import Described
from steward.core.limits import PROVIDER_WALL_S
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.ledger.account import Kind, Limits

SETTING_OF: Mapping[Kind, str] = {
    "session": "session_limit_usd",
    "workspace": "workspace_limit_usd",
    "user": "limit_usd",
    "team": "team_limit_usd",
    "organisation": "organisation_limit_usd",
}
"""Which setting limits an account that has no budget of its own."""

_Usd = Annotated[Decimal, Field(ge=0, le=1_000_000_000, max_digits=19, decimal_places=9)]


class LedgerSettings(Described):
    """The `[ledger]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit_usd: _Usd | None = Decimal(20)
    """What one person may spend in one month (UTC), in US dollars. It is never exceeded by a new
    call: one that could pass it is refused before anything is sent. Behind a team's server there
    is none where nobody sets it here: the server's budgets hold."""
    soft_limit_usd: _Usd | None = None
    """What one person may spend in one month before they are told so; it stops nothing."""
    session_limit_usd: _Usd | None = None
    """What may be spent in one editor window, from its start to its end."""
    workspace_limit_usd: _Usd | None = None
    """What may be spent on one workspace in one month, whoever works in it."""
    team_limit_usd: _Usd | None = None
    """What one team may spend in one month together."""
    organisation_limit_usd: _Usd | None = None
    """What everybody may spend in one month together."""
    reservation_hold: timedelta = Field(
        default=timedelta(minutes=15), gt=timedelta(seconds=PROVIDER_WALL_S)
    )
    """How long the money of a call whose end nobody saw stays set aside. Afterwards it is
    charged, because the provider may have charged it."""

    @property
    def limit_nano_usd(self) -> NanoUsd | None:
        """The limit as the ledger counts it."""
        return None if self.limit_usd is None else _nano(self.limit_usd)

    def without_default(self) -> "LedgerSettings":
        """The same, with no limit but those that somebody set."""
        is_set = "limit_usd" in self.model_fields_set
        return self if is_set else self.model_copy(update={"limit_usd": None})

    def limits(self) -> Mapping[Kind, Limits]:
        """What an account of each kind may spend where no budget was set for it."""
        soft = None if self.soft_limit_usd is None else _nano(self.soft_limit_usd)
        found: dict[Kind, Limits] = {}
        for kind, setting in SETTING_OF.items():
            limit: Decimal | None = getattr(self, setting)
            hard = None if limit is None else _nano(limit)
            found[kind] = Limits(hard, soft if kind == "user" else None)
        return found


def _nano(usd: Decimal) -> NanoUsd:
    return NanoUsd(int(usd * NANO_PER_USD))
