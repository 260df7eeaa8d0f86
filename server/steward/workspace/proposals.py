"""Where proposals are kept between the step that made them and the step that lands them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from sqlmodel import Session, col, select

from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import NotFoundError
from steward.core.principal import Principal
from steward.workspace.git.branch import BranchProposal, branch_from_json
from steward.workspace.history.landings import note_landed
from steward.workspace.proposal import (
    CommitProposal,
    EditProposal,
    Proposal,
    commit_from_json,
    edit_from_json,
)
from steward.workspace.pull_request import PullRequestProposal, pull_request_from_json
from steward.workspace.successor import Successor, successor_id
from steward.workspace.tables import ProposalRow

ProposalState = Literal[
    "proposed", "recorded", "applying", "applied", "partial", "unfinished", "refused", "stale"
]
"""`recorded` was made in a dry run and never lands; `partial` is left to the person; `unfinished`
is ended by the next start."""

ProposalKind = Literal["edit", "commit", "branch", "pull_request"]

GIVEN_UP = "The run was cancelled; no file was touched."
"""What became of a proposal whose run was cancelled first; if the run goes on, so does this."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A proposal and how far it got."""

    proposal: Proposal
    state: ProposalState
    outcome: str
    approval_id: str | None


@dataclass(frozen=True, slots=True)
class Proposals:
    """Keeps proposals; every change of state is audited in the same transaction."""

    database: Database
    clock: Clock

    async def keep(
        self,
        principal: Principal,
        proposal: Proposal,
        state: Literal["proposed", "recorded"] = "proposed",
    ) -> None:
        """Write the proposal down. A second time with the same id changes nothing."""
        await self.database.run(lambda session: self._keep(session, principal, proposal, state))

    def succession(
        self, principal: Principal, proposal_id: str, successor: Successor
    ) -> Callable[[Session], None]:
        """A unit of work: the proposal has ended, and its successor is kept in its place."""

        def work(session: Session) -> None:
            self._keep(session, principal, successor.proposal, "proposed")
            self._end(session, principal, proposal_id, successor.ended, successor.outcome, None)

        return work

    async def successor_of(self, proposal_id: str) -> str | None:
        """The id of what took its place; `None` where nothing did."""
        next_id = successor_id(proposal_id)
        row = await self.database.read(lambda session: session.get(ProposalRow, next_id))
        return None if row is None else next_id

    async def find(self, proposal_id: str) -> Kept:
        """The proposal as it was kept.

        Raises:
            NotFoundError: there is none.
        """
        row = await self.database.read(lambda session: session.get(ProposalRow, proposal_id))
        if row is None:
            raise NotFoundError(f"There is no proposal {proposal_id!r}.")
        return Kept(proposal_in(row), cast(ProposalState, row.state), row.outcome, row.approval_id)

    async def unfinished(self, principal: Principal) -> list[EditProposal]:
        """This workspace's edits that are neither whole nor taken back, oldest first."""
        return await self._edits(principal, ("unfinished",))

    async def open_edits(self, principal: Principal, run_id: str) -> list[EditProposal]:
        """A run's edits that were not brought to an end, oldest first."""
        found = await self._edits(principal, ("proposed", "applying"))
        return [edit for edit in found if edit.run_id == run_id]

    async def landed_in(self, run_id: str) -> dict[str, str | None]:
        """What a run has changed so far: relative path → the text that was approved last.

        `None` where the file was deleted, or renamed away.
        """

        def work(session: Session) -> dict[str, str | None]:
            rows = session.exec(
                select(ProposalRow)
                .where(
                    ProposalRow.run_id == run_id,
                    ProposalRow.kind == "edit",
                    ProposalRow.state == "applied",
                )
                .order_by(col(ProposalRow.ended_at))
            )
            edits = [edit_from_json(row.id, row.run_id, row.content) for row in rows]
            return {
                path: versions.after for edit in edits for path, versions in edit.by_path().items()
            }

        return await self.database.read(work)

    async def mark(
        self,
        principal: Principal,
        proposal_id: str,
        state: ProposalState,
        *,
        outcome: str = "",
        approval_id: str | None = None,
    ) -> None:
        """Record how far the proposal got."""
        await self.database.run(
            lambda session: self._end(session, principal, proposal_id, state, outcome, approval_id)
        )

    async def reopen(self, principal: Principal, run_id: str) -> None:
        """Let what was given up because the run was cancelled be asked about again."""

        def work(session: Session) -> None:
            for row in session.exec(
                select(ProposalRow).where(
                    ProposalRow.run_id == run_id,
                    ProposalRow.state == "refused",
                    ProposalRow.outcome == GIVEN_UP,
                )
            ):
                row.state, row.outcome, row.ended_at = "proposed", "", None
                session.add(row)
                self._audit(session, row, principal.user)

        await self.database.run(work)

    async def _edits(
        self, principal: Principal, states: tuple[ProposalState, ...]
    ) -> list[EditProposal]:
        def work(session: Session) -> list[EditProposal]:
            rows = session.exec(
                select(ProposalRow)
                .where(
                    ProposalRow.tenant_id == principal.tenant_id,
                    ProposalRow.workspace == principal.workspace,
                    ProposalRow.kind == "edit",
                    col(ProposalRow.state).in_(states),
                )
                .order_by(col(ProposalRow.created_at))
            )
            return [edit_from_json(row.id, row.run_id, row.content) for row in rows]

        return await self.database.read(work)

    def _keep(
        self, session: Session, principal: Principal, proposal: Proposal, state: ProposalState
    ) -> None:
        if session.get(ProposalRow, proposal.id) is not None:
            return
        row = ProposalRow(
            id=proposal.id,
            tenant_id=principal.tenant_id,
            workspace=principal.workspace,
            run_id=proposal.run_id,
            kind=_kind(proposal),
            content=proposal.as_json(),
            state=state,
            created_at=self.clock.now(),
        )
        session.add(row)
        self._audit(session, row, principal.user)

    def _end(
        self,
        session: Session,
        principal: Principal,
        proposal_id: str,
        state: ProposalState,
        outcome: str,
        approval_id: str | None,
    ) -> None:
        row = session.get_one(ProposalRow, proposal_id)
        row.state, row.outcome = state, outcome
        row.approval_id = approval_id or row.approval_id
        row.ended_at = None if state == "applying" else self.clock.now()
        session.add(row)
        note_landed(session, row)
        self._audit(session, row, principal.user)

    def _audit(self, session: Session, row: ProposalRow, user: str) -> None:
        append(
            session,
            at=self.clock.now(),
            tenant_id=row.tenant_id,
            actor=user,
            action=f"proposal.{row.state}",
            subject=row.run_id,
            detail={
                "proposal": row.id,
                "kind": row.kind,
                "approval": row.approval_id or "",
                "outcome": row.outcome,
            },
        )


def proposal_in(row: ProposalRow) -> Proposal:
    """The proposal that a row holds."""
    match row.kind:
        case "edit":
            return edit_from_json(row.id, row.run_id, row.content)
        case "branch":
            return branch_from_json(row.id, row.run_id, row.content)
        case "pull_request":
            return pull_request_from_json(row.id, row.run_id, row.content)
        case _:
            return commit_from_json(row.id, row.run_id, row.content)


def _kind(proposal: Proposal) -> ProposalKind:
    match proposal:
        case EditProposal():
            return "edit"
        case CommitProposal():
            return "commit"
        case BranchProposal():
            return "branch"
        case PullRequestProposal():
            return "pull_request"
