"""Names as the map compares them: by a number, by their words, by whether they are private."""

import re
from functools import lru_cache

IDENTIFIER = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
_WORD_CHARS_MIN = 3

Key = int
"""A name as a number of 32 bits, odd where it is private. Two names may share one, which costs
nothing but precision."""


def key_of(name: str) -> Key:
    """The number that stands for a name in this process."""
    return (hash(name) & 0xFFFF_FFFE) | is_private(name)


def is_private(name: str) -> bool:
    """Whether its author says that it is nobody else's business."""
    return name.startswith("_") and not name.endswith("__")


@lru_cache(maxsize=8_192)
def words_of(name: str) -> frozenset[str]:
    """The words a name is made of, in lower case: `load_configFile` → load, config, file."""
    found = (word.lower() for word in _WORD.findall(name))
    return frozenset(word for word in found if len(word) >= _WORD_CHARS_MIN)
