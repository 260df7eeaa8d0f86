"""Whether a suggestion is wanted at all."""

from steward.completion.asking.strokes import Stroke
from steward.completion.reason import Because
from steward.context.cursor import Cursor


def why_not(cursor: Cursor, stroke: Stroke, *, is_automatic: bool) -> Because | None:
    """What speaks against a suggestion at a cursor after a change; `None` if nothing does.

    Whoever takes text away, or undoes a change, looks at what was there and wants nothing new;
    but what they ask for they get.
    """
    if not cursor.is_worth_asking:
        return "inside_code"
    if not is_automatic:
        return None
    match stroke:
        case "deleted" | "undone" | "several_cursors":
            return stroke
        case "none" | "typed":
            return None
