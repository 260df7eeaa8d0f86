"""Agents: those that come with Steward, those of the organisation, and what each may do.

A definition is a file, and the file is what is kept. What is for a team is that team's: owners and
admins see that there is such an agent and may replace or delete it, and do not read it.
"""

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter
from sqlmodel import Session

from steward.agents.agent import Agent, Source
from steward.agents.definitions import stored
from steward.agents.definitions.agent_file import check, check_id
from steward.agents.definitions.fields import values_of
from steward.agents.definitions.limits import FIXED_PROMPT_TOKENS_MAX, STORED_MAX
from steward.agents.definitions.powers import in_words
from steward.agents.definitions.roster import Listed, Roster, text_of
from steward.agents.definitions.stored import Stored, Version
from steward.agents.run_list import agents_of_folders
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.permissions.people import permit_figures
from steward.web.rest.agent_answers import (
    AgentChange,
    AgentChecked,
    AgentLine,
    AgentPower,
    AgentProblem,
    Agents,
    AgentText,
    AgentTrial,
    AgentVersion,
    AgentWanted,
    AgentWhole,
    FolderAgentLine,
    TrialStep,
    TrialWanted,
)
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rooms import Rooms

router = APIRouter(prefix="/agents", tags=["agents"])

_FOLDERS_MAX = 100


@router.get("")
async def list_agents(caller: Reading, rooms: Opened) -> Agents:
    """The agents that there are for you."""
    return await agents_of(caller, rooms)


async def agents_of(caller: Caller, rooms: Rooms) -> Agents:
    """Every definition that the caller may see, those that do not count too."""
    principal = caller.principal
    known = await _known(caller, rooms)
    of_folders, refusal = await rooms.database.read(
        lambda session: (
            agents_of_folders(session, principal, _FOLDERS_MAX),
            stored.why_not_change(session, principal, ""),
        )
    )
    return Agents(
        items=tuple(_line(each.listed, each.kept, is_private=each.is_private) for each in known),
        of_folders=tuple(
            FolderAgentLine(id=each.agent_id, name=each.name, workspace=each.workspace)
            for each in of_folders
        ),
        why_not_create=refusal or "",
    )


@router.get("/{agent_id}")
async def read_agent(
    caller: Reading, rooms: Opened, agent_id: str, source: Source | None = None
) -> AgentWhole:
    """One agent: by itself the definition that counts."""
    return await agent_of(caller, rooms, agent_id, source)


async def agent_of(
    caller: Caller, rooms: Rooms, agent_id: str, source: Source | None = None
) -> AgentWhole:
    """One definition, whole.

    Raises:
        NotFoundError: there is none for the caller.
    """
    found = await _find(caller, rooms, agent_id, source)
    principal = caller.principal

    def work(session: Session) -> tuple[tuple[Version, ...], str | None]:
        kept = stored.versions(session, principal.tenant_id, agent_id)
        return kept, stored.why_not_change(session, principal, agent_id)

    versions, refusal = await rooms.database.read(work)
    return await asyncio.to_thread(_whole, caller, rooms, found, versions, refusal or "")


@router.post("", status_code=201)
async def create_agent(caller: Managing, rooms: Opened, wanted: AgentWanted) -> AgentWhole:
    """Keep a new agent, as far as your role goes."""
    return await create(caller, rooms, wanted)


async def create(caller: Caller, rooms: Rooms, wanted: AgentWanted) -> AgentWhole:
    """Keep a new agent.

    Raises:
        InvalidInputError: it is no definition, or there is one of that id.
        NotPermittedError: the caller's role does not include it; that is audited.
    """
    check_id(wanted.id)
    now, principal = rooms.clock.now(), caller.principal
    _permitted(
        await rooms.database.run(
            lambda session: stored.create(session, principal, wanted.id, wanted.text, now)
        )
    )
    return await agent_of(caller, rooms, wanted.id, "stored")


@router.put("/{agent_id}")
async def change_agent(
    caller: Managing, rooms: Opened, agent_id: str, wanted: AgentChange
) -> AgentLine:
    """Put another text in an agent's place; runs that it has begun go on as they were."""
    return await change(caller, rooms, agent_id, wanted)


async def change(caller: Caller, rooms: Rooms, agent_id: str, wanted: AgentChange) -> AgentLine:
    """Change a stored agent.

    Raises:
        InvalidInputError: it is no definition.
        NotFoundError: there is none of that id.
        NotPermittedError: the caller's role does not include it; that is audited.
        StaleError: somebody else changed it meanwhile.
    """
    now, principal = rooms.clock.now(), caller.principal
    _permitted(
        await rooms.database.run(
            lambda session: stored.edit(session, principal, agent_id, wanted.text, now, wanted.was)
        )
    )
    found = await _find(caller, rooms, agent_id, "stored")
    return _line(found.listed, found.kept, is_private=found.is_private)


@router.delete("/{agent_id}", status_code=204)
async def delete_agent(caller: Managing, rooms: Opened, agent_id: str) -> None:
    """Throw a stored agent away; runs that it has begun go on."""
    await delete(caller, rooms, agent_id)


async def delete(caller: Caller, rooms: Rooms, agent_id: str) -> None:
    """Delete a stored agent.

    Raises:
        NotFoundError: there is none of that id.
        NotPermittedError: the caller's role does not include it; that is audited.
    """
    now, principal = rooms.clock.now(), caller.principal
    _permitted(
        await rooms.database.run(lambda session: stored.delete(session, principal, agent_id, now))
    )


@router.post("/check")
async def check_agent(_caller: Reading, wanted: AgentText) -> AgentChecked:
    """Say what is wrong with a definition; nothing is kept."""
    return await checked(wanted.text)


