"""Typing along: what is left of a suggestion, and where an edit takes the cursor."""

from dataclasses import replace

from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.workspace.edit import Edit

_CLOSING = ")]}>\"'`"
_PAIRS = frozenset(("()", "[]", "{}", "<>", '""', "''", "``"))
_CLOSED_MAX = 8
"""Characters behind the cursor that an editor closed by itself, at most."""
_LINES_ENOUGH = 500
"""Lines above that must agree where the window on a long document has moved on."""


def remainder(cursor: Cursor, suggestion: Suggestion, now: Cursor) -> Suggestion | None:
    """What is left of a suggestion for one cursor at another; `None` where it does not fit.

    It fits where accepting what is left makes the same text as accepting it all would have made:
    somebody typed some of it, and the editor may have closed a bracket behind the cursor.
    """
    typed = typed_since(cursor, now, suggestion.text)
    if typed is None or not suggestion.text.startswith(typed):
        return None
    left = suggestion.text[len(typed) :]
    replaces = _behind(cursor.after, suggestion.replaces, now.after)
    if not left or replaces is None:
        return None
    if not is_covered(now.after[:replaces], left.split("\n", 1)[0]):
        return None
    return Suggestion(left, replaces)


def typed_since(cursor: Cursor, now: Cursor, text: str) -> str | None:
    """What stands before `now` beyond what stood before `cursor`; `None` if that has changed.

    Where the window on a long document has moved, it is found if it is a beginning of `text`.
    """
    if cursor.document != now.document:
        return None
    if now.before.startswith(cursor.before):
        return now.before[len(cursor.before) :]
    if now.line // _LINES_ENOUGH == cursor.line // _LINES_ENOUGH:
        return None  # Both have the same beginning.
    for size in range(min(len(text), len(now.before)) + 1):
        if not now.before.endswith(text[:size]):
            continue
        common = now.before[: len(now.before) - size]
        if cursor.before.endswith(common) and common.count("\n") >= _LINES_ENOUGH:
            return text[:size]
    return None


def accepted(cursor: Cursor, suggestion: Suggestion) -> Cursor:
    """Where the cursor stands when all of a suggestion has been taken."""
    return replace(
        cursor,
        before=cursor.before + suggestion.text,
        after=cursor.after[suggestion.replaces :],
        line=cursor.line + suggestion.text.count("\n"),
    )


def moved(cursor: Cursor, edit: Edit) -> Cursor | None:
    """Where somebody stands who made an edit at the cursor; `None` if it was made elsewhere."""
    line, column = edit.start
    removed, inserted = edit.removed, edit.inserted
    own = len(cursor.line_before)
    before, after = cursor.before, cursor.after
    if (line, column) == (cursor.line, own) and after.startswith(removed):
        after = after[len(removed) :]
    elif line == cursor.line and column + len(removed) == own and before.endswith(removed):
        before = before[: len(before) - len(removed)]
    else:
        return None
    if inserted in _PAIRS and not removed:
        return replace(cursor, before=before + inserted[0], after=inserted[1] + after)
    new_line = cursor.line + inserted.count("\n")
    return replace(cursor, before=before + inserted, after=after, line=new_line)


def agrees(raw: str, target: Cursor, now: Cursor) -> bool:
    """Whether an answer for `target`, of which `raw` has come, may still be of use at `now`.

    It says yes where it cannot know: an answer may begin with a fence, or with what stands before
    the cursor.
    """
    if _behind(target.after, 0, now.after) is None:
        return False
    if target.document == now.document and target.before.startswith(now.before):
        return True  # Still on the way to where the answer is for.
    typed = typed_since(target, now, raw)
    if typed is None:
        return False
    if not raw.strip() or raw.lstrip().startswith(("```", "<")):
        return True
    echoed = target.line_before.strip()
    told = [raw, raw.lstrip(" \t"), raw.lstrip()]
    if echoed and raw.lstrip().startswith(echoed):
        told.append(raw.lstrip()[len(echoed) :])
        told.append(told[-1].lstrip(" \t"))
    if echoed.startswith(raw.strip()):
        return True  # It may be the echo of the line.
    return any(text.startswith(typed) or typed.startswith(text) for text in told)


def is_covered(part: str, text: str) -> bool:
    """Whether the characters of `part` stand in `text`, in their order."""
    rest = iter(text)
    return all(character in rest for character in part)


def _behind(after: str, replaces: int, now: str) -> int | None:
    """How much of what now stands behind the cursor a suggestion takes the place of.

    `None` where something else has changed there than closing characters on the line.
    """
    extra = len(now) - (len(after) - replaces)
    if extra < 0 or extra > replaces + _CLOSED_MAX or not now.endswith(after[replaces:]):
        return None
    over = now[:extra]
    if "\n" in over or "\r" in over:
        return None
    is_same = over == after[:replaces][-extra:] if extra else True
    return extra if is_same or all(each in _CLOSING for each in over) else None
