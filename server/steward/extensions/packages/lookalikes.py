"""Names that a hasty reader takes for one another."""

import unicodedata
from collections.abc import Iterable

_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "2": "z"})
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def look_alikes(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Those of the known names that this one could be mistaken for, itself not counted."""
    plain = _skeleton(name)
    return tuple(
        sorted(
            each
            for each in set(known)
            if each != name and (_skeleton(each) == plain or _is_one_slip(each, name))
        )
    )


def _skeleton(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_ALIKE)
    for pair, single in _PAIRS:
        plain = plain.replace(pair, single)
    return plain.replace("-", "").replace("_", "")


def _is_one_slip(one: str, other: str) -> bool:
    """Whether a letter too many, too few, wrong, or two swapped make one of the other."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 6:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    return (
        left[1:] == right
        or left == right[1:]
        or left[1:] == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )
