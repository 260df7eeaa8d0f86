"""What a model reads of a command's end. All of it was chosen by the command."""

import re

from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.core.redact import redact
from steward.sandbox.launcher import Outcome
from steward.workspace.reveal import reveal

_TERMINAL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)"
    r"|[PX^_][^\x1b]{0,1000}\x1b\\|[@-Z\\])"
)
"""What moves the cursor and colours the text (ECMA-48, 5.4 and 5.6)."""
_ROOM = TOOL_OUTPUT_CHARS_MAX - 4_000
_HEAD = _ROOM // 3
"""The beginning says what ran, and the end says what came of it."""


def report(outcome: Outcome) -> str:
    """How it ended, and what it printed, its middle left out where it is long."""
    # Keys go before anything is cut: of half a key nobody can tell that it is one.
    printed = bounded(redact(plain(outcome.output)))
    return (
        f"{outcome.verdict()} Output:\n{printed}" if printed else f"{outcome.verdict()} No output."
    )


def plain(output: str) -> str:
    """The text without what is meant for a terminal, and with hidden characters spelled out."""
    text = _TERMINAL.sub("", output).replace("\r\n", "\n").replace("\r", "\n")
    return reveal(text)[0]


def bounded(text: str) -> str:
    """The beginning and the end, and how much stood between them."""
    if len(text) <= _ROOM:
        return text
    tail = _ROOM - _HEAD
    left_out = len(text) - _HEAD - tail
    return f"{text[:_HEAD]}\n… ({left_out} characters left out) …\n{text[-tail:]}"
