"""What the workspace asks of whoever shows the files to a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from steward.workspace.proposal import EditProposal


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document at one moment."""

    text: str
    version: int | None
    """The editor's version; `None` when the document is not open and the text is the disk's."""


@dataclass(frozen=True, slots=True)
class EditorReply:
    """What the editor says it did. It is checked, not believed."""

    is_applied: bool
    reason: str
    is_declined: bool = False
    """A person said no there; without this, something else kept the edit away."""


class Editor(Protocol):
    """A front end with open documents."""

    @property
    def takes_edits(self) -> bool:
        """Whether `apply` can change anything there."""
        ...

    @property
    def shows_diff(self) -> bool:
        """Whether `apply` itself puts the diff before the person and waits for the choice."""
        ...

    def open_document(self, path: Path) -> Snapshot | None:
        """The document as the editor has it; `None` when it is not open there."""
        ...

    def open_texts(self) -> Mapping[Path, str]:
        """Every open document's text."""
        ...

    async def apply(self, root: Path, proposal: EditProposal, *, is_approved: bool) -> EditorReply:
        """Send the proposal as one versioned edit and wait for the editor's answer.

        An editor that shows the diff itself need not, where the person has already approved.

        Raises:
            StaleError: a document is no longer what the proposal was computed from.
            UnavailableError: the editor is gone.
        """
        ...

    async def settled(self) -> None:
        """Return when the editor reports its next change, or after a short while."""
        ...
