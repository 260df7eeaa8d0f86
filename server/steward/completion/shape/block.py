"""Where the block that the cursor is in ends, found while an answer is read line by line."""

import re

from steward.completion.shape.hole import Hole, columns
from steward.completion.shape.marks import is_fence

_BLANK_LINES_MAX = 1
_GOES_ON = re.compile(r"\s*(?:else|catch|finally)\b")
_WORD_CLOSER = re.compile(r"(?:end|fi|done|esac)\b|</\w")
_WORD_BRANCH = re.compile(r"(?:else|elsif|elseif|elif|rescue|ensure|when|in)\b")
_LABEL = re.compile(r"\s*(?!case\b|default\b)\w+:\s*$")
_LABELLED = frozenset({"go", "c", "cpp"})
_PREPROCESSED = frozenset({"c", "cpp", "csharp"})
_WORDED = frozenset({"ruby", "lua", "shellscript", "html", "php"})
_TAGGED = frozenset({"javascript", "typescriptreact"})
"""Languages in which a bracket may hold tags."""
_END_TAG = "</"


class Block:
    """Takes the lines of an answer, the first of which goes on with the cursor's."""

    def __init__(self, hole: Hole, *, is_fenced: bool = False) -> None:
        self._hole = hole
        self._is_fenced = is_fenced
        self._nesting = hole.nesting()
        self._levels = list(hole.levels)
        self._base = hole.base
        self._number = -1
        self._blank_lines = 0
        self._deepest = 0
        self._is_leaving = False
        """Whether what the block stands in was closed: what goes on with it may still follow."""
        self._is_over = False

    @property
    def is_text(self) -> bool:
        """Whether what comes next is in a string or a comment."""
        return self._nesting.is_text

    @property
    def is_balanced(self) -> bool:
        """Whether everything is closed that the answer opened."""
        return len(self._nesting.stack) <= len(self._levels)

    @property
    def is_complete(self) -> bool:
        """Whether what the answer has opened so far is closed, by itself or by what is below."""
        opened = [one.closer for one in reversed(self._nesting.stack[len(self._levels) :])]
        return tuple(opened) == self._hole.spare[: len(opened)]

    def take(self, line: str) -> int | None:
        """The column at which the block ends, 0 when none of the line belongs to it; else None."""
        self._number += 1
        if self._number and not self._hole.takes_several_lines:
            return 0
        if self._is_fenced and self._number and is_fence(line):
            return 0
        is_continued = self._number == 0 and bool(self._hole.line_before)
        if not self._nesting.is_text and not is_continued:
            if not line.strip():
                self._blank_lines += self._number > 0
                self._read(line)
                return 0 if self._blank_lines > _BLANK_LINES_MAX else None
            if self._is_beyond(line):
                return 0
        self._blank_lines = 0
        return self._read(line)

    def _is_beyond(self, line: str) -> bool:
        """Whether a line begins something that is not in the block any more."""
        if is_fence(line) and self._hole.language.name != "markdown":
            return True
        if self._is_over:
            return not (_GOES_ON.match(line) or _is_closing(line))
        indent = columns(line)
        if self._base is None:
            self._base = indent
        self._deepest = max(self._deepest, indent)
        if not self.is_balanced or (self._is_in_brackets() and not self._is_end_tag(line.strip())):
            return False
        if indent >= self._base:
            return self._base == indent == 0 and self._deepest > 0 and self._blank_lines > 0
        return self._leaves(line, indent)

    def _leaves(self, line: str, indent: int) -> bool:
        """Whether a line that is indented less than the block has left it."""
        text, name = line.strip(), self._hole.language.name
        if text[0] in ")]}":
            return False  # The brackets decide.
        if name in _PREPROCESSED and text[0] == "#":
            return False
        if name in _LABELLED and _LABEL.match(line):
            return False
        if name == "yaml" and text.startswith("- ") and self._base == indent + 1:
            return False
        is_word = _WORD_CLOSER.match(text) or _WORD_BRANCH.match(text)
        if self._is_end_tag(text) or (is_word and name in _WORDED):
            if self._is_word_closed(indent):
                return True
            self._base = indent if _WORD_CLOSER.match(text) else indent + 1
            self._is_over = _WORD_CLOSER.match(text) is not None
            return False
        return True

    def _is_word_closed(self, indent: int) -> bool:
        """Whether the document itself closes with a word what is indented so far."""
        below = next(iter(self._hole.below), None)
        if below is None:
            return False
        return below.indent > indent or (
            below.indent == indent
            and (_WORD_CLOSER.match(below.key) or _WORD_BRANCH.match(below.key)) is not None
        )

    def _is_end_tag(self, text: str) -> bool:
        return text.startswith(_END_TAG) and self._hole.language.name in _TAGGED

    def _is_in_brackets(self) -> bool:
        """Whether indentation means nothing because a call or a list is open."""
        return bool(self._levels) and self._levels[-1].mark in ("(", "[")

    def _read(self, line: str) -> int | None:
        is_closed = False
        for closed in self._nesting.read(line + "\n"):
            if closed.depth >= len(self._levels):
                continue
            if closed.is_lapse:
                del self._levels[closed.depth :]
                continue
            if closed.depth < 0 or self._levels[closed.depth].is_closed_below:
                return closed.at if line[: closed.at].strip() or not self._number else 0
            is_closed |= not self._levels[closed.depth].is_text
            del self._levels[closed.depth :]
        if is_closed:
            self._close(line)
        if self._is_leaving:
            self._is_over = self.is_balanced
        return None

    def _close(self, line: str) -> None:
        """A bracket of the document was closed that nothing else closes."""
        opens_block = line.rstrip().endswith(":") and self._hole.language.is_indented
        self._is_leaving = not opens_block
        indent = columns(self._hole.line_before if self._number == 0 else line)
        self._base = indent + opens_block


def _is_closing(line: str) -> bool:
    text = line.strip()
    return all(char in ")]};," for char in text)
