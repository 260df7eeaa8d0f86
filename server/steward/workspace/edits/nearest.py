"""What stands in a text instead of what was looked for, and where."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from steward.workspace.edits.merge import tokens

_WORD = re.compile(r"\w+")
_VOTES_MAX = 1_000_000
_RIVALS_MAX = 8
_COMPARED_LINES_MAX = 400
_SHOWN_LINES_MAX = 14
_SHOWN_CHARS_MAX = 240


@dataclass(frozen=True, slots=True)
class Near:
    """Lines that resemble the ones looked for."""

    first: int
    """Zero-based."""
    likeness: float
    """1 for the same words and signs in the same order, 0 for nothing in common."""


def nearest(lines: Sequence[str], wanted: Sequence[str]) -> list[Near]:
    """Where as many lines stand that resemble the wanted ones, the likest first; a few at most.

    Empty also where the texts are too long to be compared.
    """
    if not wanted or len(wanted) > min(len(lines), _COMPARED_LINES_MAX):
        return []
    votes = _votes(lines, wanted)
    places = sorted(votes, key=lambda place: (-votes[place], place))[:_RIVALS_MAX]
    size = len(wanted)
    looked_for = [tokens(line.strip()) for line in wanted]
    found = [Near(place, _likeness(looked_for, lines[place : place + size])) for place in places]
    return sorted(found, key=lambda near: (-near.likeness, near.first))


def what_is_there(lines: Sequence[str], wanted: Sequence[str]) -> str:
    """The nearest lines, with their numbers, as sentences for a model."""
    found = nearest(lines, wanted)
    if not found:
        # Longer than the file, perhaps: then what its first words lead to says more than nothing.
        found = nearest(lines, [line for line in wanted if line.strip()][:1])
        if not found:
            return "Nothing in the file resembles it; read the file again."
    first = found[0].first
    last = min(len(lines), first + min(len(wanted), _SHOWN_LINES_MAX))
    shown = "\n".join(
        f"{number + 1}: {lines[number].rstrip()[:_SHOWN_CHARS_MAX]}"
        for number in range(first, last)
    )
    return f"What comes nearest begins at line {first + 1}:\n{shown}\nCopy it exactly."


def _votes(lines: Sequence[str], wanted: Sequence[str]) -> dict[int, int]:
    """Place → words that its lines share with the wanted ones, line by line."""
    holding: defaultdict[str, list[int]] = defaultdict(list)
    asked = [set(_WORD.findall(line)) for line in wanted]
    known = {word for words in asked for word in words}
    for number, line in enumerate(lines):
        for word in known.intersection(_WORD.findall(line)):
            holding[word].append(number)
    if sum(len(holding[word]) for words in asked for word in words) > _VOTES_MAX:
        return {}
    votes: defaultdict[int, int] = defaultdict(int)
    last = len(lines) - len(wanted)
    for offset, words in enumerate(asked):
        for word in words:
            for number in holding[word]:
                if 0 <= number - offset <= last:
                    votes[number - offset] += 1
    return votes


def _likeness(wanted: Sequence[list[str]], lines: Sequence[str]) -> float:
    """Line by line: shifted by one, a block has most of its lines and none in its place."""
    there = [tokens(line.strip()) for line in lines]
    total = sum(map(len, wanted)) + sum(map(len, there))
    same = sum(
        block.size
        for one, other in zip(wanted, there, strict=True)
        for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    )
    return 2 * same / total if total else 1.0
