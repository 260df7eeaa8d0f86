"""Undo and redo of what runs changed in one workspace, through the door that every change takes.

An undo is a proposal like any other: it is kept, shown, asked about and landed. What it takes back
comes from the proposals that were kept, never from git, so the index and HEAD stay as they are. It
waits for no question of a run, which may be open for hours; that the files are still what it was
computed from is checked when it lands, whoever else lands something meanwhile.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from steward.agents.presence import Presence
from steward.agents.undo import Chosen, Wanted, chosen
from steward.agents.undo_told import Ended, Prepared, standing_of
from steward.agents.undo_wishes import UndoWish, claim_wish, end_wish, open_wishes
from steward.agents.workflows.owner import Owner
from steward.core.database import Database
from steward.core.errors import LimitError, StewardError
from steward.core.ids import IdSource
from steward.core.limits import CHANGES_BYTES_MAX, CHANGES_MAX
from steward.core.principal import Principal
from steward.core.store import Mark
from steward.workspace.history.undo import Applied, Now, TakenBack, Unreadable, paths_of, take_back
from steward.workspace.history.undo_rows import (
    applied_since,
    landed_refs,
    open_undos,
    undo_run,
)
from steward.workspace.land import Lander
from steward.workspace.land_refs import Landed
from steward.workspace.proposal import EditProposal, FileChange, Undo

_log = logging.getLogger(__name__)

_NOTHING_LEFT = "No file is left in which anything can be {}."
_LOOK_S = 1.0
"""How soon it is noticed what somebody asks at a shell."""
_GONE = "Whoever asked for it is gone; no file was touched."


@dataclass(frozen=True, slots=True)
class Undoing:
    """Takes back what runs changed, and does it again."""

    lander: Lander
    """One of its own."""
    new_id: IdSource
    owner: Owner
    presence: Presence

    async def undo(self, principal: Principal, wanted: Wanted) -> Ended:
        """Prepare, ask, land.

        Raises:
            NotFoundError, NotPermittedError, InvalidInputError: see `chosen`.
            LimitError: it is too much for one proposal.
        """
        return await self.land(principal, await self.prepare(principal, wanted))

    async def prepare(self, principal: Principal, wanted: Wanted) -> Prepared:
        """What would be done, and what could not be. Nothing is written down."""
        database = self._database
        found = await database.read(lambda session: chosen(session, principal, wanted))
        since = min(target.at for target in found.targets)
        ids = [target.proposal.id for target in found.targets]
        tenant_id, workspace = principal.tenant_id, principal.workspace
        later = await database.read(
            lambda session: applied_since(session, tenant_id, workspace, since, ids)
        )
        now = {path: await self._now(path) for path in paths_of(found.targets, later)}
        taken = await asyncio.to_thread(take_back, found.targets, later, now)
        _check_size(taken.changes)
        rows = await database.read(
            lambda session: (
                []
                if wanted.change_id or found.is_redo
                else landed_refs(session, tenant_id, found.run.id)
            )
        )
        standing = await standing_of(self.lander.git, rows)
        proposal = self._proposal(found, taken) if taken.changes else None
        return Prepared(proposal, taken.left, standing, found.is_redo)

    async def land(self, principal: Principal, prepared: Prepared) -> Ended:
        """Put it before the person and, if they approve, make it so."""
        proposal = prepared.proposal
        if proposal is None:
            done = "done again" if prepared.is_redo else "undone"
            return Ended(prepared, Landed("refused", _NOTHING_LEFT.format(done)))
        await asyncio.to_thread(self.owner.claim)
        await self.lander.proposals.keep(principal, proposal)
        try:
            return Ended(prepared, await self.lander.land(principal, proposal.id))
        except asyncio.CancelledError:
            # Nobody waits for it any more; what was begun is ended by the next start.
            await asyncio.shield(self._give_up(principal, proposal))
            raise

    async def keep(self, principal: Principal) -> None:
        """End what the dead have left, then serve people at a shell, until cancelled."""
        try:
            await asyncio.to_thread(self.presence.show)
            await self.recover(principal)
            await self.attend(principal)
        finally:
            self.presence.leave()

    async def attend(self, principal: Principal) -> None:
        """Do what people at a shell ask of this window, until cancelled."""
        seen: Mark | None = None
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.to_thread(self.presence.show)
                mark = await self._database.mark()
                if mark is None or mark != seen:
                    for wish in await self._database.read(
                        lambda session: open_wishes(session, principal)
                    ):
                        if await self._database.run(partial(claim_wish, wish_id=wish.id)):
                            tasks.create_task(self._serve(principal, wish))
                seen = mark
                await asyncio.sleep(_LOOK_S)

    async def _serve(self, principal: Principal, wish: UndoWish) -> None:
        try:
            told = (await self.undo(principal, wish.wanted)).as_told()
        except StewardError as error:
            told = {"state": "refused", "outcome": str(error)}
        except Exception:  # An outer boundary: the other wishes are served all the same.
            _log.exception("an undo broke")
            told = {"state": "refused", "outcome": "Something went wrong; the log has the details."}
        end = partial(end_wish, wish_id=wish.id, told=told, at=self.lander.proposals.clock.now())
        await self._database.run(end)

    async def recover(self, principal: Principal) -> None:
        """End what was left half-way by windows and shells that have died."""
        tenant_id, workspace = principal.tenant_id, principal.workspace
        left = await self._database.read(lambda s: open_undos(s, tenant_id, workspace))
        is_begun = False
        for proposal, state in left:
            if not await self._is_dead(proposal):
                continue
            if state == "proposed":
                await self._give_up(principal, proposal)
            else:
                is_begun = True
                await self.lander.proposals.mark(principal, proposal.id, "unfinished")
        if is_begun:
            await self.lander.end_unfinished(principal)

    async def _is_dead(self, proposal: EditProposal) -> bool:
        lock = ExitStack()
        try:
            held = self.owner.if_dead(proposal.undo.owner if proposal.undo else "")
            return await asyncio.to_thread(lock.enter_context, held)
        finally:
            await asyncio.to_thread(lock.close)

    async def _give_up(self, principal: Principal, proposal: EditProposal) -> None:
        """End one that was not begun; its question would change nothing any more."""
        kept = await self.lander.proposals.find(proposal.id)
        if kept.state == "proposed":
            await self.lander.approvals.withdraw(principal, proposal.run_id, proposal.id)
            await self.lander.proposals.mark(principal, proposal.id, "refused", outcome=_GONE)

    async def _now(self, path: str) -> Now:
        workspace = self.lander.workspace
        try:
            place = workspace.resolve(path)
            text = await workspace.text_now(place)
            if text is not None and await workspace.text_on_disk(place) is None:
                return Unreadable("it is open in the editor and not on the disk; save or close it")
        except StewardError as error:
            return Unreadable(str(error).rstrip("."))
        return text

    def _proposal(self, found: Chosen, taken: TakenBack) -> EditProposal:
        left = {1: " (1 file is left as it is)"}.get(
            len(taken.left), f" ({len(taken.left)} files are left as they are)"
        )
        return EditProposal(
            self.new_id(),
            undo_run(found.run.id),
            found.title + (left if taken.left else ""),
            taken.changes,
            Undo(
                tuple(target.proposal.id for target in reversed(found.targets)),
                tuple(_roots(found.targets, taken)),
                found.is_redo,
                self.owner.name,
                taken.together,
            ),
        )

    @property
    def _database(self) -> Database:
        return self.lander.proposals.database


def _roots(targets: Sequence[Applied], taken: TakenBack) -> Iterator[tuple[str, str, str]]:
    """The changes of agents behind what is taken back, also where that was an undo itself."""
    by_id = {target.proposal.id: target.proposal for target in targets}
    for proposal_id, path, here in taken.files:
        undo = by_id[proposal_id].undo
        if undo is None:
            yield proposal_id, path, here
            continue
        for change, changed, there in undo.files:
            if there == path:
                yield change, changed, here


def _check_size(changes: Sequence[FileChange]) -> None:
    held = sum(len(change.before or "") + len(change.after or "") for change in changes)
    if len(changes) > CHANGES_MAX or held > CHANGES_BYTES_MAX:
        raise LimitError(
            f"That changes {len(changes)} files, and one proposal may hold {CHANGES_MAX} files and"
            f" {CHANGES_BYTES_MAX} characters. Undo it step by step; `steward changes` names them."
        )
