"""Between the protocol's shapes and ours. Nothing else translates."""

from lsprotocol import types

from steward.completion.cursor import Cursor
from steward.lsp.documents import Document
from steward.lsp.session import ClientAbilities
from steward.permissions.question import OpenQuestion
from steward.workspace.diff import changed_region
from steward.workspace.lines import split_lines
from steward.workspace.proposal import EditProposal, FileChange


def cursor_at(document: Document, position: types.Position, path: str) -> Cursor:
    """The document as it is now, split at a protocol position."""
    offset = document.offset_at_position(position)
    return Cursor(path, document.source[:offset], document.source[offset:])


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
    annotation = f"steward:{proposal.id}"
    edits = {
        change.path: _text_edit(change, documents[change.path][1] or encoding)
        for change in proposal.changes
    }
    if not can.document_changes:
        return types.WorkspaceEdit(
            changes={documents[path][0]: [edit] for path, edit in edits.items()}
        )
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(
                    uri=documents[path][0], version=_version(documents[path][1])
                ),
                [
                    types.AnnotatedTextEdit(annotation, edit.range, edit.new_text)
                    if can.change_annotations
                    else edit
                ],
            )
            for path, edit in edits.items()
        ],
        change_annotations={
            annotation: types.ChangeAnnotation(
                proposal.title, needs_confirmation=needs_confirmation
            )
        }
        if can.change_annotations
        else None,
    )


def question_params(question: OpenQuestion) -> dict[str, object]:
    """A question as `steward/ask` carries it."""
    approve, reject = choices(question)
    return {
        "id": question.id,
        "kind": question.kind,
        "title": question.title,
        "markdown": question.body,
        "digest": question.digest,
        "choices": [{"id": "approve", "title": approve}, {"id": "reject", "title": reject}],
        "runId": question.run_id,
        "expiresAt": question.expires_at.isoformat(),
    }


def choices(question: OpenQuestion) -> tuple[str, str]:
    """What the buttons say: yes, no."""
    match question.kind:
        case "plan":
            return "Approve plan", "Reject plan"
        case "command":
            return "Allow once", "Deny"
        case "edit":
            return "Apply", "Discard"
        case "commit":
            return "Commit", "Don't commit"


def _text_edit(change: FileChange, document: Document) -> types.TextEdit:
    lines = split_lines(change.before)
    region = changed_region(change.before, change.after)
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


def _version(document: Document | None) -> int | None:
    return document.version if document is not None else None
