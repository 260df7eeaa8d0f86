"""One connection with one editor: what it can do, its documents, and the rooms behind it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from lsprotocol import types

from steward.core.errors import InvalidInputError, StewardError
from steward.core.limits import PATH_CHARS_MAX
from steward.lsp.documents import Document, file_path
from steward.lsp.extensions_seen import ExtensionsSeen
from steward.lsp.outlines import Outlines
from steward.lsp.protocol import StewardProtocol
from steward.lsp.remarks import Remarks
from steward.lsp.rooms import Rooms
from steward.workspace.edit import Edit
from steward.workspace.lines import Place
from steward.workspace.paths import WorkspacePath

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """What this editor said that it can do. What it did not say, it cannot."""

    asks: bool = False
    """Our own client: shows `steward/ask` with its choices."""
    confirms_edits: bool = False
    """Our own client: `workspace/applyEdit` shows the diff and waits for the choice."""
    shows_status: bool = False
    shows_chat: bool = False
    shows_extensions: bool = False
    """Our own client: shows commands, messages and panels of extensions in views of its own."""
    watches_files: bool = False
    """Can be told after the start of which files to report changes."""
    applies_edits: bool = False
    document_changes: bool = False
    change_annotations: bool = False
    file_operations: frozenset[str] = frozenset()
    """What an edit may do to whole files: create, rename, delete."""
    shows_documents: bool = False
    shows_progress: bool = False
    inline_completion: bool = False
    disables_actions: bool = False
    """Shows why an action cannot be picked."""
    marks_actions: bool = False
    """Marks actions behind which a language model stands."""
    refreshes_lenses: bool = False
    """Asks for code lenses anew when it is told to."""
    registers_completion: bool = False
    """Can be told after the start in which documents to ask for completion items."""
    keeps_carriage_returns: bool = True
    """Puts a suggestion's line ends into its text as they are. Neovim would show `^M`: its text
    has none, though it says that its lines end with them."""


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
        self.in_background: Callable[[Coroutine[Any, Any, None]], object] = _not_begun
        """Begins what a command leaves behind it when it has answered; a failure is logged."""
        self.on_late_edit: Callable[[str], object] = lambda _proposal_id: None
        """Called when the editor makes an edit that nobody waits for any more."""
        self.on_edit: list[Callable[[Edit], None]] = []
        """Called with every edit of an open document, before it is applied; none may wait."""
        self.on_gone: list[Callable[[str], None]] = []
        """Called with the URI of a document that is closed, or whose text comes whole again."""
        self.remarks = Remarks(self._publish)
        """What the editor shows as problems of ours."""
        self.extensions = ExtensionsSeen()
        """What this editor shows of extensions, and has to tell them."""
        self.outlines = Outlines()
        """What the open documents define."""
        self.why_no_ai: tuple[float, str | None] | None = None
        """When somebody last looked whether a model may be asked, and why not."""
        self.wants_lenses = asyncio.Event()
        """Set when the editor has asked for code lenses."""
        self.on_cancelled: dict[str, Callable[[], object]] = {}
        """Progress that is none of a run's → what its cancel button does."""
        self.agents_there: Mapping[str, str] = {}
        """The agents as they were when a definition was last looked through: id → description."""
        self._rooms: asyncio.Future[Rooms] = asyncio.get_running_loop().create_future()
        # A failure to open is reported once, and again to whoever asks; never "unretrieved".
        self._rooms.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._changed = asyncio.Event()
        protocol.on_document_change = self._note_change
        protocol.on_edit = self._note_edit
        protocol.on_gone = self._note_gone

    def begin(self, params: types.InitializeParams) -> None:
        """Take in what `initialize` says."""
        self.can = _abilities(params)
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

    @property
    def rooms_now(self) -> Rooms | None:
        """The rooms, if they are open: for what is listed at once or not at all."""
        is_open = self._rooms.done() and not self._rooms.cancelled()
        return self._rooms.result() if is_open and self._rooms.exception() is None else None

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
        find = _relative if len(uri) <= PATH_CHARS_MAX else _relative.__wrapped__
        return find(uri, self.root)

    def workspace_path(self, uri: str) -> WorkspacePath | None:
        """The document's checked path in the workspace; `None` where it lies outside."""
        find = _place if len(uri) <= PATH_CHARS_MAX else _place.__wrapped__
        return find(uri, self.root)

    async def next_change(self, at_most_s: float) -> None:
        """Return at the next change of a document, or when the time is over."""
        changed = self._changed
        try:
            async with asyncio.timeout(at_most_s):
                await changed.wait()
        except TimeoutError:
            return

    def _publish(self, uri: str, shown: list[types.Diagnostic], version: int | None) -> None:
        params = types.PublishDiagnosticsParams(uri, shown, version)
        self.protocol.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    def _note_edit(self, document: Document, start: Place, removed: str, inserted: str) -> None:
        if self.on_edit:
            place = self.workspace_path(document.uri)
            path = None if place is None else str(place)
            edit = Edit(document.uri, path, start, removed, inserted, document.version or 0)
            for listener in self.on_edit:
                try:
                    listener(edit)
                except Exception:  # An outer boundary: the edit itself is applied all the same.
                    _log.exception("an edit could not be followed")

    def _note_gone(self, uri: str) -> None:
        self.outlines.forget(uri)
        for listener in self.on_gone:
            listener(uri)

    def _note_change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


