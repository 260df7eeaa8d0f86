"""Make a model's raw answer fit the hole it is meant for."""

from steward.completion.cursor import Cursor

_LINES_MAX = 12


def trim(answer: str, cursor: Cursor) -> str:
    """The text to insert; empty when nothing worth showing is left.

    Takes away, in this order: a code fence; the echo of what stands before the cursor; everything
    after a double blank line; what the document already has after the cursor; trailing space.
    """
    text = _without_fence(answer.replace("\r\n", "\n"))
    text = _without_echo(text, cursor.line_before)
    text = text.split("\n\n\n", 1)[0]
    if not cursor.takes_several_lines:
        text = text.lstrip("\n").split("\n", 1)[0]
    text = "\n".join(text.split("\n")[:_LINES_MAX]).rstrip()
    text = _without_overlap(text, cursor.after)
    return text if text.strip() and not _repeats_neighbour(text, cursor) else ""


def _without_fence(text: str) -> str:
    stripped = text.strip()
    if not stripped.startswith("```"):
        return text
    _, _, body = stripped.partition("\n")
    return body.removesuffix("```").rstrip("\n")


def _without_echo(text: str, line_before: str) -> str:
    echoed = line_before.strip()
    if len(echoed) > 1 and text.lstrip().startswith(echoed):
        text = text.lstrip()[len(echoed) :]
    # One leading space too many is the commonest slip.
    if line_before.endswith((" ", "\t")) and not text.startswith("\n"):
        return text.lstrip(" \t")
    return text


def _without_overlap(text: str, after: str) -> str:
    """Cut the longest tail of `text` that the document goes on with."""
    following = after.replace("\r\n", "\n")
    for size in range(min(len(text), len(following)), 0, -1):
        tail = following[:size]
        if tail.strip() and text.endswith(tail) and _is_surplus(text, tail):
            return text[:-size].rstrip()
    closing = following.lstrip()[:1]
    is_there = closing and closing in ")]}\"'`" and text.endswith(closing)
    return text[:-1] if is_there and _is_surplus(text, closing) else text


def _is_surplus(text: str, tail: str) -> bool:
    """Whether `text` still closes all that it opens when it loses this tail."""
    return all(
        text.count(close) - text.count(open_) >= tail.count(close) - tail.count(open_)
        for open_, close in ("()", "[]", "{}")
    ) and all(text.count(quote) % 2 == 1 for quote in "\"'`" if tail.count(quote) % 2 == 1)


def _repeats_neighbour(text: str, cursor: Cursor) -> bool:
    lines = cursor.after.split("\n", 2)
    below = lines[1].strip() if len(lines) > 1 else ""
    return bool(below) and text.strip() == below
