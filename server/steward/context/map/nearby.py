"""What the text around the cursor speaks of: names, words, and whose member is being written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from steward.context.cursor import Cursor
from steward.context.map.names import IDENTIFIER, words_of

_LINES_BEFORE = 40
_LINES_AFTER = 12
_CHARS_MAX = 8_000
_TYPE_CHARS_MAX = 12_000
"""So far back it is looked for what a name is."""
_NAMES_MAX = 400

_RECEIVER = re.compile(r"([^\W\d]\w*)\s*(?:\(\s*\))?\s*(?:\.|->|::|\?\.)\s*(\w*)\Z")
_PREFIX = re.compile(r"[^\W\d]\w*\Z")
_CLASS = r"(?:[\w$]+(?:\.|::))*[\"']?([A-Z]\w*)"
_WRAPPED = r"(?:Optional\[|\*|&|mut\s+|readonly\s+|const\s+|final\s+)*"


@dataclass(frozen=True, slots=True)
class Nearby:
    """The cursor's surroundings, as the map sees them."""

    names: Mapping[str, float]
    """Each name with a weight from 0 to 1 that falls with its distance."""
    words: Mapping[str, float]
    """The words in these names and in comments, likewise."""
    receiver: str
    """The name before the dot, where a member is being written."""
    prefix: str
    """What is written of the name at the cursor."""
    receiver_class: str
    """What the text says the receiver is; empty where it does not say."""


def nearby(cursor: Cursor) -> Nearby:
    """What stands near the cursor. Quick, and of bounded size."""
    before = _last_lines(cursor.before)
    after = cursor.after[:_CHARS_MAX].split("\n")[:_LINES_AFTER]
    line = cursor.line_before[-500:]
    names: dict[str, float] = {}
    for lines in (before[::-1], after):
        for distance, text in enumerate(lines):
            weight = 1.0 / (1.0 + 0.1 * distance)
            for found in IDENTIFIER.findall(text[:500]):
                if len(names) < _NAMES_MAX or found in names:
                    names[found] = max(weight, names.get(found, 0.0))
    words: dict[str, float] = {}
    for name, weight in names.items():
        for word in words_of(name):
            words[word] = max(weight, words.get(word, 0.0))
    member = _RECEIVER.search(line)
    prefix = _PREFIX.search(line)
    receiver = member[1] if member else ""
    text = cursor.before[-_TYPE_CHARS_MAX:]
    return Nearby(
        names,
        words,
        receiver,
        prefix[0] if prefix else "",
        class_of(receiver, text) if receiver else "",
    )


def class_of(name: str, text: str) -> str:
    """The class that the text last says `name` is of; the name itself where it is a class's."""
    if name[:1].isupper():
        return name
    called = rf"\b{re.escape(name)}"
    said = re.compile(
        rf"{called}\s*\??:\s*{_WRAPPED}{_CLASS}"  # basket: Basket
        rf"|{called}\s*(?::[^=\n]*)?:?=\s*(?:await\s+|new\s+|&)?{_CLASS}\s*(?:::\w+)?[({{<]"
        rf"|\b{_CLASS}(?:<[^<>\n]*>)?[\s*&]+{called}\b"  # Basket basket
        rf"|{called}\s+[*\[\]]*{_CLASS}\b"  # basket *shop.Basket
    )
    found = ""
    for match in said.finditer(text):
        found = next(filter(None, match.groups()), found)
    return found


def _last_lines(text: str) -> list[str]:
    return text[-_CHARS_MAX:].split("\n")[-_LINES_BEFORE:]
