"""Money as integers: nano-dollars in the ledger, pico-dollars a token in prices.

10^9 nano-dollars are one US dollar; an int64 holds 9.2 billion dollars. Prices are finer than
sums because many real prices are not a whole number of nano-dollars a token.
"""

from decimal import Decimal, InvalidOperation
from typing import NewType

from steward.core.errors import InvalidInputError

NanoUsd = NewType("NanoUsd", int)
"""10^-9 US dollars."""
PicoUsd = NewType("PicoUsd", int)
"""10^-12 US dollars."""

NOTHING = NanoUsd(0)
NANO_PER_USD = 1_000_000_000
NANO_PER_CENT = 10_000_000
PICO_PER_NANO = 1_000


_USD_MAX = Decimal(1_000_000_000)
_USD_PER_MILLION_MAX = Decimal(1_000_000)
_PICO_PER_USD_A_MILLION = 1_000_000


def nano_usd(written: str) -> NanoUsd:
    """A sum that somebody wrote in dollars, such as `12.50`.

    Raises:
        InvalidInputError: it is none, or finer than the ledger counts.
    """
    amount = _decimal(written)
    if not 0 <= amount <= _USD_MAX or amount % Decimal("1e-9"):
        raise InvalidInputError(
            f"{written[:40]!r} is no sum. Name US dollars from 0 to {_USD_MAX:,}, such as 12.50."
        )
    return NanoUsd(int(amount * NANO_PER_USD))


def pico_usd(written: str) -> PicoUsd:
    """A price that somebody wrote in dollars for a million tokens, such as `0.15`.

    Raises:
        InvalidInputError: it is none, or finer than prices are.
    """
    amount = _decimal(written)
    if not 0 <= amount <= _USD_PER_MILLION_MAX or amount % Decimal("1e-6"):
        raise InvalidInputError(
            f"{written[:40]!r} is no price. Name US dollars a million tokens from 0 to"
            f" {_USD_PER_MILLION_MAX:,}, with six places at most, such as 0.15."
        )
    return PicoUsd(int(amount * _PICO_PER_USD_A_MILLION))


def usd_per_million(pico_usd_per_token: int) -> str:
    """A price for people, in dollars for a million tokens: `0.15`."""
    return f"{(Decimal(pico_usd_per_token) / _PICO_PER_USD_A_MILLION).normalize():f}"


def _decimal(written: str) -> Decimal:
    """The number, or one that nothing costs."""
    try:
        found = Decimal(written)
    except InvalidOperation:
        return Decimal(-1)
    return found if found.is_finite() else Decimal(-1)


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
