"""Regular expressions that end: an automaton runs them, in time that grows with the text alone.

Python's own engine tries one way after the other. On an expression like `(a+)+$` that takes longer
than anybody waits, and meanwhile it holds the interpreter's lock, so that not even another thread
could end it. RE2 cannot be made to do so, and lets go of the lock while it searches.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from steward.core.agent_limits import SEARCH_PATTERN_BYTES_MAX
from steward.core.errors import InvalidInputError

Finder = Callable[[str], list[int]]
"""Gives the numbers of the lines, from 0, in which something was found, in a text with LF."""


def expression(pattern: str, *, ignores_case: bool, most: int) -> Finder:
    """Finds the lines that a regular expression matches, `most` of one text at most.

    `^` and `$` are the ends of lines, and no match goes on to another line.

    Raises:
        InvalidInputError: it is no expression of RE2's (github.com/google/re2, "Syntax").
    """
    import re2

    engine = cast("Any", re2)  # It comes without types.
    options = engine.Options()
    options.case_sensitive = not ignores_case
    options.never_nl = True
    options.log_errors = False
    options.max_mem = SEARCH_PATTERN_BYTES_MAX
    try:
        compiled = engine.compile(f"(?m){pattern}", options)
    except engine.error as error:
        raise InvalidInputError(
            f"query is no regular expression that is taken ({_said(error)}). Backreferences and"
            " look-around are not; leave is_regex out to search for plain text."
        ) from error

    def find(text: str) -> list[int]:
        # As bytes: of a text, every match would be counted through again for its place.
        data = text.encode("utf-8", "replace")
        return _numbers(data, (match.start() for match in compiled.finditer(data)), most)

    return find


def literal(wanted: str, *, ignores_case: bool, most: int) -> Finder:
    """Finds the lines that hold a plain text."""
    needle = wanted.casefold() if ignores_case else wanted

    def find(text: str) -> list[int]:
        if needle not in (text.casefold() if ignores_case else text):
            return []
        found: list[int] = []
        for number, line in enumerate(text.split("\n")):
            if needle in (line.casefold() if ignores_case else line):
                found.append(number)
                if len(found) >= most:
                    break
        return found

    return find


def word(wanted: str, *, ignores_case: bool, most: int) -> Finder:
    """Finds the lines that hold a text as a word of its own."""
    contains = literal(wanted, ignores_case=ignores_case, most=1)
    # Nothing in it can be tried in two ways, so Python's engine is safe here.
    alone = re.compile(
        rf"(?<!\w){re.escape(wanted)}(?!\w)", re.IGNORECASE if ignores_case else re.NOFLAG
    )

    def find(text: str) -> list[int]:
        if not contains(text):
            return []
        lines = text.split("\n")
        return [number for number, line in enumerate(lines) if alone.search(line)][:most]

    return find


def _numbers(data: bytes, places: Iterator[int], most: int) -> list[int]:
    """Which lines the places are in, each line once."""
    found: list[int] = []
    number, at = 0, 0
    for place in places:
        number += data.count(b"\n", at, place)
        at = place
        if not found or found[-1] != number:
            found.append(number)
            if len(found) >= most:
                break
    return found


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
