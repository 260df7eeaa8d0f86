"""How much a model may write where the budget does not cover all that was asked for."""

from steward.core.money import NanoUsd
from steward.gateway.prices import Price
from steward.gateway.request import ModelRequest

USEFUL_TOKENS_MIN = 256
"""The shortest answer that is worth its input: a plan or a call with a small edit takes about as
much, and what is cut off before its end is paid for and thrown away."""


def least(price: Price, input_tokens_max: int, request: ModelRequest) -> NanoUsd | None:
    """What the shortest useful answer may cost; None if the request is not to be shortened.

    Ghost text and next edits are not: half of one is worse than none, and they are short anyway.
    """
    if (
        request.task in ("completion", "next_edit")
        or request.output_tokens_max <= USEFUL_TOKENS_MIN
    ):
        return None
    return price.worst(input_tokens_max, USEFUL_TOKENS_MIN)


def fitting(price: Price, input_tokens_max: int, output_tokens_max: int, covered: NanoUsd) -> int:
    """The largest number of output tokens, up to the given one, that `covered` covers.

    At least `USEFUL_TOKENS_MIN`, which is what `least` asked to be covered.
    """
    low, high = min(USEFUL_TOKENS_MIN, output_tokens_max), output_tokens_max
    while low < high:
        middle = (low + high + 1) // 2
        if price.worst(input_tokens_max, middle) <= covered:
            low = middle
        else:
            high = middle - 1
    return low
