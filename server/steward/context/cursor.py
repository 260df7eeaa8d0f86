"""Where ghost text is wanted, and what the model sees of its surroundings."""

import re
from dataclasses import dataclass

from steward.syntax.language import Language, language_of

_CHARS_BEFORE_MAX = 6_000
_CHARS_AFTER_MAX = 2_000

# Completing inside a line makes sense only where what follows closes something.
_CLOSING = re.compile(r"\s*[)>}\]\"'`]*\s*[:{;,]?\s*")
_INDENTATION = re.compile(r"[ \t]*")
_FIRST_BELOW = re.compile(r"[^\n]*\n(?:[ \t]*\r?\n){0,50}?([ \t]*)[^\s]")
_TAB_WIDTH = 4
_OPENS_BLOCK = (":", "{", "(", "[", "=>", "->")
_OPENING_LINE_CHARS_MAX = 400
"""A longer line is hardly written by hand, and its language's pattern would take its time."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """An immutable document, or as much of it as may matter, split where the cursor stands."""

    path: str
    """Relative to the workspace where there is one."""
    before: str
    after: str
    language_id: str = ""
    """What the editor calls the document's language; empty where it said nothing."""
    uri: str = ""
    """What the editor calls the document: two of them may have one path or name here."""
    line: int = 0
    """The cursor's line in the document, zero-based."""

    @property
    def document(self) -> str:
        """What tells this document from others."""
        return self.uri or self.path

    @property
    def language(self) -> Language:
        """The document's language."""
        return language_of(self.path, self.language_id)

    @property
    def line_before(self) -> str:
        """The cursor's line up to the cursor."""
        return self.before[self.before.rfind("\n") + 1 :]

    @property
    def line_after(self) -> str:
        """The cursor's line from the cursor on, without its end."""
        end = self.after.find("\n")  # Not a split: that would copy the rest of the document.
        return self.after[: end if end >= 0 else None].rstrip("\r")

    @property
    def is_worth_asking(self) -> bool:
        """Whether a suggestion could be inserted here without being in the way."""
        return _CLOSING.fullmatch(self.line_after) is not None

    @property
    def takes_several_lines(self) -> bool:
        """Whether more than the rest of this line is wanted.

        It is on an empty line, and behind what opens a block that holds nothing yet.
        """
        line = self.line_before.strip()
        if self.line_after.strip():
            return False
        comment = self.language.line_comment
        if not line or (comment is not None and line.startswith(comment)):
            return not line
        return self._opens_block(line) and not self._has_deeper_below()

    def _opens_block(self, line: str) -> bool:
        pattern = self.language.opening_line
        if line.endswith(_OPENS_BLOCK):
            return True
        is_short = len(line) <= _OPENING_LINE_CHARS_MAX
        return pattern is not None and is_short and re.fullmatch(pattern, line) is not None

    def _has_deeper_below(self) -> bool:
        """Whether the next line that holds something is further in than the cursor's."""
        below = _FIRST_BELOW.match(self.after)
        own = _INDENTATION.match(self.line_before)
        return below is not None and own is not None and _width(below[1]) > _width(own[0])

    def window(self) -> tuple[str, str]:
        """The text around the cursor that a model gets, cut at line starts, of bounded size."""
        before = self.before[-_CHARS_BEFORE_MAX:]
        if len(before) < len(self.before) and "\n" in before:
            before = before[before.index("\n") + 1 :]
        after = self.after[:_CHARS_AFTER_MAX]
        if len(after) < len(self.after) and "\n" in after:
            after = after[: after.rindex("\n") + 1]
        return before, after


def _width(indentation: str) -> int:
    return len(indentation.expandtabs(_TAB_WIDTH))
