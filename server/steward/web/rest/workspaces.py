"""The folders that agents worked in, and who trusts them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlmodel import Session, col, func, select

from steward.agents.tables import RunRow
from steward.core.errors import NotFoundError, NotPermittedError, UnavailableError
from steward.core.limits import PATH_CHARS_MAX
from steward.core.principal import Principal
from steward.ledger.report import usage_by
from steward.permissions.accepted_files import said_of_files
from steward.permissions.folder import Folder, folder_at
from steward.permissions.people import sees_figures
from steward.permissions.roles import why_no_report
from steward.permissions.seal import Seal
from steward.permissions.trust import Decided, everyones_decided, take_back_trust
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.query import LIMIT, Limit
from steward.web.rooms import Rooms

router = APIRouter(prefix="/workspaces", tags=["workspaces"])

HOW_TO_TRUST = (
    "Trust is given where the folder can be looked at: open it in your editor, which shows what it"
    " would have a say in and asks once, or run `steward trust FOLDER`."
)
_Path = Annotated[str, Query(min_length=1, max_length=PATH_CHARS_MAX)]


class TrustSeen(Answer):
    """What somebody said when they were asked whether they trust a folder."""

    user: str
    is_trusted: bool
    decided_at: datetime
    identity: str
    """Which folder stood at the path; what they said holds for that one alone."""


class WorkspaceSeen(Answer):
    """A folder that agents worked in, or that somebody was asked about."""

    path: str
    runs: int
    """Of agents, as far as the caller may see them."""
    last_run_at: datetime | None
    cost_nano_usd: int
    """What was charged for it this month (UTC)."""
    trust: tuple[TrustSeen, ...]
    """What the caller said of it; for owners and admins, what everybody said."""


class FileSeen(Answer):
    """A file of instructions that somebody was asked about."""

    user: str
    path: str
    """Relative to the folder."""
    sha256: str
    """Of the bytes that they were asked about; other bytes are asked about anew."""
    is_accepted: bool


class AgentAtWork(Answer):
    """An agent that worked in the folder."""

    agent_id: str
    runs: int
    modes: tuple[str, ...]
    """In which modes: normal, analysis_only, dry_run …"""


class WorkspaceWhole(Answer):
    """Everything that is known of one folder."""

    workspace: WorkspaceSeen
    files: tuple[FileSeen, ...]
    agents: tuple[AgentAtWork, ...]
    is_same_folder: bool | None
    """Whether the folder at the path is still the one that the caller was asked about; null where
    they were not, or it is not on this machine."""
    how_to_trust: str


class TrustTakenBack(Wanted):
    """A folder to trust no more."""

    path: str
    """As the list has it."""


@router.get("")
async def list_workspaces(
    caller: Reading,
    rooms: Opened,
    limit: Limit = LIMIT,
    after: Annotated[str | None, Query(max_length=PATH_CHARS_MAX)] = None,
) -> Paged[WorkspaceSeen]:
    """The folders that are known, by path: the caller's own; for owners and admins, all."""
    return await workspaces_of(caller, rooms, limit, after)


@router.get("/one")
async def read_workspace(caller: Reading, rooms: Opened, path: _Path) -> WorkspaceWhole:
    """One folder: its trust, the files that agents may follow, and who worked in it."""
    return await workspace_of(caller, rooms, path)


@router.post("/distrust", status_code=204)
async def take_back(caller: Managing, rooms: Opened, wanted: TrustTakenBack) -> None:
    """Trust a folder no more: its agents and instructions are gone, and no command runs in it.

    Only one's own trust is taken back. Trust is given in the editor or at the shell, where the
    folder itself can be looked at.
    """
    await take_back_of(caller, rooms, wanted.path)


async def workspaces_of(
    caller: Caller, rooms: Rooms, limit: int, after: str | None
) -> Paged[WorkspaceSeen]:
    """The folders behind the path `after`.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
    """
    found = await rooms.database.read(lambda session: _known(session, caller, rooms))
    left = [each for each in found if after is None or each.path > after]
    shown = left[:limit]
    return Paged(items=tuple(shown), next=shown[-1].path if len(left) > limit else None)


