"""Where no editor is: nothing is open, and what is approved is written to the disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import UnavailableError
from steward.workspace.editor import EditorReply, Purpose, Snapshot
from steward.workspace.proposal import EditProposal


@dataclass(frozen=True, slots=True)
class DiskEditor:
    """A terminal or a job: it takes no edits, so the door writes the files itself."""

    shows_diff: bool = False

    def takes(self, proposal: EditProposal) -> bool:
        """Nothing, so that changes go to the disk."""
        del proposal
        return False

    def open_document(self, path: Path) -> Snapshot | None:
        """None."""
        del path
        return None

    def open_paths(self) -> Sequence[Path]:
        """None."""
        return ()

    def open_texts(self) -> Mapping[Path, str]:
        """None."""
        return {}

    async def apply(self, root: Path, proposal: EditProposal, purpose: Purpose) -> EditorReply:
        """Never asked, because it takes nothing.

        Raises:
            UnavailableError: it was asked all the same.
        """
        del root, purpose
        raise UnavailableError(
            f"{proposal.title!r} was sent to an editor, and none is open. Nothing was changed;"
            " propose it again."
        )

    async def settled(self) -> None:
        """At once."""
