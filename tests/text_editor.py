"""An editor without a screen: it applies edits to its documents and to files, or does not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steward.core.errors import StewardError
from steward.workspace.editor import EditorReply, Purpose, Snapshot
from steward.workspace.proposal import EditProposal, FileChange


@dataclass
class TextEditor:
    """Implements `workspace.Editor`. The fields say how honest it is."""

    shows_diff: bool = False
    takes_edits: bool = True
    documents: dict[Path, str] = field(default_factory=dict[Path, str])
    """The open ones: absolute path → text."""
    changes_max: int | None = None
    """So many of a proposal's files are changed; None is all."""
    is_late: bool = False
    """Changes come after the answer, as an editor reports them."""
    answer: EditorReply = field(default_factory=lambda: EditorReply(is_applied=True, reason=""))
    error: StewardError | None = None
    """Raised instead of an answer."""
    afterwards: Callable[[], Awaitable[object]] | None = None
    """Happens after an edit, before the answer."""
    hold: asyncio.Event | None = None
    """Answer nothing until this is set."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when an edit arrives."""
    edits: list[EditProposal] = field(default_factory=list[EditProposal])
    _late: list[tuple[Path, FileChange]] = field(default_factory=list[tuple[Path, FileChange]])

    def open_document(self, path: Path) -> Snapshot | None:
        """The document, with a version."""
        text = self.documents.get(path)
        return None if text is None else Snapshot(text, 1)

    def open_paths(self) -> Sequence[Path]:
        """All documents' paths."""
        return list(self.documents)

    def open_texts(self) -> Mapping[Path, str]:
        """All documents."""
        return dict(self.documents)

    def takes(self, proposal: EditProposal) -> bool:
        """As the field says."""
        return self.takes_edits

    async def apply(self, root: Path, proposal: EditProposal, purpose: Purpose) -> EditorReply:
        """Do what the fields say. What it shows itself and is approved already waits for nobody."""
        self.edits.append(proposal)
        self.asked.set()
        if self.hold is not None and not (self.shows_diff and purpose == "apply"):
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        count = None if purpose == "take back" else self.changes_max
        wanted = [(root, change) for change in proposal.changes[:count]]
        if self.is_late:
            self._late += wanted
        else:
            await self._write(wanted)
        if self.afterwards is not None:
            await self.afterwards()
        return self.answer

    async def settled(self) -> None:
        """Report late changes, one at a time."""
        await self._write(self._late[:1])
        del self._late[:1]
        await asyncio.sleep(0)

    async def _write(self, changes: list[tuple[Path, FileChange]]) -> None:
        for root, change in changes:
            for path, versions in change.by_path().items():
                if root / path in self.documents and versions.after is not None:
                    self.documents[root / path] = versions.after
                else:
                    await asyncio.to_thread(_put, root / path, versions.after)


def _put(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
