"""Two ways for approved changes into the files: through the editor, and on disk by ourselves.

The editor's way is better where there is one: unsaved text stays unsaved, and the editor can undo.
The disk is for editors that take no edits, or cannot create, rename and delete files as one.
"""

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Protocol

from steward.core.errors import StaleError, StewardError, UnfinishedError
from steward.core.limits import EDITOR_LOOKS_MAX
from steward.workspace.disk.write import finish, write_all
from steward.workspace.editor import EditorReply, Purpose
from steward.workspace.proposal import EditProposal, FileChange, Versions
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Found:
    """What the files of a proposal hold: the approved text, the old one, or something else."""

    after: tuple[FileChange, ...]
    before: tuple[FileChange, ...]
    other: tuple[FileChange, ...]

    @property
    def share(self) -> Literal["all", "none", "part", "mixed", "foreign"]:
        """How much was applied.

        `part`: some files are as approved and the others as before. `mixed`: some are as approved
        and others hold text that nobody proposed. `foreign`: only such text and old text.
        """
        if not self.before and not self.other:
            return "all"
        if not self.after:
            return "foreign" if self.other else "none"
        return "mixed" if self.other else "part"


class Way(Protocol):
    """One of the two."""

    @property
    def shows_diff(self) -> bool:
        """Whether applying itself asks the person, who then need not be asked before."""
        ...

    async def check(self, proposal: EditProposal) -> None:
        """Raise `StaleError` unless every file still is what the proposal was computed from."""
        ...

    async def apply(self, proposal: EditProposal, purpose: Purpose, /) -> EditorReply:
        """Make the changes. A way that broke off may have made them all the same.

        Raises:
            StaleError: nothing was changed.
        """
        ...

    async def look(self, proposal: EditProposal) -> Found:
        """What the files hold now."""
        ...

    async def settled(self) -> None:
        """Wait a moment for reports that are on their way."""
        ...

    async def take_back(self, proposal: EditProposal, found: Found) -> None:
        """Restore the files that hold the approved text, where not all of them do."""
        ...


