"""The rooms of the house that this front door opens into; `app` furnishes them."""

from dataclasses import dataclass

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.ids import IdSource
from steward.gateway.gateway import Gateway
from steward.operations.metrics import Metrics
from steward.permissions.tokens import Tokens
from steward.web.settings import WebSettings


@dataclass(frozen=True, slots=True)
class Rooms:
    """What answers are made with."""

    database: Database
    clock: Clock
    new_id: IdSource
    tokens: Tokens
    gateway: Gateway
    metrics: Metrics
    settings: WebSettings
