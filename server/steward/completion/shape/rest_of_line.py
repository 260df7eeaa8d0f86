"""One line of an answer beside what stands after the cursor on its line."""

import re

from steward.completion.shape.hole import Hole
from steward.completion.suggestion import Suggestion

_CLOSING = re.compile(r"\s*[)>}\]\"'`]*\s*[:{;,]?\s*")
_SHARED_CHARS_MIN, _SHARED_CHARS_MAX = 4, 300


def beside(text: str, end: int | None, hole: Hole) -> Suggestion:
    """The suggestion for one line.

    `end`: where in `text` something is closed that the document closes already.
    """
    text, after = text.rstrip(), hole.line_after.rstrip()
    if end is None:
        return Suggestion(_without_shared(text, after, hole).rstrip())
    tail = text[end:]
    if after and not after.startswith(tail) and _covers(tail, after) and _closes_right(text, hole):
        return Suggestion(text, replaces=len(after))
    return Suggestion(text[:end].rstrip())


def _without_shared(text: str, after: str, hole: Hole) -> str:
    """Cut the end of `text` that the line goes on with, unless it belongs to the text."""
    for size in range(min(len(text), len(after), _SHARED_CHARS_MAX), 0, -1):
        shared = after[:size]
        if (size < len(after.rstrip()) and size < _SHARED_CHARS_MIN) or not shared.strip():
            continue
        if text.endswith(shared) and _is_balanced(text[:-size], hole):
            return text[:-size]
    stripped = after.strip()
    if stripped and text.endswith(stripped) and _is_balanced(text[: -len(stripped)], hole):
        return text[: -len(stripped)]
    return text


def _covers(tail: str, after: str) -> bool:
    """Whether all that follows the cursor, closing signs only, comes again in the tail."""
    signs = iter(tail)
    return _CLOSING.fullmatch(after) is not None and all(
        sign in signs for sign in after if not sign.isspace()
    )


def _closes_right(text: str, hole: Hole) -> bool:
    """Whether the line closes what is closed on it now or nowhere, and nothing else."""
    nesting = hole.nesting()
    floor = len(hole.levels)
    for closed in nesting.read(text):
        if closed.depth >= floor:
            continue
        if closed.depth < 0:
            return False
        level = hole.levels[closed.depth]
        if level.is_closed_below and not level.is_closed_on_line:
            return False
        floor = closed.depth
    return True


def _is_balanced(text: str, hole: Hole) -> bool:
    nesting = hole.nesting()
    nesting.read(text)
    return len(nesting.stack) <= len(hole.levels)
