"""The rooms of the house that this front door opens into; `app` furnishes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from steward.agents.runs import Runs
    from steward.completion.suggest import Suggester
    from steward.core.database import Database
    from steward.core.events import Events
    from steward.core.principal import Principal
    from steward.gateway.gateway import Gateway
    from steward.ledger.ledger import Ledger
    from steward.permissions.approvals import Approvals
    from steward.workspace.verdicts import RecentVerdicts


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the features of the protocol work with."""

    principal: Principal
    database: Database
    events: Events
    ledger: Ledger
    gateway: Gateway
    approvals: Approvals
    suggester: Suggester | None
    """`None` where ghost text was switched off."""
    verdicts: RecentVerdicts | None
    """`None` where no folder is open."""
    runs: Runs | None
    """`None` where no folder is open: an agent works in a workspace."""
    previews: Path
    """A private folder for questions too long for a message box."""
