"""The models that are known, with what an operator says of them above what the data file says."""

import json
from decimal import Decimal
from importlib.resources import files

from steward.core.money import PicoUsd
from steward.gateway.catalogue.model import Model, Refused
from steward.gateway.prices import Price
from steward.gateway.settings import GatewaySettings, ModelPrice

_PICO_PER_TOKEN = 1_000_000
"""One dollar for a million tokens is a millionth of a dollar, 10^6 pico-dollars, for one."""
_REASONING = ("gpt-5", "o1", "o3", "o4")
_REASONING_REFUSES: frozenset[Refused] = frozenset({"temperature", "top_p", "stop"})


class Catalogue:
    """What is known of models: the operator's own word first, then the data file's."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings

    def find(self, name: str) -> Model:
        """What is known of a model, by `provider/model`, or by a name of the default provider.

        A model that nobody has described is given back without price, abilities as most have.
        """
        provider = self._settings.provider
        name = name.removeprefix(f"{provider}/")
        refuses = _REASONING_REFUSES if name.startswith(_REASONING) else frozenset[Refused]()
        return Model(
            provider,
            name,
            price=self._price(provider, name),
            refuses=refuses if provider == "openai" else frozenset(),
        )

    def _price(self, provider: str, name: str) -> Price | None:
        own = self._settings.prices.get(name)
        if own is not None:
            return _own_price(own)
        # The table holds OpenAI's prices: elsewhere a model of the same name may cost anything.
        return _BUILT_IN.get(name) if provider == "openai" else None


def _own_price(own: ModelPrice) -> Price:
    cached = own.input if own.cached_input is None else own.cached_input
    return Price(_pico(own.input), _pico(cached), _pico(own.output), "settings")


def _pico(usd_per_million: Decimal) -> PicoUsd:
    # Settings allow six places, so nothing is lost.
    return PicoUsd(int(usd_per_million * _PICO_PER_TOKEN))


def _read_table() -> dict[str, Price]:
    table = json.loads((files("steward.gateway") / "prices.json").read_text("utf-8"))
    version: str = table["version"]
    return {model: Price(**rates, version=version) for model, rates in table["models"].items()}


# Read with the module: a file must not be opened while the loop runs.
_BUILT_IN = _read_table()
