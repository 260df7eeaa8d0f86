"""The one door through which a user's file, branch or remote changes.

A proposal lands like this: a person is asked with the whole diff → the files are compared with
what the diff was computed from → it is applied as one, by the editor or on disk → what was applied
is read back and recorded. The question and its answer are ours even where the editor shows the
diff. What was applied in part is taken back. A proposal found half-way after a kill is read back
first: what is done is finished, what is not is asked about again, and what is neither is left to
the person.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from steward.core.errors import NotPermittedError, StaleError, StewardError, UnfinishedError
from steward.core.limits import EDITOR_LOOKS_MAX, EDITOR_REPLY_S
from steward.core.principal import Principal
from steward.permissions.approvals import Approvals
from steward.permissions.question import Answer, Question
from steward.workspace.apply import Found, OnDisk, ThroughEditor, Way, finish_on_disk
from steward.workspace.editor import EditorReply
from steward.workspace.git import Git
from steward.workspace.proposal import CommitProposal, EditProposal, FileChange
from steward.workspace.proposals import Proposals, ProposalState
from steward.workspace.shown import commit_question, edit_question
from steward.workspace.workspace import Workspace

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


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
    reply_within_s: float = EDITOR_REPLY_S
    """How long an editor may take to apply what was approved."""
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
            except UnfinishedError as error:
                landed = Landed("unfinished", f"{error} The next start ends it.")
            except NotPermittedError as error:
                landed = Landed("refused", str(error))
            except StewardError as error:  # Nothing was sent; what was sent ends in `_outcome`.
                landed = Landed("stale", str(error))
            # Whatever ended it, an answer would change nothing any more.
            await self.approvals.withdraw(principal, kept.proposal.run_id, proposal_id)
            await self._mark(principal, proposal_id, landed)
            return landed

    async def end_unfinished(self, principal: Principal) -> None:
        """Complete or undo what an earlier landing could neither make whole nor take back."""
        for proposal in await self.proposals.unfinished(principal):
            try:
                await finish_on_disk(self.workspace, proposal)
                found = await OnDisk(self.workspace).look(proposal)
            except StewardError as error:
                _log.warning("a landing cannot be ended yet: %s", error)
                continue
            landed = _landed(proposal, found, "ended after a restart")
            if found.share == "none":
                landed = Landed("refused", "It could not be made whole, so it was taken back.")
            await self._mark(principal, proposal.id, landed)

    async def give_up(self, principal: Principal, run_id: str) -> None:
        """End the proposals of a run that was cancelled; what was applied of them is recorded.

        It waits for no other landing: that may be before a person for hours.
        """
        for proposal in await self.proposals.open_edits(principal, run_id):
            try:
                found = await self._way(proposal).look(proposal)
            except StewardError as error:
                landed = _unread(error)
            else:
                landed = _landed(proposal, found, "applied")
                if found.share == "none":
                    landed = Landed("refused", "The run was cancelled; no file was touched.")
            await self._mark(principal, proposal.id, landed)

    async def note_late(self, principal: Principal, proposal_id: str) -> Landed | None:
        """Record what an editor did after it had been given up on; `None` if it did nothing."""
        proposal = (await self.proposals.find(proposal_id)).proposal
        if not isinstance(proposal, EditProposal):
            return None
        found, _ = await self._settled(self._way(proposal), proposal, is_expected=True)
        if found.share in ("none", "foreign"):
            return None
        landed = _landed(proposal, found, "applied by the editor after it was given up")
        await self._mark(principal, proposal_id, landed)
        return landed

    async def _mark(self, principal: Principal, proposal_id: str, landed: Landed) -> None:
        await self.proposals.mark(principal, proposal_id, landed.state, outcome=landed.outcome)

    async def _edit(
        self, principal: Principal, proposal: EditProposal, begun_by: str | None
    ) -> Landed:
        """`begun_by`: the id of the approval with which an earlier process began to apply it."""
        way = self._way(proposal)
        if begun_by is not None:
            landed = await self._found(way, proposal, begun_by)
            if landed is not None:
                return landed
        await way.check(proposal)
        question = await asyncio.to_thread(edit_question, proposal)
        if way.shows_diff:
            return await self._edit_shown_by_editor(principal, way, proposal, question)
        answer = await self.approvals.ask(principal, question)
        return await self._edit_answered(principal, way, proposal, answer)

    def _way(self, proposal: EditProposal) -> Way:
        """How this proposal gets into the files."""
        editor = self.workspace.editor
        if editor.takes(proposal):
            return ThroughEditor(self.workspace, self.reply_within_s)
        if editor.shows_diff:
            # It would show only a part of what it promised to show whole.
            raise NotPermittedError(
                f"This editor's Steward client cannot {' and '.join(sorted(proposal.kinds))} files,"
                " so nobody was asked and no file was touched. Update the client."
            )
        return OnDisk(self.workspace)

    async def _edit_answered(
        self, principal: Principal, way: Way, proposal: EditProposal, answer: Answer
    ) -> Landed:
        """The person has answered a question of ours; the editor need not ask again."""
        if not answer.is_approval:
            return Landed("refused", f"The change was {answer.state}; no file was touched.")
        await way.check(proposal)
        await self._begin(principal, proposal.id, answer)
        return await self._outcome(way, proposal, await way.apply(proposal, "apply"))

    async def _edit_shown_by_editor(
        self, principal: Principal, way: Way, proposal: EditProposal, question: Question
    ) -> Landed:
        """The editor's own diff view is the question; its reply is the answer, if it is first."""
        approval_id = await self.approvals.open(principal, question)
        answer = await self.approvals.look(approval_id)
        if answer.state != "pending":
            return await self._edit_answered(principal, way, proposal, answer)
        await self.proposals.mark(principal, proposal.id, "applying", approval_id=approval_id)
        reply = await self._show(way, proposal, approval_id)
        # Before anything else: an editor may save, and format, a moment after its answer.
        seen = await self._seen_at_once(way, proposal, reply)
        if reply is not None and (reply.is_applied or reply.is_declined):
            answer = await self._note(principal, approval_id, question, approve=reply.is_applied)
        else:  # Answered elsewhere, or not at all: the editor could not apply it.
            answer = await self.approvals.look(approval_id)
        if reply is None:
            return await self._edit_answered(principal, way, proposal, answer)
        landed = seen or await self._outcome(way, proposal, reply)
        return await self._account(landed, answer)

    async def _seen_at_once(
        self, way: Way, proposal: EditProposal, reply: EditorReply | None
    ) -> Landed | None:
        if reply is None or not reply.is_applied:
            return None
        try:
            found = await way.look(proposal)
        except StewardError:
            return None
        return _landed(proposal, found, "applied") if found.share == "all" else None

    async def _show(self, way: Way, proposal: EditProposal, approval_id: str) -> EditorReply | None:
        """The editor's reply; `None` if the question ended elsewhere.

        Then the diff is taken away: what was answered or ran out is not asked any more.
        """
        async with asyncio.TaskGroup() as tasks:
            showing = tasks.create_task(_or_error(way.apply(proposal, "ask")))
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
        is_applied = (await way.look(proposal)).share == "all"
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

    async def _found(self, way: Way, proposal: EditProposal, approval_id: str) -> Landed | None:
        """What an earlier process did; `None` if nothing is left of it.

        The editor's answer went with that process: what it did counts now, not the question.
        """
        try:
            await finish_on_disk(self.workspace, proposal)
            if (await way.look(proposal)).share == "none":
                return None
            found, left_out = await self._settled(way, proposal, is_expected=True)
            if left_out and found.share == "none":
                return None
            landed = _landed(proposal, found, "found after a restart")
            answer = await self.approvals.look(approval_id)
            return _unapproved(landed, answer) if answer.state == "rejected" else landed
        except StewardError as error:
            return _unread(error)

    async def _outcome(self, way: Way, proposal: EditProposal, reply: EditorReply) -> Landed:
        """What became of an edit that was sent. Errors are no way out: files may have changed."""
        try:
            found, left_out = await self._settled(way, proposal, is_expected=reply.is_applied)
        except StewardError as error:
            return _unread(error)
        if found.share == "none":
            return Landed("refused", _why_not(reply, left_out))
        if found.share == "foreign" and not reply.is_applied:
            return Landed(
                "stale",
                "The change was not applied: somebody else edited the text while it was on its"
                " way. Read the file again and propose the change anew.",
            )
        how = "applied" if reply.is_applied else "applied, though it was reported that not"
        return _landed(proposal, found, how)

    async def _settled(
        self, way: Way, proposal: EditProposal, *, is_expected: bool
    ) -> tuple[Found, str]:
        """What the files hold when reports have come in and a half-made change is taken back.

        `is_expected`: the change was made, it is said. Also gives the names of the files that were
        left out where the rest was taken back; empty where nothing was.
        """
        found = await way.look(proposal)
        for _ in range(EDITOR_LOOKS_MAX):
            is_over = found.share in ("none", "foreign") and not is_expected
            if found.share == "all" or is_over:
                return found, ""
            await way.settled()
            found = await way.look(proposal)
        if found.share != "part":
            return found, ""
        await way.take_back(proposal, found)
        return await way.look(proposal), _names(found.before)


def _landed(proposal: EditProposal, found: Found, how: str) -> Landed:
    if found.share == "all":
        return Landed("applied", f"Changed {proposal.names()} ({how}, read back).")
    told = [
        f"{_names(changes)} {holds}"
        for changes, holds in (
            (found.after, "as approved"),
            (found.before, "as before"),
            (found.other, "neither as before nor as approved"),
        )
        if changes
    ]
    return Landed("partial", f"It was not changed whole; look at the files: {', '.join(told)}.")


def _names(changes: Sequence[FileChange]) -> str:
    return ", ".join(change.named() for change in changes)


def _why_not(reply: EditorReply, left_out: str) -> str:
    if left_out:
        return (
            f"The editor left out {left_out}. A proposal is applied whole or not at all, so the"
            " rest was taken back."
        )
    if reply.is_applied:
        return "The editor said it applied the change, but no file changed."
    because = f": {reply.reason}" if reply.reason else ""
    return f"The change was not applied{because}; no file was touched."


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
