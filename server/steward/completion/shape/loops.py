"""A model that goes round in circles."""

import re
from collections.abc import Sequence

_LINES_MAX = 8
"""So many lines may make one turn."""
_TURNS = 3
_WORD_CHARS_MIN = 4
_TOKENS_MAX = 8
_TOKEN_TURNS = 6
_TOKENS_MIN = 18
_TOKEN = re.compile(r"\w+|[^\w\s]")


def loop_at(keys: Sequence[str]) -> int | None:
    """Where the second turn begins when the last lines are the same three times over.

    `keys`: lines without their white space. Brackets and rules repeat in good code too.
    """
    for period in range(1, min(_LINES_MAX, len(keys) // _TURNS) + 1):
        turn = keys[-period:]
        if all(
            keys[-(number + 1) * period : len(keys) - number * period] == turn
            for number in range(1, _TURNS)
        ) and any(_has_words(key) for key in turn):
            return len(keys) - (_TURNS - 1) * period
    return None


def ends_in_circles(text: str) -> bool:
    """Whether the same few words come over and over at the end of a text, perhaps but for half."""
    tokens = _TOKEN.findall(text)
    return _circle(tokens) or _circle(tokens[:-1])


def _circle(tokens: Sequence[str]) -> bool:
    for period in range(1, _TOKENS_MAX + 1):
        count = max(_TOKEN_TURNS * period, _TOKENS_MIN)
        if len(tokens) < count:
            return False
        tail = tokens[-count:]
        # Tables of numbers repeat themselves in good code too.
        if all(tail[at] == tail[at - period] for at in range(period, count)) and any(
            token[0].isalpha() for token in tail[:period]
        ):
            return True
    return False


def _has_words(key: str) -> bool:
    return sum(map(str.isalnum, key)) >= _WORD_CHARS_MIN
