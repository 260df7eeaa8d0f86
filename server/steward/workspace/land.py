"""The one door through which a user's file, branch or remote changes.

A proposal lands like this: a person is asked with the whole diff → the files are compared with
what the diff was computed from → it is applied as one, by the editor or on disk → what was applied
is read back and recorded. The question and its answer are ours even where the editor shows the
diff. Of what the person keeps in part, the part lands in its stead; of what was overtaken by
changes of others, the merge with them does, once they were asked about it. What was applied in
part is taken back. A proposal found half-way after a kill is read back first: what is done is
finished, what is not is asked about again, and what is neither is left to the person.
"""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from steward.core.errors import NotPermittedError, StaleError, StewardError, UnfinishedError
from steward.core.limits import EDITOR_LOOKS_MAX, EDITOR_REPLY_S, FILES_LOOKED_AT_S
from steward.core.principal import Principal
from steward.permissions.approvals import Approvals
from steward.permissions.question import Answer, Question, Reply
from steward.workspace.apply import Found, OnDisk, ThroughEditor, Way, finish_on_disk
from steward.workspace.editor import EditorReply
from steward.workspace.git.branch import BranchProposal
from steward.workspace.git.git import Git
from steward.workspace.land_refs import Landed, RefLander, begin, refused, remarked
from steward.workspace.outcome import names, read_back, unapproved, unread, why_not
from steward.workspace.overtaken import merged_now, overtaken
from steward.workspace.proposal import CommitProposal, EditProposal, Proposal
from steward.workspace.proposals import GIVEN_UP, Kept, Proposals
from steward.workspace.pull_request import PullRequestProposal
from steward.workspace.push.pull_requests import PullRequests
from steward.workspace.shown import edit_question
from steward.workspace.successor import Successor, in_part
from steward.workspace.workspace import Workspace

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Lander:
    """Lands proposals, one at a time."""

    approvals: Approvals
    proposals: Proposals
    workspace: Workspace
    git: Git
    reply_within_s: float = EDITOR_REPLY_S
    """How long an editor may take to apply what was approved."""
    looks_every_s: float = FILES_LOOKED_AT_S
    """How often the files of a proposal are looked at while its question is open."""
    pull_requests: PullRequests | None = None
    """None where nothing is ever sent to a remote."""
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def land(self, principal: Principal, proposal_id: str) -> Landed:
        """Ask, apply, read back, record. Landing twice gives the first outcome again.

        What takes the proposal's place is landed in its stead, and the outcome tells of both.
        """
        async with self._one_at_a_time:
            landed = await self._land(principal, proposal_id)
            while (following := await self.proposals.successor_of(proposal_id)) is not None:
                proposal_id, before = following, landed
                landed = (await self._land(principal, proposal_id)).after(before)
            return landed

    async def _land(self, principal: Principal, proposal_id: str) -> Landed:
        """Bring this one to an end; it may have a successor then."""
        kept = await self.proposals.find(proposal_id)
        if kept.state not in ("proposed", "applying"):
            return Landed(kept.state, kept.outcome)
        try:
            landed = await self._tried(principal, kept)
            if isinstance(landed, Successor):
                return await self._succeed(principal, kept.proposal, landed)
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

    async def _tried(self, principal: Principal, kept: Kept) -> Landed | Successor:
        is_begun = kept.state == "applying"
        match kept.proposal:
            case EditProposal() as edit:
                begun_by = kept.approval_id if is_begun else None
                try:
                    return await self._edit(principal, edit, begun_by)
                except StaleError:
                    merged = await merged_now(self.workspace, edit, self._check)
                    if merged is None:
                        raise
                    return merged
            case CommitProposal() as commit:
                return await self._refs.commit(principal, commit, is_resumed=is_begun)
            case BranchProposal() as branch:
                return await self._refs.branch(principal, branch, is_resumed=is_begun)
            case PullRequestProposal() as opening:
                begun_by = kept.approval_id if is_begun else None
                return await self._refs.pull_request(principal, opening, begun_by)

    async def _succeed(
        self, principal: Principal, proposal: Proposal, successor: Successor
    ) -> Landed:
        """Put the successor in its place. A part bears the approval that it was chosen with."""
        also = self.proposals.succession(principal, proposal.id, successor)
        reason = ""
        if successor.answer is None:
            await self.proposals.database.run(also)
        else:
            question = await asyncio.to_thread(edit_question, successor.proposal)
            await self.approvals.narrow(principal, successor.answer, question, also)
            reason = successor.answer.reply.reason
        await self.approvals.withdraw(principal, proposal.run_id, proposal.id)
        is_part = successor.answer is not None
        return Landed(successor.ended, successor.outcome, bool(reason), is_part=is_part)

    async def end_unfinished(self, principal: Principal) -> None:
        """Complete or undo what an earlier landing could neither make whole nor take back."""
        for proposal in await self.proposals.unfinished(principal):
            try:
                await finish_on_disk(self.workspace, proposal)
                found = await OnDisk(self.workspace).look(proposal)
            except StewardError as error:
                _log.warning("a landing cannot be ended yet: %s", error)
                continue
            landed = read_back(proposal, found, "ended after a restart")
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
                landed = unread(error)
            else:
                landed = read_back(proposal, found, "applied")
                if found.share == "none":
                    landed = Landed("refused", GIVEN_UP)
            await self._mark(principal, proposal.id, landed)

    async def note_late(self, principal: Principal, proposal_id: str) -> Landed | None:
        """Record what an editor did after it had been given up on; `None` if it did nothing."""
        proposal = (await self.proposals.find(proposal_id)).proposal
        if not isinstance(proposal, EditProposal):
            return None
        found, _ = await self._settled(self._way(proposal), proposal, is_expected=True)
        if found.share in ("none", "foreign"):
            return None
        landed = read_back(proposal, found, "applied by the editor after it was given up")
        await self._mark(principal, proposal_id, landed)
        return landed

    async def _mark(self, principal: Principal, proposal_id: str, landed: Landed) -> None:
        await self.proposals.mark(principal, proposal_id, landed.state, outcome=landed.outcome)

    async def _edit(
        self, principal: Principal, proposal: EditProposal, begun_by: str | None
    ) -> Landed | Successor:
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
        asked = self.approvals.ask(principal, question)
        first = await _first(asked, self._overtaken(proposal))
        if isinstance(first, Successor):
            return first
        return await self._edit_answered(principal, way, proposal, first)

    @property
    def _refs(self) -> RefLander:
        return RefLander(self.approvals, self.proposals, self.git, self.pull_requests)

    async def _check(self, proposal: EditProposal) -> None:
        await self._way(proposal).check(proposal)

    def _overtaken(self, proposal: EditProposal) -> Coroutine[Any, Any, Successor]:
        return overtaken(self.workspace, proposal, self._check, self.looks_every_s)

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
    ) -> Landed | Successor:
        """The person has answered a question of ours; the editor need not ask again."""
        if answer.is_partial:
            return await asyncio.to_thread(in_part, proposal, answer)
        if not answer.is_approval:
            return refused(answer, f"The change was {answer.state}; no file was touched.")
        await way.check(proposal)
        await begin(self.approvals, self.proposals, principal, proposal.id, answer)
        reply = await way.apply(proposal, "apply")
        return remarked(await self._outcome(way, proposal, reply), answer)

    async def _edit_shown_by_editor(
        self, principal: Principal, way: Way, proposal: EditProposal, question: Question
    ) -> Landed | Successor:
        """The editor's own diff view is the question; its reply is the answer, if it is first."""
        approval_id = await self.approvals.open(principal, question)
        answer = await self.approvals.look(approval_id)
        if answer.state != "pending":
            return await self._edit_answered(principal, way, proposal, answer)
        await self.proposals.mark(principal, proposal.id, "applying", approval_id=approval_id)
        reply = await self._show(way, proposal, approval_id)
        if isinstance(reply, Successor):
            return reply
        # Before anything else: an editor may save, and format, a moment after its answer.
        seen = await self._seen_at_once(way, proposal, reply)
        if reply is not None and (reply.is_applied or reply.is_declined):
            answer = await self._note(principal, approval_id, question, reply)
        else:  # Answered elsewhere, or not at all: the editor could not apply it.
            answer = await self.approvals.look(approval_id)
        is_chosen = answer.is_approval or answer.is_partial
        if reply is None or (is_chosen and not reply.is_applied):
            return await self._edit_answered(principal, way, proposal, answer)
        try:
            landed = seen or await self._outcome(way, proposal, reply)
        except StaleError:
            if answer.state != "rejected":
                raise  # It is merged and asked about anew; but not once somebody said no.
            landed = Landed("refused", "The change was rejected; no file was touched.")
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
        return read_back(proposal, found, "applied") if found.share == "all" else None

    async def _show(
        self, way: Way, proposal: EditProposal, approval_id: str
    ) -> EditorReply | Successor | None:
        """The editor's reply; `None` if the question ended elsewhere.

        Then, or where it is to be asked anew, the diff is taken away.
        """
        first = await _first(
            way.apply(proposal, "ask"),
            self.approvals.ended(approval_id),
            self._overtaken(proposal),
        )
        if isinstance(first, EditorReply):
            return first
        # It may have been applied while it was being taken away.
        if (await way.look(proposal)).share == "all":
            return EditorReply(is_applied=True, reason="")
        return first if isinstance(first, Successor) else None

    async def _account(self, landed: Landed, answer: Answer) -> Landed:
        """Use the approval up for what the editor did; without one, say so plainly."""
        if landed.state == "refused":
            return refused(answer, landed.outcome)
        if landed.state not in ("applied", "partial"):
            return landed
        if not answer.is_approval:
            return unapproved(landed, answer)
        try:
            await self.approvals.use(answer.approval_id, answer.digest)
        except StewardError as error:
            return Landed("partial", f"{landed.outcome} The approval could not be used: {error}")
        return landed

    async def _note(
        self, principal: Principal, approval_id: str, question: Question, reply: EditorReply
    ) -> Answer:
        try:
            return await self.approvals.answer(
                principal,
                approval_id,
                question.digest(),
                approve=reply.is_applied,
                channel="editor diff",
                reply=Reply(reason=reply.said),
            )
        except StaleError:  # Answered elsewhere meanwhile, which is what closed the diff.
            return await self.approvals.look(approval_id)

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
            landed = read_back(proposal, found, "found after a restart")
            answer = await self.approvals.look(approval_id)
            is_no = answer.state == "rejected" or answer.is_partial
            return unapproved(landed, answer) if is_no else remarked(landed, answer)
        except StewardError as error:
            return unread(error)

    async def _outcome(self, way: Way, proposal: EditProposal, reply: EditorReply) -> Landed:
        """What became of an edit that was sent.

        Raises:
            StaleError: nothing, because others changed the files. No other error is a way out:
                files may have changed.
        """
        try:
            found, left_out = await self._settled(way, proposal, is_expected=reply.is_applied)
        except StewardError as error:
            return unread(error)
        if found.share == "none":
            return Landed("refused", why_not(reply, left_out))
        if found.share == "foreign" and not reply.is_applied:
            raise StaleError(
                "The change was not applied: somebody else edited the text while it was on its"
                " way. Read the file again and propose the change anew."
            )
        how = "applied" if reply.is_applied else "applied, though it was reported that not"
        return read_back(proposal, found, how)

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
        return await way.look(proposal), names(found.before)


async def _first(*works: Coroutine[Any, Any, _Result]) -> _Result:
    """What the first of them that ends gives, or raises; the others are cancelled."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(_or_error(work)) for work in works]
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            task.cancel()
    first = next(task.result() for task in running if not task.cancelled())
    if isinstance(first, StewardError):
        raise first
    return first


async def _or_error(work: Awaitable[_Result]) -> _Result | StewardError:
    """The error as a value: out of a task group it would come wrapped."""
    try:
        return await work
    except StewardError as error:
        return error