# Both are asked for several times at each key, for the same few documents.
@lru_cache(maxsize=256)
def _relative(uri: str, root: Path | None) -> str:
    path = file_path(uri)
    if path is None:
        return uri.rpartition("/")[2]
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.name


@lru_cache(maxsize=256)
def _place(uri: str, root: Path | None) -> WorkspacePath | None:
    path = file_path(uri)
    if path is None or root is None:
        return None
    try:
        return WorkspacePath.parse(str(path), root)
    except StewardError:
        return None


async def _nothing_to_show() -> int:
    return 0


def _not_begun(work: Coroutine[Any, Any, None]) -> None:
    work.close()  # The rooms are not open, and no command has run.


def _abilities(params: types.InitializeParams) -> ClientAbilities:
    capabilities, client = params.capabilities, params.client_info
    workspace, window = capabilities.workspace, capabilities.window
    edits = workspace.workspace_edit if workspace else None
    text = capabilities.text_document
    actions = text.code_action if text else None
    ours = _ours(capabilities.experimental)
    return ClientAbilities(
        asks=ours.get("asks") is True,
        confirms_edits=ours.get("confirmsEdits") is True,
        shows_status=ours.get("status") is True,
        shows_chat=ours.get("chat") is True,
        shows_extensions=ours.get("extensions") is True,
        watches_files=bool(
            workspace
            and workspace.did_change_watched_files
            and workspace.did_change_watched_files.dynamic_registration
        ),
        applies_edits=bool(workspace and workspace.apply_edit),
        document_changes=bool(edits and edits.document_changes),
        change_annotations=bool(edits and edits.change_annotation_support is not None),
        file_operations=_file_operations(edits),
        shows_documents=bool(window and window.show_document and window.show_document.support),
        shows_progress=bool(window and window.work_done_progress),
        inline_completion=bool(text and text.inline_completion is not None),
        disables_actions=bool(actions and actions.disabled_support),
        marks_actions=bool(
            actions
            and actions.tag_support
            and types.CodeActionTag.LlmGenerated in actions.tag_support.value_set
        ),
        refreshes_lenses=bool(
            workspace and workspace.code_lens and workspace.code_lens.refresh_support
        ),
        registers_completion=bool(
            text and text.completion and text.completion.dynamic_registration
        ),
        keeps_carriage_returns=client is None or client.name != "Neovim",
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
