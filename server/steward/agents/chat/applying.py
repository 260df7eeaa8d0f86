"""A code block of an answer becomes a proposal, through the door that every change takes.

What it changes is computed against the files as they are now; the person sees the diff and decides
as about every proposal. A proposal belongs to the answer, which `steward why` then names.
"""

import asyncio
import re
from contextlib import ExitStack
from dataclasses import dataclass

from sqlmodel import Session, col, select

from steward.agents.chat.blocks import CodeBlock, blocks_in
from steward.agents.chat.placing import FileDiff, file_diffs, is_diff, patched, placed
from steward.agents.talk.as_run import chat_run, message_of_run
from steward.agents.talk.log import ChatLog, Message
from steward.agents.talk.tables import ChatMessageRow
from steward.agents.workflows.owner import Owner
from steward.core.errors import InvalidInputError, LimitError, NotPermittedError
from steward.core.ids import IdSource
from steward.core.limits import CHANGES_MAX, FILE_BYTES_MAX
from steward.core.principal import Principal
from steward.permissions.roles import capabilities_of
from steward.tools.placeholders import Placeholders
from steward.workspace.land import Lander
from steward.workspace.land_refs import Landed
from steward.workspace.paths import check_is_no_control_file
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.tables import ProposalRow

_REDACTED = re.compile(r"<redacted [a-z ]+>", re.IGNORECASE)
_GONE = "Whoever asked for it is gone; no file was touched."


@dataclass(frozen=True, slots=True)
class Applying:
    """Applies code of answers."""

    lander: Lander
    """One of its own: at the runs' door a question may be open for hours."""
    placeholders: Placeholders
    log: ChatLog
    owner: Owner
    new_id: IdSource

    async def apply(self, principal: Principal, answer: Message, number: int, path: str) -> Landed:
        """Propose, ask, land. `path`: the file that the person is in; empty for none.

        Raises:
            InvalidInputError: there is no such block, or no certain place for it.
            NotPermittedError: the person may change no files, or models may not see the file.
            LimitError: it is too much for one proposal.
        """
        if "files.propose" not in capabilities_of(principal.role):
            raise NotPermittedError("Your role changes no files; ask an owner or admin for more.")
        block = _block(answer, number)
        changes = await self._changes(answer, block, path)
        run_id = chat_run(answer.id)
        names = ", ".join(change.path for change in changes)
        proposal = EditProposal(
            f"{run_id}.block-{number}-{self.new_id()[:12]}",
            run_id,
            f"Apply code of an answer to {names}",
            changes,
        )
        await asyncio.to_thread(self.owner.claim)
        await self.log.note_owner(answer.id, self.owner.name)
        await self.lander.proposals.keep(principal, proposal)
        try:
            return await self.lander.land(principal, proposal.id)
        except asyncio.CancelledError:
            # Nobody waits for it any more; what was begun is ended by the next start.
            await asyncio.shield(self._give_up(principal, proposal))
            raise

    async def recover(self, principal: Principal) -> None:
        """End what windows have left half-way that have died."""
        is_begun = False
        for proposal_id, run_id, state, owner in await self._open(principal):
            if not await self._is_dead(owner):
                continue
            kept = (await self.lander.proposals.find(proposal_id)).proposal
            if state == "proposed" and isinstance(kept, EditProposal):
                await self._give_up(principal, kept)
            else:
                is_begun = True
                await self.lander.approvals.withdraw(principal, run_id, proposal_id)
                await self.lander.proposals.mark(principal, proposal_id, "unfinished")
        if is_begun:
            await self.lander.end_unfinished(principal)

    async def _open(self, principal: Principal) -> list[tuple[str, str, str, str]]:
        """Proposals of answers that have not ended: id, run, state, owner."""

        def work(session: Session) -> list[tuple[str, str, str, str]]:
            rows = session.exec(
                select(ProposalRow).where(
                    ProposalRow.tenant_id == principal.tenant_id,
                    ProposalRow.workspace == principal.workspace,
                    ProposalRow.kind == "edit",
                    col(ProposalRow.state).in_(("proposed", "applying")),
                    col(ProposalRow.run_id).startswith(chat_run("")),
                )
            )
            found: list[tuple[str, str, str, str]] = []
            for row in rows:
                message = session.get(ChatMessageRow, message_of_run(row.run_id))
                owner = message.owner if message is not None else ""
                found.append((row.id, row.run_id, row.state, owner))
            return found

        return await self.log.database.read(work)

    async def _is_dead(self, owner: str) -> bool:
        lock = ExitStack()
        try:
            held = self.owner.if_dead(owner)
            return await asyncio.to_thread(lock.enter_context, held)
        finally:
            await asyncio.to_thread(lock.close)

    async def _give_up(self, principal: Principal, proposal: EditProposal) -> None:
        """End one that was not begun; its question would change nothing any more."""
        kept = await self.lander.proposals.find(proposal.id)
        if kept.state == "proposed":
            await self.lander.approvals.withdraw(principal, proposal.run_id, proposal.id)
            await self.lander.proposals.mark(principal, proposal.id, "refused", outcome=_GONE)

    async def _changes(
        self, answer: Message, block: CodeBlock, path: str
    ) -> tuple[FileChange, ...]:
        if not is_diff(block.language, block.text):
            return (await self._change(answer, block.path or path, block.text, None),)
        diffs = file_diffs(block.text)
        if len(diffs) > CHANGES_MAX:
            raise LimitError(f"The diff changes more than {CHANGES_MAX} files. Ask for less.")
        return tuple(
            [
                await self._change(answer, diff.path or block.path or path, diff.text, diff)
                for diff in diffs
            ]
        )

    async def _change(
        self, answer: Message, named: str, code: str, diff: FileDiff | None
    ) -> FileChange:
        """What becomes of one file."""
        if not named:
            raise InvalidInputError(
                "The code does not say which file it belongs into. Open that file and apply it"
                " there, or put the cursor where it belongs and insert it."
            )
        workspace = self.lander.workspace
        place = await workspace.check_for_model(named)
        check_is_no_control_file(place)
        was = await workspace.text_now(place)
        sources = () if was is None else (was,)
        code = await self.placeholders.put_back(code, answer.conversation_id, sources)
        if diff is not None:
            shown = FileDiff(str(place), code, diff.is_new, diff.is_deletion)
            after = await asyncio.to_thread(patched, was, shown)
        elif was is None:
            after = code
        else:
            after = await asyncio.to_thread(placed, str(place), was, code)
        if len(after.encode("utf-8", "surrogatepass")) > FILE_BYTES_MAX:
            raise LimitError(f"'{place}' would have more than {FILE_BYTES_MAX} bytes.")
        return FileChange(str(place), was, after)


def _block(answer: Message, number: int) -> CodeBlock:
    if answer.author != "assistant" or answer.state == "answering":
        raise InvalidInputError("Only code of an answer that has ended can be applied.")
    blocks = blocks_in(answer.text)
    if not 0 <= number < len(blocks):
        raise InvalidInputError(f"The answer has {len(blocks)} code blocks, counted from nought.")
    block = blocks[number]
    if not block.is_closed:
        raise InvalidInputError("The answer ends inside of this code; ask for the rest of it.")
    if _REDACTED.search(block.text):
        raise InvalidInputError(
            "The code held something that looks like a secret, which is not kept. Write it by hand."
        )
    return block
