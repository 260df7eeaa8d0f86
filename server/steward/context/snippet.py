"""A piece of another file that a model may be shown, and where such pieces come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from steward.context.cursor import Cursor

Found = Literal["similar", "edited", "imported", "map"]
"""Why it may help: it resembles the text at the cursor, was edited a moment ago, defines what the
cursor's file uses, or sums up the repository."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Whole lines of a file that the ignore oracle lets a model see."""

    path: str
    """Relative to the workspace."""
    text: str
    source: Found
    line: int = 0
    """The line of the file on which it begins, from 0; 0 too where it is put together."""


class Source(Protocol):
    """One place where snippets are found."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...

    async def find(self, cursor: Cursor) -> Sequence[Snippet]:
        """What may help at this cursor, best first; it can be cancelled at any time.

        Only what the ignore oracle lets a model see, as the files are now.
        """
        ...