async def workspace_of(caller: Caller, rooms: Rooms, path: str) -> WorkspaceWhole:
    """One folder.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
        NotFoundError: nothing that they may see is known of it.
    """
    seal, principal = rooms.approvals.seal, caller.principal

    def work(session: Session) -> WorkspaceWhole:
        found = next((each for each in _known(session, caller, rooms) if each.path == path), None)
        if found is None:
            raise NotFoundError(f"No workspace {path!r} is known that you may see.")
        return WorkspaceWhole(
            workspace=found,
            files=_files(session, seal, principal, found),
            agents=_agents(session, principal, path),
            is_same_folder=None,
            how_to_trust=HOW_TO_TRUST,
        )

    whole = await rooms.database.read(work)
    own = [each for each in whole.workspace.trust if each.user == principal.user]
    is_same = await asyncio.to_thread(_is_same, path, own[0].identity) if own else None
    return whole.model_copy(update={"is_same_folder": is_same})


async def take_back_of(caller: Caller, rooms: Rooms, path: str) -> None:
    """Let the caller trust a folder no more.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
        NotFoundError: they do not trust it.
    """
    _check(caller)
    seal, principal, now = rooms.approvals.seal, caller.principal, rooms.clock.now()
    await rooms.database.run(lambda session: take_back_trust(session, seal, principal, path, now))


def _check(caller: Caller) -> None:
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)


def _known(session: Session, caller: Caller, rooms: Rooms) -> list[WorkspaceSeen]:
    _check(caller)
    principal, today = caller.principal, rooms.clock.now().astimezone(UTC).date()
    tenant = principal.tenant_id
    sees_all = sees_figures(session, principal)
    runs = _runs(session, tenant, None if sees_all else principal.user)
    trust: dict[str, list[TrustSeen]] = {}
    for user, decided in everyones_decided(session, rooms.approvals.seal, tenant):
        if sees_all or user == principal.user:
            trust.setdefault(decided.path, []).append(_trust(user, decided))
    costs = {
        line.name: line.cost_nano_usd
        for line in usage_by(session, tenant, "workspace", today.replace(day=1), today)
    }
    paths = {*runs, *trust, *(costs if sees_all else ())} - {""}
    return [
        WorkspaceSeen(
            path=path,
            runs=runs.get(path, (0, None))[0],
            last_run_at=runs.get(path, (0, None))[1],
            cost_nano_usd=costs.get(path, 0),
            trust=tuple(trust.get(path, ())),
        )
        for path in sorted(paths)
    ]


def _runs(
    session: Session, tenant: str, user: str | None
) -> Mapping[str, tuple[int, datetime | None]]:
    wanted = select(RunRow.workspace, func.count(), func.max(RunRow.created_at)).where(
        RunRow.tenant_id == tenant
    )
    if user is not None:
        wanted = wanted.where(RunRow.user == user)
    rows: Sequence[Any] = session.connection().execute(wanted.group_by(col(RunRow.workspace))).all()
    return {str(path): (int(count), last) for path, count, last in rows}


def _agents(session: Session, principal: Principal, path: str) -> tuple[AgentAtWork, ...]:
    wanted = select(RunRow.agent_id, RunRow.mode, func.count()).where(
        RunRow.tenant_id == principal.tenant_id, RunRow.workspace == path
    )
    if not sees_figures(session, principal):
        wanted = wanted.where(RunRow.user == principal.user)
    grouped = wanted.group_by(col(RunRow.agent_id), col(RunRow.mode))
    counts: dict[str, int] = {}
    modes: dict[str, list[str]] = {}
    rows: Sequence[Any] = session.connection().execute(grouped).all()
    for agent, mode, count in sorted(rows):
        counts[agent] = counts.get(agent, 0) + int(count)
        modes.setdefault(agent, []).append(mode)
    return tuple(
        AgentAtWork(agent_id=agent, runs=count, modes=tuple(modes[agent]))
        for agent, count in counts.items()
    )


def _files(
    session: Session, seal: Seal, principal: Principal, found: WorkspaceSeen
) -> tuple[FileSeen, ...]:
    files: list[FileSeen] = []
    for each in found.trust:
        person = Principal(each.user, "", found.path, principal.tenant_id)
        said = said_of_files(session, seal, person, Folder(found.path, each.identity))
        files += [
            FileSeen(user=each.user, path=path, sha256=digest, is_accepted=is_accepted)
            for path, (digest, is_accepted) in sorted(said.items())
        ]
    return tuple(files)


def _trust(user: str, decided: Decided) -> TrustSeen:
    return TrustSeen(
        user=user,
        is_trusted=decided.is_trusted,
        decided_at=decided.at,
        identity=decided.identity,
    )


def _is_same(path: str, identity: str) -> bool | None:
    try:
        return folder_at(path).identity == identity
    except UnavailableError:
        return None
