"""The one place where it is decided whether something may be done.

    0. Refusals: what a person refused in the session, letter for letter, is denied.
    1. Tool: an agent reaches only tools it was given; anything else is denied. So with the agents
       that it may call, of which a run calls only so many.
    2. Capability: what is none of those below is denied.
    3. Mode: analysis_only denies all that is more than reading; a mode that nobody knows denies.
    4. Agent: a capability that its definition was not granted is denied.
    5. Role: a capability that the person's role does not include is denied.
    6. Policy and rules of the operator: they deny, or have it asked about.
    7. Trust: in a folder that nobody trusts, no command runs, no MCP server is called and nothing
       is sent to the remotes that it names.
    8. Protected branches move only for those whose role includes it, and are pushed to by no
       agent; files that steer other programs are changed by no agent.
    9. Rules of the agent: deny over ask over allow. An allow spares the question of 11 and 13 and
       nothing else, so no rule gives what 1 to 8 do not; a server that is not in the jail without
       network is asked about at each call.
    Here dry_run ends: whatever is more than reading and was not denied is recorded, not done.
    10. Flags: once the run has read words of strangers and seen private things, nothing that was
       allowed or granted earlier counts for what writes or sends; sending is asked about anew.
    11. Plan: what is more than reading and not in the approved plan, by tool, by file and by
       called agent, is a new plan.
    12. Mode step, then grants for the rest of the run: they spare what 6, 9 and 13 would ask.
       Never for files that steer other programs, never in mode step.
    13. Nature: reading is allowed; running a command, calling an MCP server and calling an
       extension are asked about; a proposal is allowed, because nothing comes of it until a person
       approves its exact bytes.

Where an agent was called by another, all of this is decided for each of them, from the one that
acts up to the one that the run was started with, and the narrowest decision holds. So no agent can
do through another what it may not do itself.

Unknown means no. Nothing that a model says is an input of this function but the paths, commands,
branch and agent of the act that its arguments were parsed into. Rules that deny or ask are read as
wide, and those that allow as narrow as their words can be; see `steward.permissions.rules`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from steward.permissions.act import EVERYTHING, HARMLESS, INERT, Act, Capability, is_given
from steward.permissions.control_files import is_control_path
from steward.permissions.flags import NOTHING_SEEN, Flags
from steward.permissions.globs import is_branch_near, is_path_in
from steward.permissions.rules import Rule, is_covered, stopped_by

Mode = Literal["normal", "analysis_only", "dry_run", "step"]
"""How a run goes about its work.

`analysis_only`: nothing may be changed or run, whatever else is granted. `dry_run`: what would
change is recorded and not done. `step`: whatever is more than reading is asked about before it is
done, whether or not it was allowed.
"""

MODES: frozenset[Mode] = frozenset(get_args(Mode))
PROTECTED_BRANCHES = ("main", "master", "release/*")
"""The branches that are protected where nobody said otherwise."""

_OF_OTHERS: frozenset[Capability] = frozenset(("command.run", "mcp.call", "extension.call"))
"""Other people's code at work."""
_WHY_ASKED: Mapping[Capability, str] = {
    "command.run": "it runs a command",
    "mcp.call": "it calls an MCP server",
    "extension.call": "it calls an extension",
}
_OF_TRUSTED: Mapping[Capability, str] = {
    "command.run": "no command runs",
    "git.send": "nothing is sent to the remotes of a folder",
    "mcp.call": "no MCP server is called",
}
_NOT_MOVED = "your role does not move it"
_CHANGING: frozenset[Capability] = frozenset(("files.propose", "git.propose", "command.run"))


