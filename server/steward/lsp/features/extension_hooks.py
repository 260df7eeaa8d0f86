"""What the editor says of files, for the extensions that want to hear of it.

A save is over before anybody hears of it. What an extension remarks on a text that has changed
meanwhile is dropped: it would stand in the wrong places.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from steward.core.agent_limits import REMARKS_MAX, WATCHED_CHANGES_MAX
from steward.core.errors import StewardError
from steward.lsp.documents import Document
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.workspace.markdown import one_line
from steward.workspace.reveal import reveal

if TYPE_CHECKING:  # They are loaded when the first extension runs.
    from steward.extensions.payloads import Diagnostic


OWNER = "extension:"
"""What the owners of extensions' remarks begin with."""
_TOGETHER_S = 0.2
"""How long changes of files are collected before they are told: a checkout changes hundreds."""
_PLACE_MAX = 2**31 - 1
"""What the protocol can say; an editor may break where it is given more."""
_REGISTERED = "steward-extensions-files"
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


def saved(session: Session, params: types.DidSaveTextDocumentParams) -> None:
    """A document was saved: have those told who want to hear of it."""
    uri, rooms = params.text_document.uri, session.rooms_now
    document = session.protocol.documents.find(uri)
    path = session.workspace_path(uri)
    if document is None or document.is_lost or path is None:
        return
    session.extensions.note_save(uri, document.version or 0)
    if rooms is None or rooms.extensions is None or rooms.extensions.current.extensions is None:
        return
    if rooms.extensions.hooks.wants_save(str(path)):
        session.in_background(_tell_saved(session, rooms, document, str(path)))


