"""Which agents there are for somebody in a workspace, and which definition of each counts.

A definition in the database takes the place of one that comes with the product, and one of a
trusted folder takes the place of both. Which one counts is never silent: the agent says what it
replaces, and whoever is asked about its plan sees it. A definition that cannot be read is an error
where it would count; nobody gets another agent under that name instead.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from steward.agents.agent import Agent, Source
from steward.agents.definitions.agent_file import FOLDER
from steward.agents.definitions.folder import Found, agents_in, written_in
from steward.agents.definitions.shipped import shipped, shipped_text
from steward.agents.definitions.stored import Stored, everyone
from steward.core.database import Database
from steward.core.errors import InvalidInputError, NotFoundError, StewardError
from steward.core.principal import Principal
from steward.permissions.seal import Seal
from steward.permissions.trust import Beforehand, decided_by, trusted_beforehand


@dataclass(frozen=True, slots=True)
class Listed:
    """One definition, as people are told of it."""

    agent_id: str
    source: Source
    agent: Agent | None
    """None where it cannot be read."""
    problem: str = ""
    """Why it cannot be read."""
    counts: bool = True
    """Whether it is the one that is started under its id."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The agents of one workspace, read anew each time."""

    database: Database
    root: Path | None
    """The workspace's folder; None where none is open."""
    seal: Seal
    """What the decisions about folders bear."""
    beforehand: Beforehand | None = None
    """As `Trust` has it."""

    async def find(self, principal: Principal, agent_id: str) -> Agent:
        """The agent that is started under this id.

        Raises:
            NotFoundError: there is none for this person here.
            InvalidInputError: its definition cannot be read; says where and why.
        """
        return await self._of(principal, agent_id, await self.list(principal))

    async def callable_by(self, principal: Principal, agent: Agent) -> tuple[Agent, ...]:
        """The agents that this one may call, as they are defined now.

        Raises:
            NotFoundError: there is one that is not there for this person here.
            InvalidInputError: one of their definitions cannot be read.
        """
        if not agent.agents:
            return ()
        listed = await self.list(principal)
        try:
            return tuple([await self._of(principal, each, listed) for each in agent.agents])
        except NotFoundError as error:
            raise NotFoundError(
                f"The agent {agent.agent_id!r} may call one that is not there. {error} Take it out"
                " of `agents` in the definition, or write it."
            ) from error

    async def _of(self, principal: Principal, agent_id: str, listed: Sequence[Listed]) -> Agent:
        found = next((each for each in listed if each.counts and each.agent_id == agent_id), None)
        if found is None:
            raise NotFoundError(await self._why_none(principal, agent_id, listed))
        if found.agent is None:
            raise InvalidInputError(found.problem)
        return found.agent

    async def list(self, principal: Principal) -> tuple[Listed, ...]:
        """Every definition that this person may use here, those that do not count too.

        The product's come first, then the rest by id.
        """
        coming = await asyncio.to_thread(shipped)
        kept = await self.database.read(lambda session: everyone(session, principal.tenant_id))
        brought = await self._brought(principal)
        every = (
            *(Listed(agent_id, "shipped", agent) for agent_id, agent in coming.items()),
            *(_of_stored(each) for each in kept if _is_for(principal, each.team_scope)),
            *(each for each in brought if _is_for(principal, _team(each))),
        )
        return _ordered(every, tuple(coming))

    async def _brought(self, principal: Principal) -> Sequence[Listed]:
        """The folder's agents; none as long as the person does not trust it."""
        if self.root is None or not await self._is_trusted(principal):
            return ()
        try:
            found = await asyncio.to_thread(agents_in, self.root)
        except StewardError as error:
            return (Listed(FOLDER, "workspace", None, str(error)),)
        return tuple(map(_of_found, found))

    async def _is_trusted(self, principal: Principal) -> bool:
        said = await decided_by(self.database, self.seal, principal)
        return await asyncio.to_thread(trusted_beforehand, self.beforehand, said, principal)

    async def _why_none(self, principal: Principal, agent_id: str, listed: Sequence[Listed]) -> str:
        there = ", ".join(sorted({each.agent_id for each in listed if each.agent is not None}))
        why = f"There is no agent {agent_id[:60]!r} for you here; there are: {there}."
        if self.root is not None and not await self._is_trusted(principal):
            why += (
                " Agents that this folder brings along are there once you trust it: run `steward"
                " trust` in it."
            )
        return why


def text_of(listed: Listed, kept: Stored | None, root: Path | None) -> str:
    """A definition as it was written; blocks: call it on a thread.

    `kept` is what the database has under its id, `root` the folder that the list was made for.

    Raises:
        NotFoundError: it has just gone.
    """
    match listed.source:
        case "shipped":
            return shipped_text(listed.agent_id)
        case "stored" if kept is not None:
            return kept.content
        case "workspace" if root is not None:
            return written_in(root, listed.agent_id)
        case _:
            raise NotFoundError(f"The agent {listed.agent_id!r} has just gone; list them again.")


def _of_stored(stored: Stored) -> Listed:
    try:
        return Listed(stored.agent_id, "stored", stored.agent())
    except InvalidInputError as error:
        return Listed(stored.agent_id, "stored", None, str(error))


def _of_found(found: Found) -> Listed:
    return Listed(found.agent_id, "workspace", found.agent, found.problem)


def _is_for(principal: Principal, team: str) -> bool:
    """Whether somebody is among those whom a definition is for."""
    return principal.role is not None and team in ("", principal.team)


def _team(listed: Listed) -> str:
    return listed.agent.team_scope if listed.agent is not None else ""


def _ordered(every: Sequence[Listed], first: Sequence[str]) -> tuple[Listed, ...]:
    """The definitions in the order in which people are shown them, each knowing if it counts."""
    by_id: dict[str, list[Listed]] = {}
    for each in every:  # The stronger ones come later.
        by_id.setdefault(each.agent_id, []).append(each)
    places: Mapping[str, int] = {agent_id: place for place, agent_id in enumerate(first)}
    ordered = sorted(by_id, key=lambda agent_id: (places.get(agent_id, len(places)), agent_id))
    return tuple(each for agent_id in ordered for each in _ranked(by_id[agent_id]))


def _ranked(same: Sequence[Listed]) -> Sequence[Listed]:
    *weaker, strongest = same
    if strongest.agent is not None:
        replaced = tuple(each.source for each in weaker)
        strongest = replace(strongest, agent=replace(strongest.agent, replaces=replaced))
    return (strongest, *(replace(each, counts=False) for each in reversed(weaker)))
