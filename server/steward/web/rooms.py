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
from steward.core.timings import Timings
from steward.extensions.packages.registries import Registries
from steward.extensions.packages.store import PackageStore
from steward.extensions.settings import ExtensionsSettings
from steward.gateway.gateway import Gateway
from steward.gateway.request import Written
from steward.gateway.settings import GatewaySettings
from steward.gateway.vault.vault import Vault
from steward.ledger.account import Kind, Limits
from steward.ledger.ledger import Ledger
from steward.operations.checking import Checking
from steward.operations.figures.settings import MetricsSettings
from steward.operations.health.health import Health
from steward.operations.metrics import Metrics
from steward.permissions.approvals import Approvals
from steward.permissions.sessions import Sessions
from steward.permissions.tokens import Tokens
from steward.web.live.limits import LiveLimits
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
    packages: PackageStore
    """What people have installed."""
    registries: Registries
    """Where they look for more."""
    extensions: ExtensionsSettings
    """What the operator leaves of that."""
    outcomes: MetricsSettings
    """What the operator takes for the time that work takes."""
    timings: Timings
    """Where it is noted how long things take."""
    limits: Mapping[Kind, Limits]
    """What an account of each kind may spend where nobody set a budget for it."""
    checking: Checking
    """Checks of the audit trail, which go on by themselves."""
    live: LiveLimits
    """What those who follow what happens may take."""
    models: GatewaySettings
    """What the operator says of models and providers."""
    answer_tokens_max: Mapping[Written, int]
    """Task → the longest answer that its calls ask for."""
    vault: Vault
    key_homes: Mapping[str, str]
    """Provider → the base URL that its key belongs to: the settings' own, or what everybody knows.
    A key that is added here goes nowhere else."""
