"""Which pieces say nearly the same: runs of words, hashed and counted."""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Container, Mapping

_WORD = re.compile(r"\w+|[^\w\s]")
_RUN = 5
"""So many words are compared at once."""
_RUNS_MAX = 20_000
"""Of more runs in all only every n-th is looked at, the same ones in each text."""
_CHARS_MAX = 60_000
"""So much of a text is looked at; what is longer is never left out for being alike."""
_WITHIN = 0.95
"""So much of a piece stands in a larger one: it says nothing new."""
_RUNS_MIN = 8
"""With fewer runs a likeness is chance."""


def repeated(
    texts: Mapping[str, str], alike_from: float, protected: Container[str] = ()
) -> dict[str, str]:
    """Pieces that may go: id → id of the piece that stays and says the same.

    Of two that are alike the earlier stays, of one that stands within another the larger. A
    protected piece always stays.
    """
    runs = _runs(texts)
    shared = _shared(runs)
    gone: dict[str, str] = {}
    order = {piece: number for number, piece in enumerate(texts)}
    pairs = sorted(shared, key=lambda pair: (order[pair[0]], order[pair[1]]))
    for first, second in pairs:
        if first in gone or second in gone:
            continue
        may_go = _may_go(first, second, shared[first, second], runs, alike_from)
        loser = next((piece for piece in may_go if piece not in protected), None)
        if loser is not None:
            gone[loser] = second if loser == first else first
    return gone


def _may_go(
    first: str, second: str, count: int, runs: Mapping[str, frozenset[int]], alike_from: float
) -> tuple[str, ...]:
    """Which of the two says nothing that the other does not, the one to leave out first."""
    one, other = len(runs[first]), len(runs[second])
    if count >= alike_from * (one + other - count):
        return second, first
    if count >= _WITHIN * min(one, other):
        return (first if one < other else second,)
    return ()


def _runs(texts: Mapping[str, str]) -> dict[str, frozenset[int]]:
    words = {piece: _WORD.findall(text) for piece, text in texts.items() if len(text) <= _CHARS_MAX}
    modulus = 1 + sum(map(len, words.values())) // _RUNS_MAX
    found: dict[str, frozenset[int]] = {}
    for piece, said in words.items():
        hashes = (
            zlib.crc32(" ".join(said[at : at + _RUN]).encode())
            for at in range(len(said) - _RUN + 1)
        )
        kept = frozenset(each for each in hashes if each % modulus == 0)
        if len(kept) >= _RUNS_MIN:
            found[piece] = kept
    return found


def _shared(runs: Mapping[str, frozenset[int]]) -> Counter[tuple[str, str]]:
    """How many runs each two pieces have in common; the earlier piece first."""
    having: dict[int, list[str]] = defaultdict(list)
    for piece, hashes in runs.items():
        for each in hashes:
            having[each].append(piece)
    shared: Counter[tuple[str, str]] = Counter()
    for pieces in having.values():
        # What stands in a great many pieces (a licence) tells nothing about any two.
        if len(pieces) > 20:
            continue
        for at, first in enumerate(pieces):
            for second in pieces[at + 1 :]:
                shared[first, second] += 1
    return shared
