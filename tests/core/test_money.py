"""Money is whole numbers, and nothing is ever rounded in the spender's favour."""

from decimal import Decimal

from hypothesis import given, strategies as st

from steward.core.money import NANO_PER_USD, PICO_PER_NANO, as_usd, round_up


@given(st.integers(0, 10**24))
def test_a_cost_is_never_rounded_down(pico_usd: int) -> None:
    nano_usd = round_up(pico_usd)
    assert 0 <= nano_usd * PICO_PER_NANO - pico_usd < PICO_PER_NANO


@given(st.integers(0, 10**15), st.integers(0, 9))
def test_a_sum_shown_is_never_less_than_the_sum_booked(nano_usd: int, places: int) -> None:
    shown = Decimal(as_usd(nano_usd, places=places).removeprefix("$").rstrip("."))
    missing = shown - Decimal(nano_usd) / NANO_PER_USD
    assert 0 <= missing < Decimal(10) ** -places


def test_sums_look_as_people_write_them() -> None:
    assert as_usd(1_230_000) == "$0.001230"
    assert as_usd(20 * NANO_PER_USD, places=2) == "$20.00"
    assert as_usd(-1_500_000_000, places=2) == "-$1.50"
    assert as_usd(1) == "$0.000001"
