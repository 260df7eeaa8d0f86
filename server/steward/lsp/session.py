"""One connection with one editor: what it can do, its documents, and the rooms behind it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from lsprotocol import types

from steward.core.errors import InvalidInputError, StewardError
from steward.lsp.documents import Document, file_path
from steward.lsp.protocol import StewardProtocol
from steward.lsp.rooms import Rooms
from steward.workspace.paths import WorkspacePath


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """What this editor said that it can do. What it did not say, it cannot."""

    asks: bool = False
    """Our own client: shows `steward/ask` with its choices."""
    confirms_edits: bool = False
    """Our own client: `workspace/applyEdit` shows the diff and waits for the choice."""
    shows_status: bool = False
    applies_edits: bool = False
    document_changes: bool = False
    change_annotations: bool = False
    file_operations: frozenset[str] = frozenset()
    """What an edit may do to whole files: create, rename, delete."""
    shows_documents: bool = False
    shows_progress: bool = False
    inline_completion: bool = False


class Session:
    """State of one connection; the loop's thread only."""

    def __init__(self, protocol: StewardProtocol) -> None:
        self.protocol = protocol
        self.can = ClientAbilities()
        self.folders: tuple[Path, ...] = ()
        """What the editor has open, as it said at the start."""
        self.root: Path | None = None
        """The workspace; the first folder, until the door knows which can be one."""
        self.initialized = asyncio.Event()
        self.show_questions_again: Callable[[], Awaitable[int]] = _nothing_to_show
        self.on_late_edit: Callable[[str], object] = lambda _proposal_id: None
        """Called when the editor makes an edit that nobody waits for any more."""
        self._rooms: asyncio.Future[Rooms] = asyncio.get_running_loop().create_future()
        # A failure to open is reported once, and again to whoever asks; never "unretrieved".
        self._rooms.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._changed = asyncio.Event()
        protocol.on_document_change = self._note_change

    def begin(self, params: types.InitializeParams) -> None:
        """Take in what `initialize` says."""
        self.can = _abilities(params.capabilities)
        self.folders = _folders(params)
        self.root = self.folders[0] if self.folders else None

    def open(self, rooms: Rooms) -> None:
        """Let the features in."""
        self._rooms.set_result(rooms)

    def fail(self, error: Exception) -> None:
        """Nothing behind this door can be opened; features answer with the reason."""
        if not self._rooms.done():
            self._rooms.set_exception(error)

    async def rooms(self) -> Rooms:
        """The rooms, as soon as they are open.

        Raises:
            StewardError: they could not be opened.
        """
        # An editor that asks is there, also where it forgot to say so.
        self.initialized.set()
        return await asyncio.shield(self._rooms)

    def document(self, uri: str) -> Document:
        """The open document.

        Raises:
            InvalidInputError: it is not open; we read no file because a client names it.
        """
        found = self.protocol.documents.find(uri)
        if found is None:
            raise InvalidInputError(f"The document {uri!r} is not open.")
        return found

    def relative(self, uri: str) -> str:
        """The document's path in the workspace; outside of it, only its name."""
        path = file_path(uri)
        if path is None:
            return uri.rpartition("/")[2]
        if self.root is not None and path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.name

    def workspace_path(self, uri: str) -> WorkspacePath | None:
        """The document's checked path in the workspace; `None` where it lies outside."""
        path = file_path(uri)
        if path is None or self.root is None:
            return None
        try:
            return WorkspacePath.parse(str(path), self.root)
        except StewardError:
            return None

    async def next_change(self, at_most_s: float) -> None:
        """Return at the next change of a document, or when the time is over."""
        changed = self._changed
        try:
            async with asyncio.timeout(at_most_s):
                await changed.wait()
        except TimeoutError:
            return

    def _note_change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _nothing_to_show() -> int:
    return 0


def _abilities(capabilities: types.ClientCapabilities) -> ClientAbilities:
    workspace, window = capabilities.workspace, capabilities.window
    edits = workspace.workspace_edit if workspace else None
    text = capabilities.text_document
    ours = _ours(capabilities.experimental)
    return ClientAbilities(
        asks=ours.get("asks") is True,
        confirms_edits=ours.get("confirmsEdits") is True,
        shows_status=ours.get("status") is True,
        applies_edits=bool(workspace and workspace.apply_edit),
        document_changes=bool(edits and edits.document_changes),
        change_annotations=bool(edits and edits.change_annotation_support is not None),
        file_operations=_file_operations(edits),
        shows_documents=bool(window and window.show_document and window.show_document.support),
        shows_progress=bool(window and window.work_done_progress),
        inline_completion=bool(text and text.inline_completion is not None),
    )


def _file_operations(edits: types.WorkspaceEditClientCapabilities | None) -> frozenset[str]:
    if edits is None or not edits.document_changes:
        return frozenset()
    return frozenset(kind.value for kind in edits.resource_operations or ())


def _ours(experimental: Any) -> Mapping[str, Any]:
    if not isinstance(experimental, Mapping):
        return {}
    ours = cast(Mapping[str, Any], experimental).get("steward")
    return cast(Mapping[str, Any], ours) if isinstance(ours, Mapping) else {}


def _folders(params: types.InitializeParams) -> tuple[Path, ...]:
    uris = [folder.uri for folder in params.workspace_folders or []]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    return tuple(path for uri in uris if (path := file_path(uri)) is not None)
