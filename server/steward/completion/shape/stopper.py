"""When enough of an answer has come: hang up, and pay for no more."""

from steward.completion.shape.block import Block
from steward.completion.shape.hole import hole_at, key_of, line_of
from steward.completion.shape.loops import loop_at
from steward.completion.shape.marks import MARK_CHARS_MAX, is_own_name, mark_at
from steward.completion.shape.opening import begin, is_fenced
from steward.completion.shape.overlap import Overlap
from steward.context.cursor import Cursor
from steward.core.limits import SUGGESTION_CHARS_MAX, SUGGESTION_LINES_MAX


class Stopper:
    """Reads a stream as it comes. It judges whole lines, so pieces of any size mean the same."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._hole = hole_at(cursor)
        self._block = Block(self._hole)
        self._overlap = Overlap(self._hole)
        self._keys: list[str] = []
        self._number = -1
        self._read: int | None = None
        self._is_over = False
        self.text = ""
        """What has come, up to where it was enough."""

    def feed(self, piece: str) -> bool:
        """Take what came next; True when enough has come and the rest is not wanted."""
        if self._is_over:
            return True
        seen = len(self.text)
        self.text += piece
        mark = mark_at(self.text, self._cursor, max(0, seen - MARK_CHARS_MAX))
        end = self._judge(len(self.text) if mark is None else mark)
        if end is not None:
            self._stop(self.text[:end])
        elif mark is not None:
            # The model ended here: the line is whole.
            self._stop(self.text[:mark].rstrip("\r\n") + "\n")
        elif len(self.text) >= SUGGESTION_CHARS_MAX:
            self._stop(self.text[:SUGGESTION_CHARS_MAX])
        return self._is_over

    def _stop(self, text: str) -> None:
        self._is_over = True
        self.text = text

    def _judge(self, until: int) -> int | None:
        """Read the lines that have come whole; gives the end of the one that was the last."""
        if self._read is None:
            self._read = self._begin(self.text[:until])
            if self._read is not None and is_fenced(self.text, self._read):
                self._block = Block(self._hole, is_fenced=True)
        while self._read is not None and (end := self.text.find("\n", self._read, until)) >= 0:
            line = self.text[self._read : end].rstrip("\r")
            self._read = end + 1
            if self._is_enough(line):
                return self._read
        return None

    def _begin(self, text: str) -> int | None:
        at = begin(text, self._hole, is_all=False)
        if at is None:
            return None
        is_before_code = not self._hole.line_before.strip() or self._hole.line_before[-1:].isspace()
        if not is_before_code:
            return at
        blank = len(text) - len(text[at:].lstrip())
        return None if blank == len(text) else max(at, text.rfind("\n", 0, blank) + 1)

    def _is_enough(self, line: str) -> bool:
        self._number += 1
        is_text = self._block.is_text
        if self._block.take(line) is not None or self._number >= SUGGESTION_LINES_MAX:
            return True
        if not self._hole.takes_several_lines:
            return True
        if not line.strip():
            return False
        if (
            self._number
            and not is_text
            and is_own_name(line, self._cursor.path, self._hole.language)
        ):
            return True
        self._keys.append(key_of(line))
        if loop_at(self._keys) is not None:
            return True
        if not self._number and self._hole.line_before.strip():
            return False
        first = line if self._number else self._hole.line_before + line.lstrip(" \t")
        return self._overlap.take(self._number, line_of(first)) is not None
