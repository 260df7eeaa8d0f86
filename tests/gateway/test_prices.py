"""Prices are exact, and no cost is ever less than what was reserved for it promised."""

import pytest
from hypothesis import given, strategies as st

from steward.core.errors import UnpricedError
from steward.core.money import PicoUsd
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.prices import Price
from steward.gateway.request import Usage
from steward.gateway.settings import GatewaySettings

RATE = st.integers(0, 10**9).map(PicoUsd)
TOKENS = st.integers(0, 10**6)


def price_of(model: str, **settings: object) -> Price:
    return Catalogue(GatewaySettings.model_validate(settings)).find(model).priced()


@given(RATE, RATE, RATE, TOKENS, TOKENS, st.data())
def test_no_usage_within_the_bounds_costs_more_than_the_worst_case(
    sent: PicoUsd,
    cached: PicoUsd,
    written: PicoUsd,
    input_max: int,
    output_max: int,
    data: st.DataObject,
) -> None:
    price = Price(sent, cached, written, "v1")
    input_tokens = data.draw(st.integers(0, input_max))
    usage = Usage(
        input_tokens,
        data.draw(st.integers(0, output_max)),
        data.draw(st.integers(0, input_tokens)),
    )
    assert 0 <= price.cost(usage) <= price.worst(input_max, output_max)


def test_openais_models_have_their_public_prices() -> None:
    price = price_of("gpt-4o-mini", openai_key="sk-x")
    million = 10**6
    assert price.cost(Usage(million, 0)) == 150_000_000
    assert price.cost(Usage(million, 0, million)) == 75_000_000
    assert price.cost(Usage(0, million)) == 600_000_000
    assert price.version


def test_a_dated_model_is_not_priced_as_its_family() -> None:
    with pytest.raises(UnpricedError, match="gpt-4o-2024-05-13"):
        price_of("gpt-4o-2024-05-13", openai_key="sk-x")


def test_the_operators_own_price_comes_first() -> None:
    own = {"gpt-4o-mini": {"input": "1", "output": "0.000001"}}
    price = price_of("gpt-4o-mini", openai_key="sk-x", prices=own)
    assert (price.input, price.cached_input, price.output) == (1_000_000, 1_000_000, 1)
    assert price.version == "settings"


def test_a_fraction_of_a_nano_dollar_is_rounded_up_once() -> None:
    price = Price(PicoUsd(1), PicoUsd(1), PicoUsd(1), "v1")
    assert price.cost(Usage(1, 0)) == 1
    assert price.cost(Usage(999, 1)) == 1
    assert price.cost(Usage(1000, 1)) == 2
