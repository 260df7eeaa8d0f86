"""What a model sees when it is asked what the person will change next.

It rewrites a few lines around the last edit. All that it sees is data, under headings, and nothing
of it stands in the system message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steward.context.cursor import Cursor
from steward.context.edit_history import EditDiff
from steward.context.prompts import next_edit_messages
from steward.context.snippet import Snippet
from steward.context.tokens import count, cut_after, cut_before
from steward.core.redact import redact
from steward.gateway.catalogue.model import Model
from steward.gateway.request import Message, OtherFile
from steward.workspace.lines import split_lines

_REGION_CHARS_MAX = 6_000
_LINES_ABOVE = 12
_LINES_BELOW = 24
_FRAME_TOKENS = 400
"""Kept free for instructions, headings and marks."""
_AROUND_SHARE = 0.25
"""Of what is free, for the lines above the region, and as much for those below."""
_HEADING_TOKENS = 12
_MORE_LINES = 1.25
"""How much longer a rewritten region may be than it was."""
_MORE_TOKENS = 120
_KEY = "PRIVATE KEY-----"
_MARKS = ("<region>", "</region>")


@dataclass(frozen=True, slots=True)
class Region:
    """Whole lines that a model may rewrite."""

    line: int
    """The first one's number in the document, from 0."""
    text: str
    above: str
    """What stands before it, as far as it is known; keys are taken out."""
    below: str


@dataclass(frozen=True, slots=True)
class NextEditParts:
    """What a request for a next edit is made of."""

    region: Region
    messages: tuple[Message, ...]
    output_tokens_max: int


def next_edit_request_parts(
    model: Model,
    cursor: Cursor,
    diffs: Sequence[EditDiff],
    snippets: Sequence[Snippet],
    tokens: int,
) -> NextEditParts | None:
    """The request; `None` where nothing can be asked about these lines.

    Args:
        model: What is known of the model that will be asked; a small window makes for less.
        cursor: Where the last edit was made.
        diffs: What was edited lately, the latest last.
        snippets: What may help of other files, best first.
        tokens: The most that the prompt may have, the answer included.
    """
    region = _region(cursor)
    if region is None:
        return None
    own = count(region.text)
    answer = int(own * _MORE_LINES) + _MORE_TOKENS
    room = min(tokens, model.input_tokens_max or tokens) - own - answer - _FRAME_TOKENS
    if room < 0 or answer > (model.output_tokens_max or answer):
        return None
    above = cut_before(region.above, int(room * _AROUND_SHARE))
    below = cut_after(region.below, int(room * _AROUND_SHARE))
    room -= count(above) + count(below)
    edits = _fitting_diffs(diffs, room // 2)
    room -= sum(map(_cost_of_diff, edits))
    messages = next_edit_messages(
        cursor.path,
        (above, region.text, below),
        [(diff.path, _as_diff(diff)) for diff in edits],
        _fitting(snippets, room),
    )
    return NextEditParts(region, messages, answer)


def _region(cursor: Cursor) -> Region | None:
    """The lines around the cursor; `None` where a model must not, or cannot, rewrite them.

    What is taken out of a prompt as a key would be put back by its answer as no key.
    """
    if _KEY in cursor.before or _KEY in cursor.after:
        return None
    text = cursor.before + cursor.after
    lines = split_lines(text)
    at = min(len(split_lines(cursor.before)) - bool(cursor.line_before), max(0, len(lines) - 1))
    first, last = max(0, at - _LINES_ABOVE), at + 1 + _LINES_BELOW
    region = "".join(lines[first:last])
    if not region.strip() or len(region) > _REGION_CHARS_MAX:
        return None
    if redact(region) != region or any(mark in region for mark in _MARKS):
        return None
    line = cursor.line - (at - first)
    # Before it is cut: half a key does not look like one.
    above, below = redact("".join(lines[:first])), redact("".join(lines[last:]))
    return Region(line, region, above, below)


def _as_diff(diff: EditDiff) -> str:
    olds = [f"-{line}" for line in diff.old.splitlines()]
    news = [f"+{line}" for line in diff.new.splitlines()]
    return "\n".join([f"@@ line {diff.line + 1} @@", *olds, *news])


def _fitting_diffs(diffs: Sequence[EditDiff], room: int) -> list[EditDiff]:
    """The latest for which there is room, in their order."""
    kept: list[EditDiff] = []
    for diff in reversed(diffs):
        room -= _cost_of_diff(diff)
        if room < 0:
            break
        kept.append(diff)
    return kept[::-1]


def _cost_of_diff(diff: EditDiff) -> int:
    return count(diff.path) + count(_as_diff(diff)) + _HEADING_TOKENS


def _fitting(snippets: Sequence[Snippet], room: int) -> list[OtherFile]:
    """Those for which there is room, the best last, where it is nearest to the region."""
    kept: list[OtherFile] = []
    for each in snippets:
        cost = count(each.path) + count(each.text) + _HEADING_TOKENS
        if cost <= room:
            room -= cost
            kept.append(OtherFile(each.path, each.text))
    return kept[::-1]
