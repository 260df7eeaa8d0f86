"""Where ghost text is wanted, and what the model sees of its surroundings."""

import re
from dataclasses import dataclass

_CHARS_BEFORE_MAX = 6_000
_CHARS_AFTER_MAX = 2_000

# Completing inside a line makes sense only where what follows closes something.
_CLOSING = re.compile(r"\s*[)>}\]\"'`]*\s*[:{;,]?\s*")
_OPENS_BLOCK = (":", "{", "(", "[", "=>", "->")


@dataclass(frozen=True, slots=True)
class Cursor:
    """An immutable document, or as much of it as may matter, split where the cursor stands."""

    path: str
    """Relative to the workspace where there is one."""
    before: str
    after: str

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
        """Whether more than the rest of this line is wanted."""
        line = self.line_before.strip()
        return not self.line_after.strip() and (not line or line.endswith(_OPENS_BLOCK))

    def window(self) -> tuple[str, str]:
        """The text around the cursor that a model gets, cut at line starts, of bounded size."""
        before = self.before[-_CHARS_BEFORE_MAX:]
        if len(before) < len(self.before) and "\n" in before:
            before = before[before.index("\n") + 1 :]
        after = self.after[:_CHARS_AFTER_MAX]
        if len(after) < len(self.after) and "\n" in after:
            after = after[: after.rindex("\n") + 1]
        return before, after
