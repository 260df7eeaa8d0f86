"""One edit of an open document, as the editor told it."""

from dataclasses import dataclass

from steward.workspace.lines import Place


@dataclass(frozen=True, slots=True)
class Edit:
    """What was taken away at a place, and what was put there."""

    uri: str
    """The document, as the editor names it."""
    path: str | None
    """Relative to the workspace; `None` where it lies outside."""
    start: Place
    removed: str
    inserted: str
    version: int = 0
    """The document's version before the notification that told it: those of one have the same."""
