"""How commits, branches and pull requests land, through the door in `land`: ask, begin, do it."""

import asyncio
from dataclasses import dataclass, replace

from steward.core.errors import NotPermittedError, StaleError, StewardError
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.forge.pull_request import PullRequest
from steward.permissions.approvals import Approvals
from steward.permissions.question import Answer
from steward.workspace.git.branch import BranchProposal
from steward.workspace.git.git import Git
from steward.workspace.proposal import CommitProposal
from steward.workspace.proposals import Proposals, ProposalState
from steward.workspace.pull_request import PullRequestProposal
from steward.workspace.pull_request_shown import pull_request_question
from steward.workspace.push.pull_requests import PullRequests
from steward.workspace.shown import branch_question, commit_question


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a proposal."""

    state: ProposalState
    outcome: str
    has_reason: bool = False
    """Whether the outcome holds the words of the person who said no."""
    is_pull_request: bool = False
    """Whether a pull request is open now that was approved here."""
    is_part: bool = False
    """Whether the person kept a part of what was proposed, and rejected the rest."""

    def after(self, before: "Landed") -> "Landed":
        """The end of what took the place of another proposal; it tells of both."""
        return replace(
            self,
            outcome=f"{self.outcome} {before.outcome}",
            has_reason=self.has_reason or before.has_reason,
            is_part=self.is_part or before.is_part,
        )


def refused(answer: Answer, outcome: str) -> Landed:
    """The end of a proposal that nobody approved, with the reason of the person who said no."""
    reason = answer.reply.reason if answer.state == "rejected" else ""
    if not reason:
        return Landed("refused", outcome)
    # The outcome is kept in the proposal's row and the audit trail.
    return Landed("refused", f"{outcome} The person says: {redact(reason)}", has_reason=True)


def remarked(landed: Landed, answer: Answer) -> Landed:
    """The same end, with what the person said beside their yes to the whole."""
    if not (answer.is_approval and answer.reply.reason):
        return landed
    said = f"The person says: {redact(answer.reply.reason)}"
    return replace(landed, outcome=f"{landed.outcome} {said}", has_reason=True)


async def begin(
    approvals: Approvals,
    proposals: Proposals,
    principal: Principal,
    proposal_id: str,
    answer: Answer,
) -> None:
    """Use the approval up and say, before anything changes, that it is about to."""
    await approvals.use(answer.approval_id, answer.digest)
    await proposals.mark(principal, proposal_id, "applying", approval_id=answer.approval_id)


@dataclass(frozen=True, slots=True)
class RefLander:
    """Lands what moves a branch, here or at a remote, and no file."""

    approvals: Approvals
    proposals: Proposals
    git: Git
    pull_requests: PullRequests | None = None

    async def commit(
        self, principal: Principal, proposal: CommitProposal, *, is_resumed: bool
    ) -> Landed:
        """Ask, commit, say what became of it; a commit that was made already is found."""
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
            return refused(answer, f"The commit was {answer.state}; nothing was committed.")
        await begin(self.approvals, self.proposals, principal, proposal.id, answer)
        try:
            made = await self.git.create_commit(prepared, self.proposals.clock.now())
        except StaleError:
            raise
        except StewardError as error:
            return Landed("refused", f"Nothing was committed: {error}")
        return Landed("applied", f"Committed {made[:12]} on {prepared.branch}.")

    async def branch(
        self, principal: Principal, proposal: BranchProposal, *, is_resumed: bool
    ) -> Landed:
        """Ask, make the branch, say what became of it; one that was made already is found."""
        prepared = proposal.prepared
        made = Landed("applied", f"Made the branch {prepared.branch} at {prepared.commit[:12]}.")
        if is_resumed and await self.git.has_branch(prepared):
            return made
        answer = await self.approvals.ask(principal, branch_question(proposal))
        if not answer.is_approval:
            return refused(answer, f"The branch was {answer.state}; none was made.")
        await begin(self.approvals, self.proposals, principal, proposal.id, answer)
        try:
            await self.git.create_branch(prepared)
        except StaleError:
            raise
        except StewardError as error:
            return Landed("refused", f"No branch was made: {error}")
        return made

    async def pull_request(
        self, principal: Principal, proposal: PullRequestProposal, begun_by: str | None
    ) -> Landed:
        """Ask, push, open it, say what became of it.

        `begun_by`: the id of the approval with which an earlier process began. What it pushed is
        not asked about again: only the pull request that was approved with it is still missing.
        """
        requests = self.pull_requests
        if requests is None:
            raise NotPermittedError("Nothing is sent to remotes here.")
        if begun_by is not None:
            landed = await self._begun(requests, proposal, begun_by)
            if landed is not None:
                return landed
        question = await asyncio.to_thread(pull_request_question, proposal)
        answer = await self.approvals.ask(principal, question)
        if not answer.is_approval:
            return refused(answer, f"The pull request was {answer.state}; nothing was sent.")
        await requests.check(proposal.prepared)
        await begin(self.approvals, self.proposals, principal, proposal.id, answer)
        try:
            await requests.push(proposal.prepared)
        except StaleError:
            raise
        except StewardError as error:
            return await self._not_pushed(requests, proposal, error)
        return await self._opened(requests, proposal)

    async def _begun(
        self, requests: PullRequests, proposal: PullRequestProposal, begun_by: str
    ) -> Landed | None:
        """What an earlier process began, brought to its end; `None` if nothing left the machine."""
        prepared = proposal.prepared
        try:
            found = await requests.find(prepared)
            if found is not None:
                return _open(proposal, found, "found after a restart")
            is_pushed = await requests.is_pushed(prepared)
            answer = await self.approvals.look(begun_by)
        except StewardError as error:
            return Landed("partial", f"Nobody can say whether the branch was pushed: {error}")
        question = await asyncio.to_thread(pull_request_question, proposal)
        if not is_pushed or not answer.is_approval or answer.digest != question.digest():
            return None
        return await self._opened(requests, proposal)

    async def _opened(self, requests: PullRequests, proposal: PullRequestProposal) -> Landed:
        """The branch is there: what is missing is the pull request."""
        route = proposal.prepared.route
        try:
            found = await requests.open(proposal.prepared)
        except StewardError as error:
            return Landed(
                "partial",
                f"The branch {route.head} was pushed to {route.target}, and no pull request was"
                f" opened: {error}",
            )
        return _open(proposal, found, "opened")

    async def _not_pushed(
        self, requests: PullRequests, proposal: PullRequestProposal, error: StewardError
    ) -> Landed:
        """A push that failed may have got there all the same: the remote says."""
        try:
            is_pushed = await requests.is_pushed(proposal.prepared)
        except StewardError:
            return Landed("partial", f"Nobody can say whether the branch was pushed: {error}")
        if is_pushed:
            return await self._opened(requests, proposal)
        return Landed("refused", f"Nothing was pushed: {error}")


def _open(proposal: PullRequestProposal, found: PullRequest, how: str) -> Landed:
    prepared = proposal.prepared
    route = prepared.route
    return Landed(
        "applied",
        f"The pull request {found.named()} of {route.head} at {prepared.tips.commit[:12]} for"
        f" {route.base} in {route.repository} is open ({how}).",
        is_pull_request=True,
    )
