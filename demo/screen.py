"""What the play shows, and how it takes an answer: plain text, calm colours at a terminal only."""

import asyncio
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TextIO

_WIDTH = 92
_BOLD, _DIM, _GREEN, _RED, _YELLOW = "1", "2", "32", "31", "33"


class Screen:
    """Prints to one stream; `is_interactive` says whether somebody can answer."""

    def __init__(self, out: TextIO, keys: TextIO) -> None:
        self._out = out
        self._keys = keys
        self._is_coloured = out.isatty()
        self.is_interactive = out.isatty() and keys.isatty()

    def title(self, text: str) -> None:
        """The start of a scene."""
        self._line("")
        self._line(self._ink(_BOLD, text))

    def say(self, text: str) -> None:
        """A paragraph."""
        for line in text.splitlines():
            for part in _wrapped(line, _WIDTH) or [""]:
                self._line("  " + part)

    def note(self, text: str) -> None:
        """Something on the side."""
        for line in _wrapped(text, _WIDTH - 2):
            self._line("  " + self._ink(_DIM, "· " + line))

    def quote(self, text: str) -> None:
        """A text as it came, such as a diff; added and removed lines stand out."""
        for line in text.rstrip("\n").split("\n"):
            for part in _folded(line):
                self._line("  " + self._ink(_DIM, "│ ") + self._ink(_ink_of(line), part))

    def check(self, *, is_true: bool, claim: str) -> None:
        """A claim, and whether it holds."""
        mark = self._ink(_GREEN, "yes") if is_true else self._ink(_RED, " NO")
        self._line(f"  {mark}  {claim}")

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int
    ) -> None:
        """Columns as wide as they must be; those from `numbers_from` on keep to the right."""
        lines = [head, *rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        for number, line in enumerate(lines):
            cells = [
                cell.ljust(width) if column < numbers_from else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            self._line("  " + self._ink(_DIM if number == 0 else "", "  ".join(cells)))

    async def ask(self, prompt: str) -> str:
        """A line from the keyboard; empty when the keyboard is gone."""
        self._out.write("  " + self._ink(_YELLOW, prompt) + " ")
        self._out.flush()
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        # A thread in `input()` could not be stopped by Ctrl-C; a watched descriptor can.
        loop.add_reader(self._keys.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._keys.fileno())
        return self._keys.readline().strip()

    def _line(self, text: str) -> None:
        print(text.rstrip(), file=self._out, flush=True)

    def _ink(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if code and self._is_coloured else text


def _wrapped(text: str, width: int) -> list[str]:
    # A path is one word, to be copied whole.
    return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)


def _folded(line: str) -> list[str]:
    """The line in parts that fit; what is indented stays so."""
    indent = " " * (len(line) - len(line.lstrip()))
    parts = textwrap.wrap(
        line, _WIDTH, subsequent_indent=indent, drop_whitespace=False, break_long_words=False
    )
    return parts or [""]


def _ink_of(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return _DIM
    return {"+": _GREEN, "-": _RED}.get(line[:1], "")


def terminal() -> Screen:
    """The terminal that this process was started in."""
    return Screen(sys.stdout, sys.stdin)
