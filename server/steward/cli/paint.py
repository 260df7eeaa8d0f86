"""Colours and widths: only where a person looks at a terminal, and never against their wish."""

import os
import sys
from collections.abc import Callable
from typing import Literal

from steward.settings import wishes_no_colour

Paint = Literal["green", "yellow", "red", "bold", "dim"]

_CODES: dict[Paint, str] = {
    "green": "32",
    "yellow": "33",
    "red": "31",
    "bold": "1",
    "dim": "2",
}


def paint_of() -> Callable[[str, Paint], str]:
    """What colours a text for standard output; it leaves it as it is where nobody would see it."""
    if not sys.stdout.isatty() or wishes_no_colour():
        return lambda text, _paint: text
    return lambda text, paint: f"\x1b[{_CODES[paint]}m{text}\x1b[0m"


def screen_width() -> int | None:
    """The columns of the terminal on standard output; None where it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):  # It is a file, a pipe, or closed.
        return None
