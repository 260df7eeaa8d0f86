"""The editor at the other end, as the workspace knows it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from steward.core.agent_limits import REASON_CHARS_MAX
from steward.core.errors import StaleError
from steward.lsp.asked import EditResult
from steward.lsp.convert import workspace_edit
from steward.lsp.documents import Document
from steward.lsp.session import Session
from steward.workspace.editor import EditorReply, Purpose, Snapshot
from steward.workspace.proposal import EditProposal

_CHANGE_WITHIN_S = 0.05
_DECLINED = "discarded by the user"
"""Our own client's reason when the person said no, and not the editor (`confirm.ts`)."""


@dataclass(frozen=True, slots=True)
class LspEditor:
    """Implements `workspace.Editor` over one connection."""

    session: Session

    def takes(self, proposal: EditProposal) -> bool:
        """Whether the client said that it can, and does it as one.

        Only our own clients do that with whole files. Others create, rename and delete them one
        by one and stop where one fails (`failureHandling`), which nobody could take back.
        """
        can = self.session.can
        whole_files = proposal.kinds - {"edit"}
        return can.applies_edits and (
            not whole_files or (can.confirms_edits and whole_files <= can.file_operations)
        )

    @property
    def shows_diff(self) -> bool:
        """Only our own client is known to put a diff before the person and wait.

        Others show a preview that can be half ticked (VS Code), answer "applied" when the person
        said no (Neovim), or apply at once (Emacs): they are asked explicitly first.
        """
        return self.session.can.confirms_edits

    def open_document(self, path: Path) -> Snapshot | None:
        """The document as the editor last reported it."""
        document = self.session.protocol.documents.by_path().get(path)
        return Snapshot(document.source, document.version) if document else None

    def open_paths(self) -> Sequence[Path]:
        """The open files; not those whose text is not known."""
        documents = self.session.protocol.documents.by_path()
        return [path for path, document in documents.items() if not document.is_lost]

    def open_texts(self) -> Mapping[Path, str]:
        """Every open file's text; where it is not known, the disk's counts."""
        documents = self.session.protocol.documents.by_path()
        return {
            path: document.source for path, document in documents.items() if not document.is_lost
        }

    async def apply(self, root: Path, proposal: EditProposal, purpose: Purpose) -> EditorReply:
        """Send `workspace/applyEdit` and wait for the answer."""
        can = self.session.can
        documents = self._documents(root, proposal)
        uncounted = Document("", position_codec=self.session.protocol.documents.position_codec)
        # Only our own client is known to have no say of its own here: others may still preview.
        is_asking = purpose == "ask" or (purpose == "apply" and not can.confirms_edits)
        edit = workspace_edit(proposal, documents, can, uncounted, needs_confirmation=is_asking)
        params = types.ApplyWorkspaceEditParams(
            edit,
            label=f"Steward: {proposal.title}",
        )
        message_id = f"{purpose} {proposal.id}"
        answer: asyncio.Future[EditResult] = self.session.protocol.send_request_async(
            types.WORKSPACE_APPLY_EDIT, params, message_id
        )
        try:
            reply = await asyncio.shield(answer)
        except asyncio.CancelledError:
            # The question ended without this editor: its diff must not be applied any more.
            self.session.protocol.notify("steward/askClosed", {"id": f"steward:{proposal.id}"})
            self.session.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(message_id))
            # An editor's own preview stays open all the same, and may still be said yes to.
            answer.add_done_callback(partial(self._note_late, proposal.id))
            raise
        except JsonRpcException as error:
            return EditorReply(is_applied=False, reason=f"the editor failed: {error.message}")
        reason = reply.failure_reason or ""
        is_declined = can.confirms_edits and not reply.applied and reason == _DECLINED
        said = reply.reason.strip()[:REASON_CHARS_MAX] if is_declined else ""
        return EditorReply(reply.applied, reason, is_declined, said)

    def _note_late(self, proposal_id: str, answer: "asyncio.Future[EditResult]") -> None:
        if not answer.cancelled() and answer.exception() is None and answer.result().applied:
            self.session.on_late_edit(proposal_id)

    async def settled(self) -> None:
        """Wait for the editor's next report of a change, for a moment."""
        await self.session.next_change(_CHANGE_WITHIN_S)

    def _documents(
        self, root: Path, proposal: EditProposal
    ) -> dict[str, tuple[str, Document | None]]:
        """Where each change goes. No await until the edit is sent, so versions are the newest."""
        opened = self.session.protocol.documents.by_path()
        found: dict[str, tuple[str, Document | None]] = {}
        for relative, versions in proposal.by_path().items():
            path = root / relative
            document = opened.get(path)
            if document is not None and document.source != versions.before:
                raise StaleError(f"'{relative}' was edited meanwhile; nothing was touched.")
            found[relative] = (document.uri if document else path.as_uri(), document)
        return found
