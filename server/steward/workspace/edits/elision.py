"""Recognises text that only stands for other text: "... rest of the code ..."."""

import re

from steward.core.errors import InvalidInputError

_COMMENT = re.compile(
    r"^\s*(?:#|//|/\*+|<!--|--|;+|%|\{/\*|\*)\s*(?P<said>.*?)\s*(?:\*/\}?|-->)?\s*$"
)
_DOTS = re.compile(r"\.\.\.|…")
_STANDS_FOR = re.compile(
    r"\b(?:rest|remain(?:s|ing|der)?|exist(?:s|ing)?|unchanged|same|previous|omitted|elided|snip"
    r"|truncated|other|more|above|below|as before|goes here|stays?|kept|keep)\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"^\s*(?:\.\.\.|…)\s*$")


def check_is_whole(new_text: str, known: str) -> None:
    """Raise `InvalidInputError` where the new text leaves out what it should spell out.

    A line that stands in the `known` text already is no invention.
    """
    if _DOTS.search(new_text) is None:
        return
    standing = {line.strip() for line in known.split("\n")}
    for number, line in enumerate(new_text.split("\n"), 1):
        if _stands_for_more(line) and line.strip() not in standing:
            raise InvalidInputError(
                f"Line {number} of the new text, {line.strip()!r}, stands for text that it leaves"
                " out, so nothing was changed. Write the whole text, or replace less of the file"
                " with edits."
            )


def is_elided(old_text: str) -> bool:
    """Whether a text to be found leaves out lines in its middle."""
    lines = old_text.split("\n")
    return any(_BARE.match(line) or _stands_for_more(line) for line in lines)


def _stands_for_more(line: str) -> bool:
    if _DOTS.search(line) is None:
        return False
    comment = _COMMENT.match(line)
    # "# Loading..." is an ordinary comment; only what names the rest of something stands for it.
    if comment is not None:
        said = comment["said"]
        return _STANDS_FOR.search(said) is not None and _begins_or_ends_in_dots(said)
    said = line.strip()
    between = said.strip("[]()<> ")
    is_marked = between.startswith(("...", "…")) and between.endswith(("...", "…"))
    return is_marked and len(between) > len("...") and _STANDS_FOR.search(between) is not None


def _begins_or_ends_in_dots(said: str) -> bool:
    return said.startswith(("...", "…")) or said.rstrip(" )]").endswith(("...", "…"))
