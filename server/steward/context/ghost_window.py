"""The text on one side of a cursor, cut to a number of tokens at the ends of lines."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from steward.context.tokens import count
from steward.core.redact import redact

_STEP_LINES = 16
"""What stands before begins at a line whose number this divides, so that it stays for a while."""
_STEP_CHARS = 256
"""The same for a line that is longer than all that may be shown."""
_CHARS_A_TOKEN_MAX = 8
"""No more of an endless line is looked at than so many characters for a token."""
_LINE_TOKENS_MAX = 1000
"""What is shown of an endless line: nobody wrote it, and more would not help."""
_KEY_CHARS_MAX = 2000
"""What may stand in one line of a key."""
_KNOWN_CHARS_MAX = 2000
_KNOWN_LINES_MAX = 2048


@dataclass(frozen=True, slots=True)
class Window:
    """One side, measured line by line from the cursor on, as far as there may be room."""

    side: Literal["before", "after"]
    whole: str
    steps: tuple[tuple[int, int], ...]
    """How many characters next to the cursor take how many tokens, line by line."""
    tokens: int
    """What it would take, if it got all that there may be."""

    @classmethod
    def before(cls, text: str, most: int) -> "Window":
        """What stands before the cursor, measured to at most so many tokens."""
        steps: list[tuple[int, int]] = []
        start, tokens = len(text), 0
        while start > 0:
            end, start = start, text.rfind("\n", 0, start - 1) + 1
            tokens += _measured(text[start:end], most)
            if tokens > most:
                return cls("before", text, tuple(steps), most)
            steps.append((len(text) - start, tokens))
        return cls("before", text, tuple(steps), tokens)

    @classmethod
    def after(cls, text: str, most: int) -> "Window":
        """What stands after the cursor, measured to at most so many tokens."""
        steps: list[tuple[int, int]] = []
        end = tokens = 0
        while end < len(text):
            start, end = end, text.find("\n", end) + 1 or len(text)
            tokens += _measured(text[start:end], most)
            if tokens > most:
                return cls("after", text, tuple(steps), most)
            steps.append((end, tokens))
        return cls("after", text, tuple(steps), tokens)

    def text(self, tokens: int) -> str:
        """What is shown where so many tokens are free: whole lines, those next to the cursor.

        Of a line that alone is longer it is what stands next to the cursor.
        """
        size = max((chars for chars, cost in self.steps if cost <= tokens), default=0)
        if not size:
            return self._within_line(tokens)
        if self.side == "after":
            return self.whole[:size]
        return self.whole[_steady(self.whole, len(self.whole) - size) :]

    def _within_line(self, tokens: int) -> str:
        """The part of the first line for which there is room."""
        end = self.whole.find("\n") + 1 or len(self.whole)
        start = self.whole.rfind("\n", 0, max(0, len(self.whole) - 1)) + 1
        line = self.whole[:end] if self.side == "after" else self.whole[start:]
        tokens = min(tokens, _LINE_TOKENS_MAX)
        line = self._without_keys(line, tokens * _CHARS_A_TOKEN_MAX + _KEY_CHARS_MAX)
        size = min(len(line), tokens * _CHARS_A_TOKEN_MAX)
        while size > 0:
            part = line[:size] if self.side == "after" else line[_stepped(len(line) - size) :]
            needed = count(part)
            if needed <= tokens:
                return part
            size = min(size - 1, size * tokens // needed)
        return ""

    def _without_keys(self, line: str, size: int) -> str:
        """The line without keys next to the cursor: cut in the middle, one does not look like one.

        It is cut off farther away than what is shown, so no key is cut there that matters.
        """
        part = line[:size] if self.side == "after" else line[-size:]
        plain = redact(part)
        return line if plain == part else plain


def _measured(line: str, most: int) -> int:
    """The tokens of a line; more than `most` without a look where it is endless."""
    if len(line) > most * _CHARS_A_TOKEN_MAX:
        return most + 1
    # At the next key nearly all lines are as they were, and only looking them up takes no time.
    return _known(line) if len(line) <= _KNOWN_CHARS_MAX else count(line)


_known = lru_cache(_KNOWN_LINES_MAX)(count)


def _steady(text: str, start: int) -> int:
    """The next line from there on that a step begins with, unless half would be lost."""
    if not start:
        return 0
    wanted = start
    for _ in range(-text.count("\n", 0, start) % _STEP_LINES):
        wanted = text.find("\n", wanted) + 1
        if not wanted or len(text) - wanted < (len(text) - start) // 2:
            return start
    return wanted


def _stepped(start: int) -> int:
    """The next place in a line that a step begins with."""
    return -(-start // _STEP_CHARS) * _STEP_CHARS
