"""The one door through which a user's file, branch or remote changes.

A proposal lands like this: a person is asked with the whole diff → the files are compared with
what the diff was computed from → the editor applies it as one → what was applied is read back and
recorded. The question and its answer are ours even where the editor shows the diff. A proposal
found half-way after a kill is read back first: what is done is finished, what is not is asked
about again, and what is neither is left to the person.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from steward.core.errors import NotPermittedError, StaleError, StewardError
from steward.core.principal import Principal
from steward.permissions.approvals import Approvals
from steward.permissions.question import Answer, Question
from steward.workspace.editor import EditorReply
from steward.workspace.git import Git
from steward.workspace.proposal import CommitProposal, EditProposal
from steward.workspace.proposals import Proposals, ProposalState
from steward.workspace.shown import commit_question, edit_question
from steward.workspace.workspace import Workspace

_Result = TypeVar("_Result")

_LOOKS_MAX = 40
"""How often the editor's documents are compared with the approved text after it said "applied"."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a proposal."""

    state: ProposalState
    outcome: str


@dataclass(frozen=True, slots=True)
class Lander:
    """Lands proposals, one at a time."""

    approvals: Approvals
    proposals: Proposals
    workspace: Workspace
    git: Git
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def land(self, principal: Principal, proposal_id: str) -> Landed:
        """Ask, apply, read back, record. Landing twice gives the first outcome again."""
        async with self._one_at_a_time:
            kept = await self.proposals.find(proposal_id)
            if kept.state not in ("proposed", "applying"):
                return Landed(kept.state, kept.outcome)
            match kept.proposal:
                case EditProposal() as edit:
                    begun_by = kept.approval_id if kept.state == "applying" else None
                    landing = self._edit(principal, edit, begun_by)
                case CommitProposal() as commit:
                    landing = self._commit(principal, commit, is_resumed=kept.state == "applying")
            try:
                landed = await landing
            except NotPermittedError as error:
                landed = Landed("refused", str(error))
            except StewardError as error:  # Nothing was sent; what was sent ends in `_outcome`.
                landed = Landed("stale", str(error))
            # Whatever ended it, an answer would change nothing any more.
            await self.approvals.withdraw(principal, kept.proposal.run_id, proposal_id)
            await self.proposals.mark(principal, proposal_id, landed.state, outcome=landed.outcome)
            return landed

    async def _edit(
        self, principal: Principal, proposal: EditProposal, begun_by: str | None
    ) -> Landed:
        """`begun_by`: the id of the approval with which an earlier process began to apply it."""
        if begun_by is not None and (landed := await self._found(proposal, begun_by)) is not None:
            return landed
        await self._check_current(proposal)
        if not self.workspace.editor.takes_edits:
            return Landed(
                "refused",
                "This editor does not take edits from a language server (workspace/applyEdit), so"
                " nobody was asked and no file was touched. Use an editor or a client that does.",
            )
        question = await asyncio.to_thread(edit_question, proposal)
        if self.workspace.editor.shows_diff:
            return await self._edit_shown_by_editor(principal, proposal, question)
        answer = await self.approvals.ask(principal, question)
        return await self._edit_answered(principal, proposal, answer)

    async def _edit_answered(
        self, principal: Principal, proposal: EditProposal, answer: Answer
    ) -> Landed:
        """The person has answered a question of ours; the editor need not ask again."""
        if not answer.is_approval:
            return Landed("refused", f"The change was {answer.state}; no file was touched.")
        await self._check_current(proposal)
        await self._begin(principal, proposal.id, answer)
        return await self._outcome(proposal, await self._apply(proposal, is_approved=True))

    async def _edit_shown_by_editor(
        self, principal: Principal, proposal: EditProposal, question: Question
    ) -> Landed:
        """The editor's own diff view is the question; its reply is the answer, if it is first."""
        approval_id = await self.approvals.open(principal, question)
        answer = await self.approvals.look(approval_id)
        if answer.state != "pending":
            return await self._edit_answered(principal, proposal, answer)
        await self.proposals.mark(principal, proposal.id, "applying", approval_id=approval_id)
        reply = await self._show(proposal, approval_id)
        if reply is not None and (reply.is_applied or reply.is_declined):
            answer = await self._note(principal, approval_id, question, approve=reply.is_applied)
        else:  # Answered elsewhere, or not at all: the editor could not apply it.
            answer = await self.approvals.look(approval_id)
        if reply is None:
            return await self._edit_answered(principal, proposal, answer)
        return await self._account(await self._outcome(proposal, reply), answer)

    async def _show(self, proposal: EditProposal, approval_id: str) -> EditorReply | None:
        """The editor's reply; `None` if the question ended elsewhere.

        Then the diff is taken away: what was answered or ran out is not asked any more.
        """
        async with asyncio.TaskGroup() as tasks:
            showing = tasks.create_task(_or_error(self._apply(proposal, is_approved=False)))
            ended = tasks.create_task(_or_error(self.approvals.ended(approval_id)))
            await asyncio.wait((showing, ended), return_when=asyncio.FIRST_COMPLETED)
            showing.cancel()
            ended.cancel()
        first = ended.result() if showing.cancelled() else showing.result()
        if isinstance(first, StewardError):
            raise first
        if isinstance(first, EditorReply):
            return first
        # It may have been applied while it was being taken away.
        is_applied = await self._share_applied(proposal) == "all"
        return EditorReply(is_applied=True, reason="") if is_applied else None

    async def _account(self, landed: Landed, answer: Answer) -> Landed:
        """Use the approval up for what the editor did; without one, say so plainly."""
        if landed.state not in ("applied", "partial"):
            return landed
        if not answer.is_approval:
            return _unapproved(landed, answer)
        try:
            await self.approvals.use(answer.approval_id, answer.digest)
        except StewardError as error:
            return Landed("partial", f"{landed.outcome} The approval could not be used: {error}")
        return landed

    async def _apply(self, proposal: EditProposal, *, is_approved: bool) -> EditorReply:
        """The editor's reply; one that broke off may have applied the edit all the same.

        Raises:
            StaleError: nothing was sent.
        """
        try:
            return await self.workspace.editor.apply(
                self.workspace.root, proposal, is_approved=is_approved
            )
        except StaleError:
            raise
        except StewardError as error:
            return EditorReply(is_applied=False, reason=str(error))

    async def _note(
        self, principal: Principal, approval_id: str, question: Question, *, approve: bool
    ) -> Answer:
        try:
            return await self.approvals.answer(
                principal, approval_id, question.digest(), approve=approve, channel="editor diff"
            )
        except StaleError:  # Answered elsewhere meanwhile, which is what closed the diff.
            return await self.approvals.look(approval_id)

    async def _commit(
        self, principal: Principal, proposal: CommitProposal, *, is_resumed: bool
    ) -> Landed:
        prepared = proposal.prepared
        if is_resumed:
            try:
                made = await self.git.find_commit(prepared)
            except StewardError as error:
                return Landed("partial", f"Nobody can say whether the commit was made: {error}")
            if made is not None:
                return Landed("applied", f"Committed {made[:12]} on {prepared.branch}.")
        question = await asyncio.to_thread(commit_question, proposal)
        answer = await self.approvals.ask(principal, question)
        if not answer.is_approval:
            return Landed("refused", f"The commit was {answer.state}; nothing was committed.")
        await self._begin(principal, proposal.id, answer)
        try:
            made = await self.git.create_commit(prepared, self.proposals.clock.now())
        except StaleError:
            raise
        except StewardError as error:
            return Landed("refused", f"Nothing was committed: {error}")
        return Landed("applied", f"Committed {made[:12]} on {prepared.branch}.")

    async def _begin(self, principal: Principal, proposal_id: str, answer: Answer) -> None:
        """Use the approval up and say, before anything changes, that it is about to."""
        await self.approvals.use(answer.approval_id, answer.digest)
        await self.proposals.mark(
            principal, proposal_id, "applying", approval_id=answer.approval_id
        )

    async def _check_current(self, proposal: EditProposal) -> None:
        for change in proposal.changes:
            path = self.workspace.resolve(change.path)
            if (await self.workspace.current(path)).text != change.before:
                raise StaleError(
                    f"'{change.path}' has changed since the diff was computed, so nothing was"
                    " touched. Read the file again and propose the change anew."
                )

    async def _found(self, proposal: EditProposal, approval_id: str) -> Landed | None:
        """What an earlier process did; `None` if nothing.

        The editor's answer went with that process: what it did counts now, not the question.
        """
        try:
            if await self._share_applied(proposal) == "none":
                return None
            landed = await self._read_back(proposal, "found after a restart")
            answer = await self.approvals.look(approval_id)
            return _unapproved(landed, answer) if answer.state == "rejected" else landed
        except StewardError as error:
            return _unread(error)

    async def _outcome(self, proposal: EditProposal, reply: EditorReply) -> Landed:
        """What became of an edit that was sent. Errors are no way out: files may have changed."""
        try:
            if reply.is_applied:
                return await self._read_back(proposal, "applied")
            return await self._refused_by_editor(proposal, reply.reason)
        except StewardError as error:
            return _unread(error)

    async def _refused_by_editor(self, proposal: EditProposal, reason: str) -> Landed:
        share = await self._share_applied(proposal)
        if share == "foreign":
            return Landed(
                "stale",
                "The change was not applied: somebody else edited the text while it was on its"
                " way. Read the file again and propose the change anew.",
            )
        if share != "none":
            return await self._read_back(proposal, "applied, though the editor reported that not")
        because = f": {reason}" if reason else ""
        return Landed("refused", f"The change was not applied{because}; no file was touched.")

    async def _read_back(self, proposal: EditProposal, how: str) -> Landed:
        """What the files really hold now. Editors report changes shortly after their answer."""
        share = await self._share_applied(proposal)
        for _ in range(_LOOKS_MAX):
            if share == "all":
                names = ", ".join(change.path for change in proposal.changes)
                return Landed("applied", f"Changed {names} ({how}, read back).")
            await self.workspace.editor.settled()
            share = await self._share_applied(proposal)
        if share == "none":
            return Landed("refused", "The editor said it applied the change, but no file changed.")
        return Landed(
            "partial", "The files hold neither the old nor the approved text; look at them."
        )

    async def _share_applied(
        self, proposal: EditProposal
    ) -> Literal["all", "some", "none", "foreign"]:
        """How much of the proposal the files hold; `foreign` is none of it, and other text."""
        texts = [
            (change, (await self.workspace.current(self.workspace.resolve(change.path))).text)
            for change in proposal.changes
        ]
        if all(text == change.after for change, text in texts):
            return "all"
        if all(text == change.before for change, text in texts):
            return "none"
        return "some" if any(text == change.after for change, text in texts) else "foreign"


def _unread(error: StewardError) -> Landed:
    return Landed(
        "partial",
        f"The edit was sent and cannot be read back, so look at the files yourself: {error}",
    )


def _unapproved(landed: Landed, answer: Answer) -> Landed:
    had = "had no answer" if answer.state == "pending" else f"had been {answer.state}"
    return Landed(
        "partial",
        f"The editor applied a change whose question {had}; look at the files and undo there"
        f" what you do not want. {landed.outcome}",
    )


async def _or_error(work: Awaitable[_Result]) -> _Result | StewardError:
    """The error as a value: out of a task group it would come wrapped."""
    try:
        return await work
    except StewardError as error:
        return error
