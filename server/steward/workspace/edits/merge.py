"""Carries a change over to a text that has drifted a little from the one it was written for."""

import re
from difflib import SequenceMatcher

_TOKEN = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_TOKENS_MAX = 3_000
_Piece = tuple[int, int, list[str]]
"""The tokens from one number to another become these."""


def tokens(text: str) -> list[str]:
    """Words, signs, spaces and line ends."""
    return _TOKEN.findall(text)


def merge(old: str, new: str, real: str) -> str | None:
    """`real`, changed as `old` became `new`; `None` where the change touches what differs.

    Nothing that stands in `real` and not in `old` is lost.
    """
    olds, news, reals = tokens(old), tokens(new), tokens(real)
    if max(len(olds), len(news), len(reals)) > _TOKENS_MAX:
        return None
    wanted, drifted = _pieces(olds, news), _pieces(olds, reals)
    if any(_touch(one, other) for one in wanted for other in drifted):
        return None
    merged: list[str] = []
    at = 0
    for start, end, instead in sorted([*wanted, *drifted], key=lambda piece: piece[:2]):
        merged += (*olds[at:start], *instead)
        at = end
    return "".join((*merged, *olds[at:]))


def _pieces(olds: list[str], others: list[str]) -> list[_Piece]:
    matcher = SequenceMatcher(None, olds, others, autojunk=False)
    return [
        (start, end, others[low:high])
        for kind, start, end, low, high in matcher.get_opcodes()
        if kind != "equal"
    ]


def _touch(one: _Piece, other: _Piece) -> bool:
    # One token between them at least: side by side, nobody can say which comes first.
    return one[0] <= other[1] and other[0] <= one[1]
