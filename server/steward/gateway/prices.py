"""What a token costs. A model without a price is not called, because nobody could say the bill."""

import json
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

from steward.core.errors import UnpricedError
from steward.core.money import NanoUsd, PicoUsd, round_up
from steward.gateway.request import Usage
from steward.gateway.settings import GatewaySettings, ModelPrice

_PICO_PER_TOKEN = 1_000_000
"""One dollar for a million tokens is a millionth of a dollar, 10^6 pico-dollars, for one."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in pico-dollars a token."""

    input: PicoUsd
    cached_input: PicoUsd
    output: PicoUsd
    version: str
    """Which table or setting it was taken from; kept with every reservation."""

    def cost(self, usage: Usage) -> NanoUsd:
        """The cost of a call, rounded up once: we never record less than was spent."""
        fresh = usage.input_tokens - usage.cached_tokens
        return round_up(
            fresh * self.input
            + usage.cached_tokens * self.cached_input
            + usage.output_tokens * self.output
        )

    def worst(self, input_tokens_max: int, output_tokens_max: int) -> NanoUsd:
        """The most that a call within these bounds can cost, at the dearest rate."""
        dearest = max(self.input, self.cached_input)
        return round_up(input_tokens_max * dearest + output_tokens_max * self.output)


class Prices:
    """The prices in force: the operator's own, then the built-in table."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings

    def of(self, model: str) -> Price:
        """The price of a model.

        Raises:
            UnpricedError: nobody has said what it costs.
        """
        own = self._settings.prices.get(model)
        if own is not None:
            return _own_price(own)
        # The table holds OpenAI's prices: elsewhere a model of the same name may cost anything.
        built_in = _BUILT_IN.get(model) if self._settings.is_openai else None
        if built_in is None:
            raise UnpricedError(
                f"Nobody has said what the model {model!r} costs, so it is not called: its bill"
                " could not be limited. Set its price in US dollars a million tokens, for input"
                ' and output, with STEWARD_MODEL_PRICE="0.15/0.60" (for STEWARD_MODEL) or in'
                f' settings.toml: [gateway.prices."{model}"] input = 0.15, output = 0.60.'
                ' "0/0" declares it free.'
            )
        return built_in


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
