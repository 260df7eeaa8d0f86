"""`propose-edit`: a change that an extension wants, through the door that every change takes.

The call returns as soon as the proposal is kept; a person sees the diff and decides, whenever they
like, and `editDecided` tells the extension. Where the files change meanwhile, the proposal is
merged or stale as an agent's is. The proposal belongs to a run of its own, whose id names the
extension and the process that lands it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from steward.core.errors import LimitError, StewardError
from steward.core.extension_limits import EXTENSION_PROPOSALS_OPEN_MAX
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.extensions.activity import Activity
from steward.extensions.granted import Wanted
from steward.extensions.host.arguments import payload_read, text_in
from steward.extensions.host.draft import Draft
from steward.extensions.host.gate import Caller, Gate
from steward.extensions.host.own_edits import OwnEdits
from steward.extensions.payloads import EditDecided, ProposeEditRequest, ProposeEditResponse
from steward.extensions.run_id import begins_like_one, owner_of_run, run_of_proposal
from steward.workspace.land import Lander
from steward.workspace.land_refs import Landed
from steward.workspace.markdown import one_line
from steward.workspace.proposal import EditProposal
from steward.workspace.tables import ProposalRow

_log = logging.getLogger(__name__)

_REQUEST_CHARS_MAX = 16 * 1024 * 1024
_GONE = "Whoever proposed it is gone; no file was touched."

EditState = Literal["applied", "refused", "stale", "undecided"]

Decided = Callable[[str, EditDecided], Awaitable[None]]
"""Extension and what became of its proposal."""


@dataclass(frozen=True, slots=True)
class EditParts:
    """What proposals of extensions land with."""

    door: Callable[[], Lander]
    """Makes a door; each extension has one of its own, because a question may be open for hours."""
    owner: str
    """The name of this process."""
    if_dead: Callable[[str], AbstractContextManager[bool]]
    """Whether another process has died, and inside nobody else finds out the same. Blocks."""
    claim: Callable[[], object]
    """Shows others that this process lives. Blocks."""
    new_id: IdSource


@dataclass(frozen=True, slots=True)
class _Landing:
    extension: str
    proposal: EditProposal


class Edits:
    """Takes proposals and lands them beside everything else."""

    def __init__(self, gate: Gate, parts: EditParts, activity: Activity, own: OwnEdits) -> None:
        self._gate = gate
        self._parts = parts
        self._activity = activity
        self._own = own
        self._doors: dict[str, Lander] = {}
        self._waiting: asyncio.Queue[_Landing] = asyncio.Queue()
        self._open: dict[str, int] = {}
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}

    async def propose(self, caller: Caller, arguments: tuple[str | None, ...]) -> str:
        """`propose-edit`: the id of the proposal."""
        text = text_in(arguments, 0, _REQUEST_CHARS_MAX)
        wanted = await payload_read(ProposeEditRequest, text, _REQUEST_CHARS_MAX)
        door = self._door(caller.id)
        paths = tuple(
            str(door.workspace.resolve(path))
            for change in wanted.changes
            for path in (change.path, change.to)
            if path is not None
        )
        await self._gate.check(caller, Wanted("files.propose", paths))
        # Whether `old_text` fits says what the file holds, and whoever may not read it could guess.
        edited = [change.path for change in wanted.changes if change.do == "edit"]
        read = tuple(str(door.workspace.resolve(path)) for path in edited)
        if read:
            await self._gate.check(caller, Wanted("files.read", read))
        if self._open.get(caller.id, 0) >= EXTENSION_PROPOSALS_OPEN_MAX:
            raise LimitError(
                f"{EXTENSION_PROPOSALS_OPEN_MAX} proposals of this extension wait for the person"
                " already; wait for `editDecided`."
            )
        self._open[caller.id] = self._open.get(caller.id, 0) + 1
        try:
            proposal = await self._kept(caller, door, wanted)
        except BaseException:
            self._close(caller.id)
            raise
        self._waiting.put_nowait(_Landing(caller.id, proposal))
        return ProposeEditResponse(proposal=proposal.id).model_dump_json()

    async def _kept(self, caller: Caller, door: Lander, wanted: ProposeEditRequest) -> EditProposal:
        draft = Draft(door.workspace)
        for change in wanted.changes:
            await draft.take(change)
        run_id = run_of_proposal(caller.id, self._parts.owner, self._parts.new_id())
        title = f"Extension {caller.named}: {one_line(wanted.title)}"
        proposal = EditProposal(f"{run_id}.edit", run_id, title, draft.done())
        await asyncio.to_thread(self._parts.claim)
        await door.proposals.keep(caller.principal, proposal)
        await self._activity.note(caller.id, "proposed", proposal.id, proposal.title)
        return proposal

    async def keep(self, principal: Principal, decided: Decided) -> None:
        """Land what is proposed, until cancelled."""
        try:
            await self._recover(principal)
        except StewardError as error:  # The next start tries again.
            _log.warning("proposals of extensions could not be ended: %s", error.code)
        async with asyncio.TaskGroup() as tasks:
            while True:
                landing = await self._waiting.get()
                task = tasks.create_task(self._landed(principal, landing, decided))
                own = self._tasks.setdefault(landing.extension, set())
                own.add(task)
                task.add_done_callback(own.discard)

    def cancel(self, extension: str) -> None:
        """Take back what an extension that goes has proposed and nobody answered."""
        for task in tuple(self._tasks.get(extension, ())):
            task.cancel()

    async def _landed(self, principal: Principal, landing: _Landing, decided: Decided) -> None:
        extension, proposal = landing.extension, landing.proposal
        door = self._door(extension)
        self._own.note(extension, proposal)
        try:
            landed = await door.land(principal, proposal.id)
        except asyncio.CancelledError:
            # Nobody waits for it any more; what was begun is ended by the next start.
            await asyncio.shield(self._give_up(principal, proposal))
            self._own.forget(extension, proposal.by_path())
            raise
        except StewardError as error:
            landed = Landed("stale", str(error))
        finally:
            self._close(extension)
        await self._tell(extension, proposal, landed, decided)

    async def _tell(
        self, extension: str, proposal: EditProposal, landed: Landed, decided: Decided
    ) -> None:
        if landed.state == "applied":
            await self._note_last(extension, proposal)
        else:
            self._own.forget(extension, proposal.by_path())
        await self._activity.note(extension, "landed", proposal.id, landed.outcome)
        answer = EditDecided(proposal=proposal.id, state=_state(landed))
        try:
            await decided(extension, answer)
        except StewardError as error:
            _log.info("an extension was not told: %s", error.code, extra={"extension": extension})

    async def _note_last(self, extension: str, proposal: EditProposal) -> None:
        """What took the proposal's place may have landed in its stead, with other texts."""
        proposals = self._door(extension).proposals
        last = proposal.id
        while (following := await proposals.successor_of(last)) is not None:
            last = following
        kept = (await proposals.find(last)).proposal
        if isinstance(kept, EditProposal):
            self._own.note(extension, kept)

    async def _give_up(self, principal: Principal, proposal: EditProposal) -> None:
        """End one that was not begun; its question would change nothing any more."""
        door = self._parts.door()
        await door.approvals.withdraw(principal, proposal.run_id, proposal.id)
        kept = await door.proposals.find(proposal.id)
        if kept.state == "proposed":
            await door.proposals.mark(principal, proposal.id, "refused", outcome=_GONE)

    async def _recover(self, principal: Principal) -> None:
        """End what windows have left half-way that have died."""
        door, is_begun = self._parts.door(), False
        found = await door.proposals.database.read(lambda session: _left(session, principal))
        for proposal_id, run_id, state in found:
            if not await self._is_dead(owner_of_run(run_id)):
                continue
            kept = (await door.proposals.find(proposal_id)).proposal
            if state == "proposed" and isinstance(kept, EditProposal):
                await self._give_up(principal, kept)
            else:
                is_begun = True
                await door.approvals.withdraw(principal, run_id, proposal_id)
                await door.proposals.mark(principal, proposal_id, "unfinished")
        if is_begun:
            await door.end_unfinished(principal)

    async def _is_dead(self, owner: str) -> bool:
        lock = ExitStack()
        try:
            return await asyncio.to_thread(lock.enter_context, self._parts.if_dead(owner))
        finally:
            await asyncio.to_thread(lock.close)

    def _door(self, extension: str) -> Lander:
        if extension not in self._doors:
            self._doors[extension] = self._parts.door()
        return self._doors[extension]

    def _close(self, extension: str) -> None:
        self._open[extension] -= 1
        if not self._open[extension]:
            del self._open[extension]


def _left(session: Session, principal: Principal) -> list[tuple[str, str, str]]:
    rows = session.exec(
        select(ProposalRow).where(
            ProposalRow.tenant_id == principal.tenant_id,
            ProposalRow.workspace == principal.workspace,
            ProposalRow.kind == "edit",
            col(ProposalRow.state).in_(("proposed", "applying")),
            col(ProposalRow.run_id).startswith(begins_like_one()),
        )
    )
    return [(row.id, row.run_id, row.state) for row in rows if owner_of_run(row.run_id)]


def _state(landed: Landed) -> EditState:
    match landed.state:
        case "applied":
            return "applied"
        case "refused":
            return "refused"
        case "stale":
            return "stale"
        case _:
            return "undecided"
