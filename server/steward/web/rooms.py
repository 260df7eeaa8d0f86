"""The rooms of the house that this front door opens into; `app` furnishes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steward.agents.trial import Trial
from steward.agents.workflows.owner import Owner
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.events import Events
from steward.core.ids import IdSource
from steward.gateway.gateway import Gateway
from steward.gateway.request import Written
from steward.gateway.settings import GatewaySettings
from steward.gateway.vault.vault import Vault
from steward.ledger.account import Kind, Limits
from steward.ledger.ledger import Ledger
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
    models: GatewaySettings
    """What the operator says of models and providers."""
    limits: Mapping[Kind, Limits]
    """What an account of each kind may spend where nobody set a budget for it."""
    answer_tokens_max: Mapping[Written, int]
    """Task → the longest answer that its calls ask for."""
    vault: Vault
    key_homes: Mapping[str, str]
    """Provider → the base URL that its key belongs to: the settings' own, or what everybody knows.
    A key that is added here goes nowhere else."""
