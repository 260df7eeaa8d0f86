"""What a model sees for ghost text: a window around the cursor and pieces of other files.

A budget of tokens is divided between four parts; what one does not need goes to the others. What
changes from key to key stands behind what stays the same, and the window's beginning moves by
whole steps, because providers charge less, and answer sooner, for a beginning that they have seen.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from steward.context.cursor import Cursor
from steward.context.ghost_window import Window
from steward.context.prompts import gap_messages
from steward.context.snippet import Snippet
from steward.context.tokens import count
from steward.core.redact import redact, redact_around
from steward.gateway.catalogue.model import Model
from steward.gateway.request import Fill, Message, OtherFile
from steward.syntax.language import Language

_ANSWER_TOKENS = 500
"""Kept free for the answer."""
_FRAME_TOKENS = 250
"""Kept free for instructions, headings and marks."""
_SHARES = (0.35, 0.35, 0.15, 0.15)
"""Of the prefix, of what stays the same, of what is near now, of the suffix."""
_STABLE = ("imported", "map")
"""Sources whose snippets are the same from key to key."""
_HEADING_TOKENS = 8
"""What a snippet's heading takes beside its path."""
_CUT_LINES_MIN = 4
"""The fewest lines of a snippet that are worth showing without the rest."""

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
_KEY = "PRIVATE KEY-----"


@dataclass(frozen=True, slots=True)
class GhostParts:
    """What a request for ghost text is made of, in both forms that models are asked in."""

    fill: Fill
    messages: tuple[Message, ...]
    stop: tuple[str, ...]


def ghost_request_parts(
    model: Model,
    cursor: Cursor,
    snippets: Sequence[Snippet],
    tokens: int,
    *,
    repository: str = "",
) -> GhostParts:
    """The request for this place.

    Args:
        model: What is known of the model that will be asked; a small window makes for less.
        cursor: Where.
        snippets: What may help of other files, best first.
        tokens: The most that the prompt may have, the answer included.
        repository: What the workspace is called, for models that are told.
    """
    room = min(tokens, model.input_tokens_max or tokens) - _ANSWER_TOKENS - _FRAME_TOKENS
    room = max(room, 0)
    before, after = redact_around(*_without_open_key(cursor.before, cursor.after))
    prefix, suffix = Window.before(before, room), Window.after(after, room)
    stable = [each for each in snippets if each.source in _STABLE]
    near = [each for each in snippets if each.source not in _STABLE]
    wants = (prefix.tokens, _cost(stable), _cost(near), suffix.tokens)
    for_prefix, for_stable, for_near, for_suffix = _allotted(room, wants)
    shown = prefix.text(for_prefix), suffix.text(for_suffix)
    own = "".join(shown)
    kept = sorted(_fitting(_new(stable, cursor, own), for_stable), key=_place)
    # The best stands last, where it is nearest to the gap.
    kept += reversed(_fitting(_new(near, cursor, own), for_near))
    fill = Fill(
        *shown,
        path=cursor.path,
        repository=repository,
        files=tuple(OtherFile(each.path, each.text) for each in kept),
        comment=_comment(cursor.language),
    )
    stop = ("\n\n\n",) if cursor.takes_several_lines else ("\n",)
    return GhostParts(fill, gap_messages(fill), stop)


def _allotted(room: int, wants: Sequence[int]) -> list[int]:
    """How many tokens each part gets: its share, then in their order what others leave."""
    given = [min(want, int(room * share)) for want, share in zip(wants, _SHARES, strict=True)]
    left = room - sum(given)
    for number, want in enumerate(wants):
        more = min(left, want - given[number])
        given[number] += more
        left -= more
    return given


def _new(snippets: Iterable[Snippet], cursor: Cursor, own: str) -> list[Snippet]:
    """Those that say something which the window does not show already."""
    return [each for each in snippets if each.path != cursor.path or each.text.strip() not in own]


def _fitting(snippets: Iterable[Snippet], room: int) -> list[Snippet]:
    """As many as there is room for, best first; the last one perhaps without its end."""
    kept: list[Snippet] = []
    for each in snippets:
        snippet = each if _cost((each,)) <= room else _beginning(each, room)
        if snippet is not each and snippet.text.count("\n") < _CUT_LINES_MIN:
            continue
        kept.append(snippet)
        room -= _cost((snippet,))
    return kept


def _beginning(snippet: Snippet, room: int) -> Snippet:
    """As many of its first lines as there is room for."""
    room -= _needed(snippet.path, "")
    lines: list[str] = []
    for line in snippet.text.splitlines(keepends=True):
        room -= count(line) + 1
        if room < 0:
            break
        lines.append(line)
    return Snippet(snippet.path, "".join(lines), snippet.source, snippet.line)


def _cost(snippets: Iterable[Snippet]) -> int:
    """What they take together."""
    return sum(_needed(each.path, each.text) for each in snippets)


@lru_cache(256)
def _needed(path: str, text: str) -> int:
    """What another file takes, under its heading, and each line with the mark of a comment."""
    return count(path) + _HEADING_TOKENS + count(text) + text.count("\n") + 1


def _place(snippet: Snippet) -> tuple[str, int]:
    return snippet.path, snippet.line


def _comment(language: Language) -> tuple[str, str] | None:
    """What begins and ends a comment of one line."""
    if language.line_comment is not None:
        return language.line_comment, ""
    return language.block_comment


def _without_open_key(before: str, after: str) -> tuple[str, str]:
    """Both sides of the cursor without private keys.

    Of a key that a window cuts, or in which the cursor stands, each half would look like none: what
    goes out is looked at once more, but by then the halves are apart.
    """
    if _KEY not in before and _KEY not in after:
        return before, after
    ends = _KEY_ENDS.search(before)
    if ends is not None and _KEY_BEGINS.search(before, 0, ends.start()) is None:
        before = before[ends.end() :]  # Of a long document only the end is here, too.
    *_, begins = [None, *_KEY_BEGINS.finditer(before)]
    if begins is not None and _KEY_ENDS.search(before, begins.end()) is None:
        ends = _KEY_ENDS.search(after)
        before = redact(before[: begins.end()])
        after = after[ends.end() :] if ends is not None else ""
    return redact(before), redact(after)
