"""Text of others inside Markdown of ours: shown as it is, and never taken for structure.

A plan, a path or a result comes from a model. As Markdown it could fake a heading, a step or a
code block, hide characters behind entities, or name an image whose loading tells somebody
something.
"""

import re

from steward.workspace.reveal import reveal

_ACTIVE = re.compile(r"[\\`*\[\]<&~$|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""What works anywhere in a line. An underscore inside a word does nothing."""
_LEADING = re.compile(r"\A(?:[#>+=:-]|\d{1,9}(?=[.)]))")
"""What makes a line something else than a paragraph."""


def inline(text: str) -> str:
    """The text on one line, without effect as Markdown and with hidden characters spelled out."""
    escaped = _ACTIVE.sub(r"\\\g<0>", one_line(text))
    number = _LEADING.match(escaped)
    if number is None:
        return escaped
    # A digit cannot be escaped; the dot or bracket behind it can.
    at = number.end() if escaped[0].isdigit() else 0
    return f"{escaped[:at]}\\{escaped[at:]}"


def code(text: str) -> str:
    """The text as a code span on one line; a backtick in it becomes an apostrophe."""
    return f"`{one_line(text).replace('`', chr(39))}`"


def fenced(text: str, language: str = "diff") -> str:
    """The text as a code block that nothing in it can end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"


def one_line(text: str) -> str:
    """The text on one line with hidden characters spelled out, for titles."""
    shown, _ = reveal(" ".join(text.split()))
    return shown
