"""A model, who runs it, and what it costs: what an attempt is made with."""

from dataclasses import dataclass

from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.provider import Provider


@dataclass(frozen=True, slots=True)
class Target:
    """A model that can be asked."""

    provider: Provider
    model: Model
    price: Price
