"""What people may do, decided in one place from the role that they have among the others.

    owner       everything; there is always one
    admin       any budget and price, the providers' keys, and the tokens of those below; and who
                else is a maintainer, developer or viewer, and of which team
    maintainer  what a developer may; and lets an agent move protected branches
    developer   calls models and works with agents; the lead of a team, who is one or a maintainer,
                also limits what its members may spend
    viewer      reads reports, and calls no model

Unknown means no: whoever is not among the people of an organisation that has any may do nothing.
"""

from dataclasses import dataclass
from typing import assert_never

from steward.core.money import as_usd
from steward.core.principal import Principal, Role
from steward.permissions.act import EVERYTHING, HARMLESS, Capability


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the organisation knows."""

    user: str
    role: Role
    team: str = ""
    """The team that they belong to; empty where it is none."""
    is_lead: bool = False
    """Whether they lead that team; a team has one lead at most."""


@dataclass(frozen=True, slots=True)
class SetBudget:
    """Limiting what an account may spend."""

    scope: str
    hard: int | None
    """The new limit; None for no limit."""
    whose: Person | None
    """Of a person's account, that person, if known."""
    team_hard: int | None
    """What the team of whoever acts may spend; None if nobody limited it."""
    owners: int
    """How many owners there are."""


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """Adding somebody, changing what they are, or removing them."""

    before: Person | None
    after: Person | None
    owners: int
    """How many owners there are before the change."""


@dataclass(frozen=True, slots=True)
class SetPrice:
    """Saying what a model costs."""

    model: str
    owners: int
    """How many owners there are."""


@dataclass(frozen=True, slots=True)
class KeepKeys:
    """Seeing, adding, replacing, checking or removing the keys of providers."""

    owners: int
    """How many owners there are."""


@dataclass(frozen=True, slots=True)
class KeepTokens:
    """Making, seeing or revoking somebody's personal tokens."""

    whose: Person | None
    """The person, if known."""
    owners: int
    """How many owners there are."""


@dataclass(frozen=True, slots=True)
class SeeFigures:
    """Reading how others work: what became of what was suggested to them."""

    owners: int
    """How many owners there are."""


@dataclass(frozen=True, slots=True)
class ChangeAgent:
    """Writing, changing or deleting an agent that everybody, or a team, may then use."""

    agent_id: str
    is_shipped: bool
    """Whether it takes the place of one that comes with the product."""
    created_by: str
    """Who wrote it; whoever acts, where it is new."""
    teams: frozenset[str]
    """The teams it is for, before and after the change; an empty name stands for everybody."""
    owners: int
    """How many owners there are."""


_AT_WORK: frozenset[Role] = frozenset(("maintainer", "developer"))
_BELOW_ADMINS: frozenset[Role] = frozenset((*_AT_WORK, "viewer"))
"""The roles that an admin gives and takes."""

Act = SetBudget | ChangePerson | SetPrice | KeepKeys | KeepTokens | SeeFigures | ChangeAgent


def why_not(actor: Person | None, act: Act) -> str | None:
    """Why whoever acts may not do this, in words for them; None if they may."""
    match act:
        case SetBudget():
            return _why_not_limit(actor, act)
        case ChangePerson():
            return _why_impossible(act) or _why_not_change(actor, act)
        case SetPrice():
            return _why_not_price(actor, act)
        case KeepKeys():
            return _why_not_keys(actor, act)
        case KeepTokens():
            return _why_not_tokens(actor, act)
        case SeeFigures():
            return _why_not_administrate(actor, act.owners, "the figures of others")
        case ChangeAgent():
            return _why_not_agent(actor, act)
        case _:
            assert_never(act)


def why_no_call(principal: Principal) -> str | None:
    """Why this person may call no model; None if they may."""
    match principal.role:
        case "owner" | "admin" | "maintainer" | "developer":
            return None
        case "viewer":
            return (
                f"{principal.user!r} has the role 'viewer', which calls no model. Ask an owner or"
                f" admin to run `steward people role {principal.user}"
                " developer`."
            )
        case None:
            return (
                f"{principal.user!r} is not among the people of this organisation, so no model is"
                " called for them. Ask an owner or admin to run `steward people add"
                f" {principal.user}`."
            )


def capabilities_of(role: Role | None) -> frozenset[Capability]:
    """What an agent may do at most for a person of this role; nothing for a role nobody knows."""
    if role in ("owner", "admin", *_AT_WORK):
        return EVERYTHING
    return HARMLESS if role == "viewer" else frozenset()


def may_move_protected(role: Role | None) -> bool:
    """Whether an agent may propose to move a protected branch for a person of this role."""
    return role in ("owner", "admin", "maintainer")


def why_no_report(principal: Principal) -> str | None:
    """Why this person may read no figures of the organisation; None if they may."""
    if principal.role is not None:
        return None
    return (
        f"{principal.user!r} is not among the people of this organisation, so its figures are not"
        f" shown to them. Ask an owner or admin to run `steward people add {principal.user}`."
    )