@dataclass(frozen=True, slots=True)
class Authority:
    """On whose say something is done: the intersection of these is what is permitted."""

    agent_tools: frozenset[str]
    agent_grants: frozenset[Capability]
    role_grants: frozenset[Capability]
    """See `steward.permissions.roles.capabilities_of`."""
    mode: Mode = "normal"
    policy: Mapping[Capability, Literal["ask", "deny"]] = field(
        default_factory=dict[Capability, Literal["ask", "deny"]]
    )
    plan_tools: frozenset[str] | None = None
    """The tools that the approved plan names; `None` before there is a plan."""
    plan_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Tool → the globs of the files that the approved plan lets it touch; a tool that is not here
    was planned without naming files."""
    rules: tuple[Rule, ...] = ()
    """The agent's."""
    policy_rules: tuple[Rule, ...] = ()
    """The operator's. The invoker puts them here."""
    grants: tuple[Rule, ...] = ()
    """What a person granted for the rest of the run, as rules that allow. The invoker looks them
    up right before it asks for a decision."""
    flags: Flags = NOTHING_SEEN
    is_trusted: bool = False
    """Whether the person trusts the folder."""
    protected_branches: tuple[str, ...] = PROTECTED_BRANCHES
    """Patterns. The invoker puts the operator's here."""
    may_move_protected: bool = False
    """Whether the person's role includes protected branches."""
    agents: frozenset[str] = frozenset()
    """The agents that it may call, by their ids."""
    agents_left: int = 0
    """How many agents the run may still call."""
    plan_agents: frozenset[str] = frozenset()
    """The agents that the approved plan has called."""
    refused: str = ""
    """When a person refused exactly this act in the session; empty where nobody did. The invoker
    looks it up right before it asks for a decision."""
    above: tuple["Authority", ...] = ()
    """Those of the agents that called this one. Each must permit what is done."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A person decides."""

    reason: str
    is_beyond_plan: bool = False
    """Whether they decide about a new plan, rather than about this call."""


@dataclass(frozen=True, slots=True)
class Record:
    """Work out what would be done and keep it; it is not done. The reason is for the model."""

    reason: str


@dataclass(frozen=True, slots=True)
class Deny:
    """Refused; the reason is for the person and for the model."""

    reason: str


Decision = Allow | Ask | Record | Deny


def decide(authority: Authority, act: Act) -> Decision:
    """Whether this may be done, by whoever does it and by everybody who called them."""
    own = _decide(authority, act)
    others = [_of_caller(_decide(each, act)) for each in _callers(authority)]
    # The first of equals is the agent's own; among the others the words, and no order, decide.
    return max(own, *sorted(others, key=_told), key=_strictness) if others else own


def _callers(authority: Authority) -> Iterator[Authority]:
    for each in authority.above:
        yield each
        yield from _callers(each)


def _of_caller(decision: Decision) -> Decision:
    if isinstance(decision, Allow):
        return decision
    return replace(decision, reason=f"by the rights of the agent that called it, {decision.reason}")


def _told(decision: Decision) -> str:
    return "" if isinstance(decision, Allow) else decision.reason


def _strictness(decision: Decision) -> int:
    match decision:
        case Allow():
            return 0
        case Ask(is_beyond_plan=False):
            return 1
        case Ask():
            return 2
        case Record():
            return 3
        case Deny():
            return 4


def _decide(authority: Authority, act: Act) -> Decision:
    """What one of them permits."""
    denied = _denied(authority, act)
    if denied is not None:
        return Deny(denied)
    is_harmless = act.capability in HARMLESS
    if authority.mode == "dry_run" and act.capability not in INERT:
        return Record("this is a dry run: what would change or run is written down and not done")
    is_void = _is_void(authority, act)
    is_allowed = not is_void and _is_covered((*authority.rules, *authority.policy_rules), act)
    if not is_harmless and not is_allowed:
        named = (authority.plan_tools or frozenset(), authority.plan_files, authority.plan_agents)
        beyond = beyond_plan(*named, act)
        if beyond is not None:
            return Ask(beyond, is_beyond_plan=True)
    if authority.mode == "step" and not is_harmless:
        return Ask("you chose to be asked about each step")
    asked = _asked(authority, act, is_allowed=is_allowed, is_void=is_void)
    if asked is None or (not is_void and _is_granted(authority, act)):
        return Allow()
    return Ask(asked)


def may_be_granted(authority: Authority, act: Act) -> bool:
    """Whether a yes to this act could hold for the rest of the run."""
    chain = (authority, *_callers(authority))
    return (
        all(each.mode != "step" and not _is_void(each, act) for each in chain)
        and not _has_control_file(act)
        and act.commands is not None
    )


def beyond_plan(
    tools: frozenset[str],
    files: Mapping[str, tuple[str, ...]],
    agents: frozenset[str],
    act: Act,
) -> str | None:
    """Why a plan that names these does not cover this; None where it does.

    `files`: tool → the globs of the files that it may touch; one that is not there may touch any.
    """
    if act.tool not in tools:
        return f"the approved plan does not name {act.tool}"
    if act.agent and act.agent not in agents:
        return f"the approved plan does not name the agent {act.agent} for {act.tool}"
    globs = files.get(act.tool)
    if globs is None:
        return None
    for path in act.paths:
        if not any(is_path_in(path, glob) for glob in globs):
            return f"the approved plan does not name {path} for {act.tool}"
    return None


