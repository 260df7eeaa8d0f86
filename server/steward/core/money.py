"""Money as integers: nano-dollars in the ledger, pico-dollars a token in prices.

10^9 nano-dollars are one US dollar; an int64 holds 9.2 billion dollars. Prices are finer than
sums because many real prices are not a whole number of nano-dollars a token.
"""

from typing import NewType

NanoUsd = NewType("NanoUsd", int)
"""10^-9 US dollars."""
PicoUsd = NewType("PicoUsd", int)
"""10^-12 US dollars."""

NOTHING = NanoUsd(0)
NANO_PER_USD = 1_000_000_000
NANO_PER_CENT = 10_000_000
PICO_PER_NANO = 1_000


def round_up(pico_usd: int) -> NanoUsd:
    """Pico- as nano-dollars, rounded up: we never book less than was spent."""
    return NanoUsd(-(-pico_usd // PICO_PER_NANO))


def as_usd(nano_usd: int, *, places: int = 6) -> str:
    """A sum for people: `$0.001230`. Rounded up, so that nothing shown is less than booked."""
    step = 10 ** (9 - places)
    units = -(-nano_usd // step)
    sign, units = ("-", -units) if units < 0 else ("", units)
    return f"{sign}${units // 10**places}.{units % 10**places:0{places}d}"


def limit_as_usd(nano_usd: int) -> str:
    """A limit for people: whole cents as such; what is finer must not look like more."""
    return as_usd(nano_usd, places=6 if nano_usd % NANO_PER_CENT else 2)