def why_no_health(principal: Principal) -> str | None:
    """Why this person may not read how the server and its machine stand; None if they may."""
    if principal.role in ("owner", "admin"):
        return None
    return (
        f"Your role, {principal.role or 'none'!r}, does not include how the server stands. Ask an"
        " owner or admin."
    )


def _why_not_limit(actor: Person | None, act: SetBudget) -> str | None:
    if actor is None:
        return _UNKNOWN if act.owners else _FIRST
    if actor.role in ("owner", "admin"):
        return None
    of_own_team = act.whose is not None and act.whose.team == actor.team != ""
    if not (actor.is_lead and actor.role in _AT_WORK and of_own_team):
        return (
            f"Your role, {actor.role!r}, does not include the budget of {act.scope!r}. Ask an owner"
            " or admin; for a member of a team, its lead can do it too."
        )
    if act.team_hard is None:
        return (
            f"The team {actor.team!r} has no limit of its own, so its lead has nothing to share"
            f" out. Ask an owner or admin to run `steward budget set team:{actor.team}`."
        )
    if act.hard is None or act.hard > act.team_hard:
        return (
            f"A lead can give a member no more than the team has, which is {as_usd(act.team_hard)}."
            " Name a lower limit, or ask an owner or admin."
        )
    return None


def _why_impossible(act: ChangePerson) -> str | None:
    """What nobody may do, whatever their role."""
    before, after = act.before, act.after
    becomes_owner = after is not None and after.role == "owner"
    if act.owners == 0 and not becomes_owner:
        return _FIRST
    if act.owners == 1 and before is not None and before.role == "owner" and not becomes_owner:
        return (
            f"{before.user!r} is the last owner, and there must be one. Make somebody else an owner"
            " first, with `steward people role NAME owner`."
        )
    if after is not None and after.is_lead and (after.role == "viewer" or not after.team):
        return (
            f"{after.user!r} cannot lead a team: a lead belongs to it and is no viewer. Change the"
            " role or the team first."
        )
    return None


def _why_not_change(actor: Person | None, act: ChangePerson) -> str | None:
    if act.owners == 0:
        return None  # Somebody must be the first.
    if actor is None:
        return _UNKNOWN
    if actor.role == "owner":
        return None
    touched = {each.role for each in (act.before, act.after) if each is not None}
    if actor.role == "admin" and touched <= _BELOW_ADMINS:
        return None
    return (
        f"Your role, {actor.role!r}, does not include this change. Admins decide about"
        " maintainers, developers and viewers, and owners about everybody; ask one of them."
    )


def _why_not_price(actor: Person | None, act: SetPrice) -> str | None:
    return _why_not_administrate(
        actor, act.owners, f"the price of {act.model!r}: every budget is counted by it"
    )


def _why_not_keys(actor: Person | None, act: KeepKeys) -> str | None:
    return _why_not_administrate(actor, act.owners, "the keys of providers")


def _why_not_administrate(actor: Person | None, owners: int, what: str) -> str | None:
    if actor is None:
        return _UNKNOWN if owners else _FIRST
    if actor.role in ("owner", "admin"):
        return None
    return f"Your role, {actor.role!r}, does not include {what}. Ask an owner or admin."


def _why_not_tokens(actor: Person | None, act: KeepTokens) -> str | None:
    if actor is None:
        return _UNKNOWN if act.owners else _FIRST
    if act.whose is None:
        return "Nobody of that name is among the people; see `steward people list`."
    if act.whose.user == actor.user or actor.role == "owner":
        return None
    # With an owner's token an admin would be the owner.
    if actor.role == "admin" and act.whose.role in _BELOW_ADMINS:
        return None
    return (
        f"Your role, {actor.role!r}, does not include the tokens of {act.whose.user!r}. Ask them to"
        " do it, or an owner."
    )


def _why_not_agent(actor: Person | None, act: ChangeAgent) -> str | None:
    if actor is None or actor.role in ("owner", "admin", "viewer") or act.is_shipped:
        return _why_not_administrate(actor, act.owners, f"the agent {act.agent_id!r}")
    if act.created_by != actor.user:
        return (
            f"The agent {act.agent_id!r} was written by {act.created_by!r}; only they, an owner or"
            " admin change it. Write one under another name."
        )
    if foreign := act.teams - {"", actor.team}:
        return (
            f"The agent {act.agent_id!r} is for the team {min(foreign)!r}, which is not yours."
            " Name your own team, or ask an owner or admin."
        )
    return None


_FIRST = (
    "Nobody is known here yet, and the first person must be an owner. Run `steward people add NAME"
    " --role owner` first."
)
_UNKNOWN = (
    "You are not among the people of this organisation, so you may change nothing. Ask an owner or"
    " admin to add you with `steward people add`."
)
