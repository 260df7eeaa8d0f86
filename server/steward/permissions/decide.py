"""The one place where it is decided whether something may be done.

    1. An agent reaches only tools it was given; anything else is denied.
    2. A mode that forbids changes denies what changes something, whoever grants it.
    3. What the person's role does not include is denied.
    4. The workspace's policy may deny, or turn "allow" into "ask"; it never widens.
    5. What the approved plan does not name is asked about.
    6. What the capability itself says: reading is allowed, running a command is asked about,
       a proposal is allowed because nothing comes of it until a person approves it.

Unknown means no. Nothing that a model says is an input of this function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, assert_never

Capability = Literal["files.read", "files.propose", "git.propose", "command.run"]
"""What a tool needs. A tool declares it, and an agent, a role and a policy grant it."""

Mode = Literal["normal", "analysis_only"]
"""`analysis_only`: nothing may be changed or run, whatever else is granted."""

EVERYTHING: frozenset[Capability] = frozenset(
    ("files.read", "files.propose", "git.propose", "command.run")
)


@dataclass(frozen=True, slots=True)
class Authority:
    """On whose say something is done: the intersection of these is what is permitted."""

    agent_tools: frozenset[str]
    agent_grants: frozenset[Capability]
    role_grants: frozenset[Capability]
    mode: Mode = "normal"
    policy: Mapping[Capability, Literal["ask", "deny"]] = field(
        default_factory=dict[Capability, Literal["ask", "deny"]]
    )
    plan_tools: frozenset[str] | None = None
    """The tools that the approved plan names; `None` before there is a plan."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A person decides."""

    reason: str


@dataclass(frozen=True, slots=True)
class Deny:
    """Refused; the reason is for the person and for the model."""

    reason: str


Decision = Allow | Ask | Deny


def decide(authority: Authority, tool: str, capability: Capability) -> Decision:
    """Whether `tool`, which needs `capability`, may be used."""
    denied = _denied(authority, tool, capability)
    if denied is not None:
        return Deny(denied)
    if authority.policy.get(capability) == "ask":
        return Ask(f"the workspace's policy asks before {capability}")
    if capability != "files.read" and tool not in (authority.plan_tools or ()):
        return Ask(f"the approved plan does not name {tool}")
    return _by_nature(capability)


def _denied(authority: Authority, tool: str, capability: Capability) -> str | None:
    if tool not in authority.agent_tools:
        return f"this agent was not given the tool {tool!r}"
    if capability not in EVERYTHING:
        return f"{capability!r} is not a capability"
    if authority.mode == "analysis_only" and capability != "files.read":
        return f"the run is for analysis only, and {tool} would do more than read"
    if capability not in authority.agent_grants:
        return f"this agent was not granted {capability}"
    if capability not in authority.role_grants:
        return f"your role does not include {capability}"
    if authority.policy.get(capability) == "deny":
        return f"the workspace's policy forbids {capability}"
    return None


def _by_nature(capability: Capability) -> Decision:
    match capability:
        case "files.read" | "files.propose" | "git.propose":
            return Allow()
        case "command.run":
            return Ask("it runs a command")
        case _:  # pragma: no cover
            assert_never(capability)
