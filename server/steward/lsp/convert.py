"""Between the protocol's shapes and ours. Nothing else translates."""

from collections.abc import Iterator

from lsprotocol import types

from steward.context.cursor import Cursor
from steward.core.limits import GHOST_CURSOR_CHARS_MAX
from steward.lsp.documents import Document
from steward.lsp.session import ClientAbilities
from steward.workspace.diff import changed_region
from steward.workspace.lines import Place, split_lines
from steward.workspace.proposal import EditProposal, FileChange

_LINES_AROUND = 1_000
"""What a cursor brings along of a long document, before and after: more than a model gets."""

Operation = types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile


def cursor_at(document: Document, position: types.Position, path: str) -> Cursor:
    """The document as it is now around a protocol position."""
    before, after = document.around(position, _LINES_AROUND)
    # Lines may be endless. Cut at multiples, so that whoever types on has the same beginning.
    beyond = max(0, len(before) // GHOST_CURSOR_CHARS_MAX - 1) * GHOST_CURSOR_CHARS_MAX
    return Cursor(
        path,
        before[beyond:],
        after[:GHOST_CURSOR_CHARS_MAX],
        document.language_id or "",
        document.uri,
        position.line,
    )


def position_of(document: Document, place: Place) -> types.Position:
    """Where a place of the document is in the editor's own units."""
    line, column = place
    content = document.between((line, 0), place)
    return types.Position(line, document.position_codec.client_num_units(content) if column else 0)


def workspace_edit(
    proposal: EditProposal,
    documents: dict[str, tuple[str, Document | None]],
    can: ClientAbilities,
    encoding: Document,
    *,
    needs_confirmation: bool = True,
) -> types.WorkspaceEdit:
    """The proposal as one edit: versioned and annotated as far as the client understands that.

    `documents`: relative path → (URI, the open document if there is one).
    """
    annotation = f"steward:{proposal.id}" if can.change_annotations else None
    if not can.document_changes:
        return types.WorkspaceEdit(
            changes={
                documents[change.path][0]: [
                    _text_edit(change, documents[change.path][1] or encoding)
                ]
                for change in proposal.changes
            }
        )
    return types.WorkspaceEdit(
        document_changes=[
            operation
            for change in proposal.changes
            for operation in _operations(change, documents, encoding, annotation)
        ],
        change_annotations={
            annotation: types.ChangeAnnotation(
                proposal.title, needs_confirmation=needs_confirmation
            )
        }
        if annotation is not None
        else None,
    )


def _operations(
    change: FileChange,
    documents: dict[str, tuple[str, Document | None]],
    encoding: Document,
    annotation: str | None,
) -> Iterator[Operation]:
    """What is done to the file itself, and then to its text."""
    uri, document = documents[change.path]
    if change.kind == "delete":
        yield types.DeleteFile(uri, annotation_id=annotation)
        return
    if change.kind == "create":
        yield types.CreateFile(uri, annotation_id=annotation)
    if change.moved_from is not None:
        old_uri, document = documents[change.moved_from]
        yield types.RenameFile(old_uri, uri, annotation_id=annotation)
    if change.after == (change.before or ""):
        return
    edit = _text_edit(change, document or encoding)
    version = document.version if document is not None and change.kind == "edit" else None
    yield types.TextDocumentEdit(
        types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version),
        [
            types.AnnotatedTextEdit(annotation, edit.range, edit.new_text)
            if annotation is not None
            else edit
        ],
    )


def _text_edit(change: FileChange, document: Document) -> types.TextEdit:
    before = change.before or ""
    lines = split_lines(before)
    region = changed_region(before, change.after or "")
    return types.TextEdit(
        types.Range(
            _line_start(lines, region.start, document), _line_start(lines, region.end, document)
        ),
        "".join(region.new),
    )


def _line_start(lines: list[str], number: int, document: Document) -> types.Position:
    if number < len(lines) or not lines or lines[-1].endswith(("\n", "\r")):
        return types.Position(number, 0)
    # Behind a last line without an end there is no line to point at, only the line's own end.
    units = document.position_codec.client_num_units(lines[-1])
    return types.Position(len(lines) - 1, units)