@dataclass(frozen=True, slots=True)
class ThroughEditor:
    """The editor applies the changes to its documents; its reports say what became of them."""

    workspace: Workspace
    reply_within_s: float
    """How long an editor may take for an edit that the person has approved already."""

    @property
    def shows_diff(self) -> bool:
        """Only some editors put the diff before the person and wait."""
        return self.workspace.editor.shows_diff

    async def check(self, proposal: EditProposal) -> None:
        """Compare with the editor's documents, and with the disk where none is open."""
        files = proposal.by_path()
        texts = await self.workspace.texts_now(map(self.workspace.resolve, files))
        for (path, versions), text in zip(files.items(), texts, strict=True):
            if text != versions.before:
                raise StaleError(_stale(path, versions))

    async def apply(self, proposal: EditProposal, purpose: Purpose) -> EditorReply:
        """Send one edit. The editor's failure is an answer; only a stale document is an error."""
        limit_s = None if purpose == "ask" else self.reply_within_s
        try:
            async with asyncio.timeout(limit_s):
                return await self.workspace.editor.apply(self.workspace.root, proposal, purpose)
        except StaleError:
            raise
        except StewardError as error:
            return EditorReply(is_applied=False, reason=str(error))
        except TimeoutError:
            return EditorReply(
                is_applied=False,
                reason="the editor has not answered in time; if a preview of it is still open"
                " there, close it",
            )

    async def look(self, proposal: EditProposal) -> Found:
        """Read every file back."""
        found = _Sorted()
        for change in proposal.changes:
            texts = [
                await self._text(path, versions) for path, versions in change.by_path().items()
            ]
            found.sort(change, texts)
        return found.as_found()

    async def settled(self) -> None:
        """Editors report changes shortly after they answer."""
        await self.workspace.editor.settled()

    async def take_back(self, proposal: EditProposal, found: Found) -> None:
        """Send the opposite of what was applied, and wait until it is reported."""
        undo = EditProposal(
            proposal.id,
            proposal.run_id,
            f"Take back half of: {proposal.title}",
            tuple(change.reversed() for change in found.after),
        )
        with suppress(StaleError):  # Typed in meanwhile: then it is the person's now.
            await self.apply(undo, "take back")
        for _ in range(EDITOR_LOOKS_MAX):
            if not (await self.look(proposal)).after:
                return
            await self.settled()

    async def _text(self, path: str, versions: Versions) -> str | None:
        place = self.workspace.resolve(path)
        # Some editors keep showing a file that they have deleted.
        if versions.after is None and await self.workspace.text_on_disk(place) is None:
            return None
        return await self.workspace.text_now(place)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """We write the files ourselves, all of them or none, and leave unsaved text alone."""

    workspace: Workspace

    @property
    def shows_diff(self) -> bool:
        """The person is asked before."""
        return False

    async def check(self, proposal: EditProposal) -> None:
        """Compare with the disk, and see that no editor holds other text."""
        files = proposal.by_path()
        places = [self.workspace.resolve(path) for path in files]
        texts = await self.workspace.texts_on_disk(places)
        for (path, versions), place, text in zip(files.items(), places, texts, strict=True):
            if text != versions.before:
                raise StaleError(_stale(path, versions))
            opened = self.workspace.editor.open_document(place.under(self.workspace.root))
            if opened is not None and opened.text != text:
                raise StaleError(
                    f"'{path}' has unsaved changes, and this editor cannot take the edit, so"
                    " nothing was touched. Save the file, or close it, and propose the change anew."
                )

    async def apply(self, proposal: EditProposal, _purpose: Purpose) -> EditorReply:
        """Write. A failure leaves everything as it was.

        Raises:
            UnfinishedError: it left some files changed and others not.
        """
        # Once begun it goes to its end, also when nobody waits for it any more.
        writing = asyncio.ensure_future(
            asyncio.to_thread(write_all, self.workspace.root, proposal.changes, _mark(proposal))
        )
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait((writing,))
            raise
        except (StaleError, UnfinishedError):
            raise
        except StewardError as error:
            return EditorReply(is_applied=False, reason=str(error))
        return EditorReply(is_applied=True, reason="")

    async def look(self, proposal: EditProposal) -> Found:
        """Read every file back from the disk."""
        found = _Sorted()
        paths = [path for change in proposal.changes for path in change.by_path()]
        texts = await self.workspace.texts_on_disk(map(self.workspace.resolve, paths))
        by_path = dict(zip(paths, texts, strict=True))
        for change in proposal.changes:
            found.sort(change, [by_path[path] for path in change.by_path()])
        return found.as_found()

    async def settled(self) -> None:
        """What is written is there."""

    async def take_back(self, proposal: EditProposal, found: Found) -> None:
        """Nothing: writing takes itself back."""


async def finish_on_disk(workspace: Workspace, proposal: EditProposal) -> None:
    """Complete or undo what a killed process had begun to write, if it had."""
    await asyncio.to_thread(finish, workspace.root, proposal.changes, _mark(proposal))


@dataclass(slots=True)
class _Sorted:
    after: list[FileChange] = field(default_factory=list[FileChange])
    before: list[FileChange] = field(default_factory=list[FileChange])
    other: list[FileChange] = field(default_factory=list[FileChange])

    def sort(self, change: FileChange, texts: list[str | None]) -> None:
        """Put the change where its files' texts say that it belongs."""
        versions = change.by_path().values()
        if texts == [one.after for one in versions]:
            self.after.append(change)
        elif texts == [one.before for one in versions]:
            self.before.append(change)
        else:
            self.other.append(change)

    def as_found(self) -> Found:
        return Found(tuple(self.after), tuple(self.before), tuple(self.other))


def _mark(proposal: EditProposal) -> str:
    """What our temporary files are known by."""
    return hashlib.sha256(proposal.id.encode()).hexdigest()[:12]


def _stale(path: str, versions: Versions) -> str:
    if versions.before is None:
        return f"There is a '{path}' already, so nothing was touched. Propose another name."
    return (
        f"'{path}' has changed since the diff was computed, so nothing was touched. Read the file"
        " again and propose the change anew."
    )
