"""What an editor does with `workspace/applyEdit`: everything or nothing, reported, and saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import converters, types

from demo.editor import Document

if TYPE_CHECKING:
    from tests.client import Window


async def apply_whole(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
    """As most editors do it, and ours; an edit for another version is refused."""
    operations = list(params.edit.document_changes or [])
    if not all(_is_current(window, operation) for operation in operations):
        return False
    for operation in operations:
        match operation:
            case types.TextDocumentEdit():
                _edit(window, operation)
            case types.CreateFile():
                place = window.place(operation.uri)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch(exist_ok=False)
            case types.RenameFile():
                _close(window, operation.old_uri)
                new = window.place(operation.new_uri)
                new.parent.mkdir(parents=True, exist_ok=True)
                window.place(operation.old_uri).rename(new)
            case types.DeleteFile():
                _close(window, operation.uri)
                window.place(operation.uri).unlink()
    return True


async def apply_first_only(window: Window, params: types.ApplyWorkspaceEditParams) -> bool:
    """As where a person ticked one file of several: that counts as applied."""
    if len(window.edits) == 1:
        params.edit.document_changes = list(params.edit.document_changes or [])[:1]
    return await apply_whole(window, params)


def _is_current(window: Window, operation: Any) -> bool:
    if isinstance(operation, types.TextDocumentEdit):
        document = window.documents.get(operation.text_document.uri)
        version = operation.text_document.version
        return version is None or (document is not None and document.version == version)
    if isinstance(operation, types.CreateFile):
        return not window.place(operation.uri).exists()
    if isinstance(operation, types.RenameFile):
        return not window.place(operation.new_uri).exists()
    return True


def _edit(window: Window, operation: types.TextDocumentEdit) -> None:
    document = _document(window, operation.text_document.uri)
    plain = [converters.get_converter().unstructure(edit) for edit in operation.edits]
    window.change(document, document.with_edits(plain))
    window.save(document)


def _document(window: Window, uri: str) -> Document:
    opened = window.documents.get(uri)
    if opened is not None:
        return opened
    return window.open(str(window.place(uri).relative_to(window.folder)))


def _close(window: Window, uri: str) -> None:
    if (document := window.documents.get(uri)) is not None:
        window.close_document(document)
