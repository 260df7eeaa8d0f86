"""Places in a text as editors count them: lines, and columns in UTF-16."""

from bisect import bisect_right


class Places:
    """Turns offsets of one text into lines and columns, and back."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        for line in text.split("\n")[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset) - 1
        before = self._text[self._starts[line] : offset]
        return line, len(before) + sum(ord(char) > 0xFFFF for char in before)

    def line(self, offset: int) -> int:
        """Line of an offset."""
        return bisect_right(self._starts, offset) - 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; the nearest one where there is no such place."""
        if line >= len(self._starts):
            return len(self._text)
        at = self._starts[line]
        end = self._text.find("\n", at)
        end = len(self._text) if end < 0 else end
        while column > 0 and at < end:
            column -= 2 if ord(self._text[at]) > 0xFFFF else 1
            at += 1
        return at