def closed(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    """A document was closed: nothing is remarked on it any more."""
    uri = params.text_document.uri
    for owner in session.remarks.owners(uri):
        if owner.startswith(OWNER):
            session.remarks.put(owner, uri, ())


def files_changed(session: Session, params: types.DidChangeWatchedFilesParams) -> None:
    """Files came, changed or went: collect that, and tell of it in a moment."""
    for event in params.changes:
        path = session.workspace_path(event.uri)
        if path is not None and len(session.extensions.changed) < WATCHED_CHANGES_MAX:
            session.extensions.changed[str(path)] = event.type
    session.extensions.has_changed.set()


async def keep_extensions(session: Session, rooms: Rooms) -> None:
    """Have extensions run, and the editor know which; tell them of files; until cancelled."""
    attended = rooms.extensions
    if attended is None:
        return
    watching = _Watching(session, rooms)
    attended.on_change.append(watching.note)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(attended.keep())
            tasks.create_task(_keep_telling(session, rooms))
    finally:
        attended.on_change.remove(watching.note)
        session.remarks.keep_only((), OWNER)


class _Watching:
    """Which extensions the editor knows to run, and which files it reports."""

    def __init__(self, session: Session, rooms: Rooms) -> None:
        self._session, self._rooms = session, rooms
        self._watched: tuple[str, ...] = ()
        self._running: frozenset[str] = frozenset()

    def note(self) -> None:
        """Another set of extensions runs, or they may do something else."""
        session, attended = self._session, self._rooms.extensions
        if attended is None:
            return
        running = frozenset(each.manifest.id for each in attended.current.active())
        session.remarks.keep_only([f"{OWNER}{each}" for each in running], OWNER)
        self._tell_what_was_saved(running - self._running)
        self._running = running
        if session.can.shows_extensions:
            session.protocol.notify("steward/extensions", {})
        wanted = attended.hooks.wants_changes()
        if wanted != self._watched and session.can.watches_files:
            if self._watched:
                _unregister(session)
            if wanted:
                _register(session, wanted)
            self._watched = wanted

    def _tell_what_was_saved(self, new: frozenset[str]) -> None:
        """Tell those that have only begun of what was saved before, and stands as it was."""
        session = self._session
        for uri, version in session.extensions.saved.items() if new else ():
            document, path = session.protocol.documents.find(uri), session.workspace_path(uri)
            if document is not None and path is not None and (document.version or 0) == version:
                told = _tell_saved(session, self._rooms, document, str(path), only=new)
                session.in_background(told)


def _register(session: Session, globs: Sequence[str]) -> None:
    watchers = [types.FileSystemWatcher(glob) for glob in globs]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    wish = types.Registration(_REGISTERED, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    _send(session, types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([wish]))


def _unregister(session: Session) -> None:
    wish = types.Unregistration(_REGISTERED, types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    _send(session, types.CLIENT_UNREGISTER_CAPABILITY, types.UnregistrationParams([wish]))


def _send(session: Session, method: str, params: object) -> None:
    answer = session.protocol.send_request_async(method, params)
    # An editor that refuses goes without; it is nothing that anybody could mend.
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())


async def _tell_saved(
    session: Session,
    rooms: Rooms,
    document: Document,
    path: str,
    *,
    only: frozenset[str] | None = None,
) -> None:
    from steward.extensions.payloads import FileSaved
    from steward.extensions.telling import event

    attended, version = rooms.extensions, document.version or 0
    if attended is None:
        return
    language, text = document.language_id or "", document.source
    try:
        told = event(FileSaved, path=path, language=language, text=text, version=version)
    except StewardError:
        return  # It is too large for extensions.
    for extension, found in (await attended.hooks.saved(told, only)).items():
        now = session.protocol.documents.find(document.uri)
        if now is not document or (document.version or 0) != version or document.is_lost:
            return
        if any(each.manifest.id == extension for each in attended.current.active()):
            _show(session, extension, document, found)


def _show(
    session: Session, extension: str, document: Document, found: "Iterable[Diagnostic]"
) -> None:
    """Show what an extension remarks on the saved document, and on others beside it."""
    owner = f"{OWNER}{extension}"
    by_uri: dict[str, list[types.Diagnostic]] = {document.uri: []}
    for each in list(found)[:REMARKS_MAX]:
        uri = _uri(session, document, each)
        if uri is not None:
            at = session.protocol.documents.find(uri)
            by_uri.setdefault(uri, []).append(_remark(extension, at, each))
    for uri, remarks in by_uri.items():
        session.remarks.put(owner, uri, remarks)


def _uri(session: Session, document: Document, diagnostic: "Diagnostic") -> str | None:
    """Which document it is about; None for one outside of the workspace."""
    if diagnostic.path is None or session.root is None:
        return document.uri
    from steward.workspace.paths import WorkspacePath

    try:
        place = WorkspacePath.parse(diagnostic.path).under(session.root)
    except StewardError:
        return None
    opened = session.protocol.documents.by_path().get(place)
    return opened.uri if opened is not None else place.as_uri()


def _remark(extension: str, document: Document | None, said: "Diagnostic") -> types.Diagnostic:
    start, end = said.range.start, said.range.end
    range_ = types.Range(
        _position(document, start.line, start.character),
        _position(document, end.line, end.character),
    )
    return types.Diagnostic(
        range_,
        reveal(said.message)[0],
        severity=_SEVERITIES[said.severity],
        code=one_line(said.code) or None,
        source=extension,
    )


def _position(document: Document | None, line: int, units: int) -> types.Position:
    """A place in UTF-16 columns as the editor counts; one beyond the text is at its end."""
    if document is None or document.is_lost:
        return types.Position(min(line, _PLACE_MAX), min(units, _PLACE_MAX))
    lines = document.lines
    if line >= len(lines):
        last = max(0, len(lines) - 1)
        return types.Position(last, 0)
    content = lines[line].rstrip("\r\n")
    head = content.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")
    return types.Position(line, document.position_codec.client_num_units(head))


async def _keep_telling(session: Session, rooms: Rooms) -> None:
    while True:
        await session.extensions.has_changed.wait()
        await asyncio.sleep(_TOGETHER_S)
        session.extensions.has_changed.clear()
        changed, session.extensions.changed = session.extensions.changed, {}
        attended = rooms.extensions
        if not changed or attended is None or attended.current.extensions is None:
            continue
        attended.contents.forget()
        await attended.contents.refresh(attended.file_globs())
        await _tell_changed(rooms, changed)


async def _tell_changed(rooms: Rooms, changed: Mapping[str, types.FileChangeType]) -> None:
    from steward.extensions.hooks import Changes

    attended = rooms.extensions
    if attended is None or attended.current.extensions is None:
        return

    def of(kind: types.FileChangeType) -> list[str]:
        return sorted(path for path, each in changed.items() if each == kind)

    kinds = types.FileChangeType
    changes = Changes(of(kinds.Created), of(kinds.Changed), of(kinds.Deleted))
    await attended.hooks.changed(changes)
