"""Prices are exact, and no cost is ever less than what was reserved for it promised."""

from hypothesis import given, strategies as st

from steward.core.money import PicoUsd
from steward.gateway.prices import Price, Tier
from steward.gateway.request import Usage

RATE = st.integers(0, 10**9).map(PicoUsd)
TOKENS = st.integers(0, 10**6)


TIERS = st.lists(
    st.builds(Tier, TOKENS, RATE, RATE, RATE, RATE),
    max_size=3,
    unique_by=lambda tier: tier.above_input_tokens,
).map(lambda tiers: tuple(sorted(tiers, key=lambda tier: tier.above_input_tokens)))
PRICE = st.builds(Price, RATE, RATE, RATE, st.just("v1"), st.none() | RATE, TIERS)


@given(PRICE, TOKENS, TOKENS, st.data())
def test_no_usage_within_the_bounds_costs_more_than_the_worst_case(
    price: Price, input_max: int, output_max: int, data: st.DataObject
) -> None:
    input_tokens = data.draw(st.integers(0, input_max))
    cached_tokens = data.draw(st.integers(0, input_tokens))
    usage = Usage(
        input_tokens,
        data.draw(st.integers(0, output_max)),
        cached_tokens,
        data.draw(st.integers(0, input_tokens - cached_tokens)),
    )
    assert 0 <= price.cost(usage) <= price.worst(input_max, output_max)


def test_a_fraction_of_a_nano_dollar_is_rounded_up_once() -> None:
    price = Price(PicoUsd(1), PicoUsd(1), PicoUsd(1), "v1")
    assert price.cost(Usage(1, 0)) == 1
    assert price.cost(Usage(999, 1)) == 1
    assert price.cost(Usage(1000, 1)) == 2


def test_a_price_is_told_in_dollars_with_all_places_that_it_has() -> None:
    def told(input_: int, output: int) -> str:
        return Price(PicoUsd(input_), PicoUsd(input_), PicoUsd(output), "v1").in_words()

    assert told(150_000, 600_000) == "$0.15 in, $0.60 out a million tokens"
    assert told(3_000_000, 75_000) == "$3.00 in, $0.075 out a million tokens"
    assert told(0, 1) == "$0.00 in, $0.000001 out a million tokens"
    assert told(0, 0) == "free"