def _denied(authority: Authority, act: Act) -> str | None:
    tool, capability = act.tool, act.capability
    if authority.refused:
        return f"you refused this at {authority.refused}, and that holds until you take it back"
    if not is_given(tool, authority.agent_tools):
        return f"this agent was not given the tool {tool!r}"
    if capability not in EVERYTHING:
        return f"{capability!r} is not a capability"
    if authority.mode not in MODES:
        return f"{authority.mode!r} is not a mode"
    if authority.mode == "analysis_only" and capability not in INERT:
        return f"the run is for analysis only, and {tool} would do more than read"
    if capability not in authority.agent_grants:
        return f"this agent was not granted {capability}"
    if capability not in authority.role_grants:
        return f"your role does not include {capability}"
    return (
        _denied_call(authority, act)
        or _denied_here(authority, act)
        or _denied_by_agent(authority, act)
    )


def _denied_call(authority: Authority, act: Act) -> str | None:
    """Of another agent."""
    if act.capability != "agent.call":
        return None
    if act.agent not in authority.agents:
        there = ", ".join(sorted(authority.agents)) or "none"
        return f"the agent {act.agent!r} may not be called here; those that may: {there}"
    if authority.agents_left <= 0:
        return "this run has called as many agents as one may; go on without"
    return None


def _denied_here(authority: Authority, act: Act) -> str | None:
    """By the operator, the folder, and what it is about."""
    capability = act.capability
    if authority.policy.get(capability) == "deny":
        return f"the workspace's policy forbids {capability}"
    if rule := stopped_by(authority.policy_rules, "deny", act):
        return f"the settings forbid it with the rule '{rule}'"
    if not authority.is_trusted and capability in _OF_TRUSTED:
        return (
            f"nobody said that this folder is trusted, and {_OF_TRUSTED[capability]} in one that is"
            " not; 'steward trust' says so"
        )
    if act.branch and (capability == "git.send" or not authority.may_move_protected):
        for pattern in sorted(authority.protected_branches):
            if is_branch_near(act.branch, pattern):
                whose = "no agent pushes to it" if capability == "git.send" else _NOT_MOVED
                return f"the branch is protected ({pattern!r}), and {whose}"
    if capability in _CHANGING and _has_control_file(act):
        return (
            "it would change a file that steers tools (git, editors, CI, Steward), as only a person"
            " does"
        )
    return None


def _denied_by_agent(authority: Authority, act: Act) -> str | None:
    rule = stopped_by(authority.rules, "deny", act)
    return None if rule is None else f"this agent's rule '{rule}' forbids it"


def _is_void(authority: Authority, act: Act) -> bool:
    """Whether what was allowed or granted earlier does not count for this."""
    writes_or_sends = act.capability not in HARMLESS and not (
        act.capability in _OF_OTHERS and act.is_contained
    )
    return writes_or_sends and authority.flags.are_both_set


def _asked(authority: Authority, act: Act, *, is_allowed: bool, is_void: bool) -> str | None:
    """Why a person is asked, for the first reason there is."""
    if authority.policy.get(act.capability) == "ask":
        return f"the workspace's policy asks before {act.capability}"
    if rule := stopped_by(authority.policy_rules, "ask", act):
        return f"the settings ask before it with the rule '{rule}'"
    if rule := stopped_by(authority.rules, "ask", act):
        return f"this agent's rule '{rule}' asks before it"
    if is_void and act.capability == "model.ask":
        return "the run has read what others wrote and seen what is private, and this sends"
    if act.capability in _OF_OTHERS and not is_allowed:
        return _WHY_ASKED[act.capability]
    return None


def _is_granted(authority: Authority, act: Act) -> bool:
    return _is_covered(authority.grants, act) and not _has_control_file(act)


def _is_covered(rules: tuple[Rule, ...], act: Act) -> bool:
    """Whether rules spare the question.

    Never what reaches out to a server: that is no proposal whose bytes somebody sees, and nobody
    could take it back.
    """
    return not act.is_reaching_out and is_covered(rules, act)


def _has_control_file(act: Act) -> bool:
    return any(is_control_path(path.split("/")) for path in act.paths)