async def checked(text: str) -> AgentChecked:
    """All that is wrong with a text, in the order of its lines."""
    return AgentChecked(problems=await asyncio.to_thread(_problems, text))


@router.post("/{agent_id}/test")
async def try_agent(
    caller: Managing, rooms: Opened, agent_id: str, wanted: TrialWanted
) -> AgentTrial:
    """Have an agent plan something, on your account; nothing of it is done.

    Who hangs up before the answer cancels the call, and pays for what was streamed by then.
    """
    return await attempt(caller, rooms, agent_id, wanted.goal)


async def attempt(caller: Caller, rooms: Rooms, agent_id: str, goal: str) -> AgentTrial:
    """Ask an agent's model for a plan.

    Raises:
        NotFoundError: there is no such agent for the caller.
        OverBudgetError, UnavailableError, NotPermittedError: no model was asked, or none answered.
        InvalidInputError: what it answered is no plan.
    """
    found = await _find(caller, rooms, agent_id, None)
    tried = await rooms.trial.plan(caller.principal, _readable(found), goal)
    return AgentTrial(
        summary=tried.plan.summary,
        steps=tuple(
            TrialStep(title=each.title, tool=each.tool, detail=each.detail, files=each.files)
            for each in tried.plan.steps
        ),
        questions=tried.plan.questions,
        cost_nano_usd=tried.cost,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """A definition, and what the database has of it."""

    listed: Listed
    kept: Stored | None
    is_private: bool = False


async def _known(caller: Caller, rooms: Rooms) -> tuple[_Known, ...]:
    """What is for the caller; for owners and admins also that there is something for others."""
    principal, database = caller.principal, rooms.database
    listed = await Roster(database, None, rooms.approvals.seal).list(principal)

    def work(session: Session) -> tuple[dict[str, Stored], bool]:
        kept = stored.everyone(session, principal.tenant_id)
        try:
            permit_figures(session, principal)
        except NotPermittedError:
            sees_all = False
        else:
            sees_all = True
        return {each.agent_id: each for each in kept}, sees_all

    kept, sees_all = await database.read(work)
    seen = {each.agent_id for each in listed if each.source == "stored"}
    others = [each for name, each in kept.items() if name not in seen] if sees_all else []
    return (
        *(
            _Known(each, kept.get(each.agent_id) if each.source == "stored" else None)
            for each in listed
        ),
        *(
            _Known(Listed(each.agent_id, "stored", None, counts=False), each, is_private=True)
            for each in others[:STORED_MAX]
        ),
    )


async def _find(caller: Caller, rooms: Rooms, agent_id: str, source: Source | None) -> _Known:
    known = [each for each in await _known(caller, rooms) if each.listed.agent_id == agent_id]
    fit = [each for each in known if source is None or each.listed.source == source]
    # The one that counts comes first; one that is another team's counts for nobody here.
    fit.sort(key=lambda each: not each.listed.counts)
    if not fit:
        raise NotFoundError(
            f"There is no agent {agent_id[:60]!r} for you. Those of a folder are files in its"
            " `.steward/agents`; the list of agents shows the others."
        )
    return fit[0]


def _readable(found: _Known) -> Agent:
    if found.listed.agent is None:
        raise InvalidInputError(
            found.listed.problem or "This agent is for another team, and only that team uses it."
        )
    return found.listed.agent


def _permitted(refusal: str | None) -> None:
    if refusal is not None:
        raise NotPermittedError(refusal)


def _line(listed: Listed, kept: Stored | None, *, is_private: bool) -> AgentLine:
    agent = listed.agent
    return AgentLine(
        id=listed.agent_id,
        source=listed.source,
        counts=listed.counts,
        name=agent.name if agent else "",
        description=agent.description if agent else "",
        mode=agent.mode if agent else "",
        may=in_words(agent) if agent else "",
        team=agent.team_scope if agent else kept.team_scope if kept else "",
        created_by=agent.created_by if agent else kept.created_by if kept else "",
        problem=listed.problem,
        is_private=is_private,
        updated_at=kept.updated_at if kept else None,
    )


def _whole(
    caller: Caller, rooms: Rooms, found: _Known, versions: tuple[Version, ...], refusal: str
) -> AgentWhole:
    listed, agent = found.listed, found.listed.agent
    text = "" if found.is_private else text_of(listed, found.kept, None)
    looked = check(text)
    standing = None if agent is None else rooms.trial.standing(caller.principal, agent)
    return AgentWhole(
        line=_line(listed, found.kept, is_private=found.is_private),
        text=text,
        sha256="" if found.is_private else stored.sha256_of(text),
        fields={} if looked.file is None else values_of(looked.file),
        persona=looked.persona if looked.file else "",
        powers=tuple(
            AgentPower(tool=each.tool, decision=each.decision, reason=each.reason)
            for each in (standing.powers if standing else ())
        ),
        problems=() if found.is_private else _problems(text),
        prompt_tokens=standing.prompt_tokens if standing else 0,
        prompt_tokens_max=FIXED_PROMPT_TOKENS_MAX,
        model=standing.model if standing else "",
        why_no_model=standing.why_no_model if standing else "",
        plan_cost_most_nano_usd=standing.plan_cost_most if standing else None,
        versions=tuple(
            AgentVersion(at=each.at, by=each.by, action=each.action, sha256=each.sha256)
            for each in versions
        ),
        why_not_change=refusal,
    )


def _problems(text: str) -> tuple[AgentProblem, ...]:
    return tuple(
        AgentProblem(line=each.line, message=each.message, is_error=each.is_error)
        for each in check(text).problems
    )
