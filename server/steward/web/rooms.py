"""The rooms of the house that this front door opens into; `app` furnishes them."""

from dataclasses import dataclass
from pathlib import Path

from steward.agents.trial import Trial
from steward.agents.workflows.owner import Owner
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.events import Events
from steward.core.ids import IdSource
from steward.gateway.gateway import Gateway
from steward.ledger.ledger import Ledger
from steward.operations.health.health import Health
from steward.operations.metrics import Metrics
from steward.permissions.approvals import Approvals
from steward.permissions.sessions import Sessions
from steward.permissions.tokens import Tokens
from steward.web.settings import WebSettings


@dataclass(frozen=True, slots=True)
class Rooms:
    """What answers are made with."""

    database: Database
    clock: Clock
    new_id: IdSource
    tokens: Tokens
    sessions: Sessions
    gateway: Gateway
    metrics: Metrics
    settings: WebSettings
    ledger: Ledger
    events: Events
    """What this process itself tells; what other processes do comes from the database."""
    approvals: Approvals
    """For answers alone: nobody is asked by the server itself."""
    executors: Owner
    """Tells which processes of this machine still work on their runs."""
    trial: Trial
    """What agents may do and would plan, without a workspace."""
    data_dir: Path
    health: Health
