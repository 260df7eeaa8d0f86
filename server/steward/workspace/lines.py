"""Lines as the protocol counts them: ended by LF, CRLF or CR, and by nothing else."""

import re

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_ENDS_FOR_PYTHON_ONLY = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"

Place = tuple[int, int]
"""A line, and how many of its characters stand before; zero-based."""


def split_lines(text: str) -> list[str]:
    """The lines with their ends (LSP 3.18, "Text Documents").

    `str.splitlines` also splits at form feeds, U+2028 and others, which puts an edit that follows
    one of them on the wrong line. Where there are none, it is several times as fast.
    """
    if any(end in text for end in _ENDS_FOR_PYTHON_ONLY):
        return _LINE.findall(text)
    return text.splitlines(keepends=True)


def behind(start: Place, text: str) -> Place:
    """Where a text ends that begins at a place."""
    # Counted, not split: somebody may paste a very long text.
    ends = text.count("\n") + text.count("\r") - text.count("\r\n")
    if not ends:
        return start[0], start[1] + len(text)
    return start[0] + ends, len(text) - 1 - max(text.rfind("\n"), text.rfind("\r"))


def offset_in(text: str, start: Place, place: Place) -> int:
    """How many characters of a text that begins at `start` stand before a place in it."""
    down = place[0] - start[0]
    if down == 0:
        return place[1] - start[1]
    return sum(map(len, split_lines(text)[:down])) + place[1]


class Lines:
    """A text that is edited in place: an edit costs what it touches, not what the text holds.

    Lines are made when the first edit or position needs them, and the whole text is put together
    when somebody asks for it; both are kept as long as they are true.
    """

    def __init__(self, text: str) -> None:
        self._text: str | None = text
        self._lines: list[str] | None = None
        self._size = len(text)

    def __len__(self) -> int:
        """How many characters the text has."""
        return self._size

    @property
    def text(self) -> str:
        """The whole text."""
        if self._text is None:
            self._text = "".join(self.lines)
        return self._text

    @property
    def lines(self) -> list[str]:
        """The lines with their ends. To be read only."""
        if self._lines is None:
            self._lines = split_lines(self.text)
        return self._lines

    @property
    def end(self) -> Place:
        """The place behind the last character."""
        lines = self.lines
        if not lines or lines[-1].endswith(("\n", "\r")):
            return len(lines), 0
        return len(lines) - 1, len(lines[-1])

    def content(self, line: int) -> str:
        """A line without its end."""
        return self.lines[line].rstrip("\r\n")

    def offset(self, place: Place) -> int:
        """How many characters stand before a place."""
        number, column = place
        return sum(map(len, self.lines[:number])) + column

    def around(self, place: Place, reach: int) -> tuple[str, str]:
        """The text before a place and after it, at least `reach` lines of each where there are.

        It begins at a multiple of `reach`, so that whoever types on has the same beginning.
        """
        number, column = place
        lines = self.lines
        line = lines[number] if number < len(lines) else ""
        first = max(0, number - number % reach - reach)
        before = "".join((*lines[first:number], line[:column]))
        return before, "".join((line[column:], *lines[number + 1 : number + 1 + reach]))

    def between(self, start: Place, end: Place) -> str:
        """The text between two places, of which `start` is not the later one."""
        (first, column), (last, column_end) = start, end
        if first == last:
            return self.lines[first][column:column_end] if first < len(self.lines) else ""
        inner = self.lines[first + 1 : last]
        behind = self.lines[last][:column_end] if last < len(self.lines) else ""
        return "".join((self.lines[first][column:], *inner, behind))

    def replace(self, start: Place, end: Place, new: str) -> None:
        """Put `new` between two places, of which `start` is not the later one."""
        lines = self.lines
        (first, column), (last, column_end) = start, end
        head = lines[first][:column] if first < len(lines) else ""
        tail = lines[last][column_end:] if last < len(lines) else ""
        if not head and first and not lines[first - 1].endswith("\n"):
            # What is put here continues the line before: its CR may meet an LF.
            first -= 1
            head = lines[first]
        replaced = lines[first : last + 1]
        made = split_lines(head + new + tail)
        lines[first : last + 1] = made
        self._size += sum(map(len, made)) - sum(map(len, replaced))
        self._text = None
