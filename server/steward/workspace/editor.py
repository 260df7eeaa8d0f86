"""What the workspace asks of whoever shows the files to a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from steward.workspace.proposal import EditProposal


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document at one moment."""

    text: str
    version: int | None
    """The editor's version; `None` when the document is not open and the text is the disk's."""


Purpose = Literal["ask", "apply", "take back"]
"""Why an edit is sent: for the person to decide there; because they have approved it, so that an
editor which shows the diff itself need not; or to restore what a half-made edit has changed, about
which nobody is asked."""


@dataclass(frozen=True, slots=True)
class EditorReply:
    """What the editor says it did. It is checked, not believed."""

    is_applied: bool
    reason: str
    is_declined: bool = False
    """A person said no there; without this, something else kept the edit away."""
    said: str = ""
    """Why the person said no, in their words."""


class Editor(Protocol):
    """A front end with open documents."""

    def takes(self, proposal: EditProposal) -> bool:
        """Whether `apply` can make all of this proposal's changes there, as one."""
        ...

    @property
    def shows_diff(self) -> bool:
        """Whether `apply` itself puts the diff before the person and waits for the choice."""
        ...

    def open_document(self, path: Path) -> Snapshot | None:
        """The document as the editor has it; `None` when it is not open there."""
        ...

    def open_paths(self) -> Sequence[Path]:
        """The files whose text the editor has open, the one opened last at the end."""
        ...

    def open_texts(self) -> Mapping[Path, str]:
        """Every open document's text."""
        ...

    async def apply(self, root: Path, proposal: EditProposal, purpose: Purpose) -> EditorReply:
        """Send the proposal as one versioned edit and wait for the editor's answer.

        Raises:
            StaleError: a document is no longer what the proposal was computed from.
            UnavailableError: the editor is gone.
        """
        ...

    async def settled(self) -> None:
        """Return when the editor reports its next change, or after a short while."""
        ...
