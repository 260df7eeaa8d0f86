"""What an agent may do for a person, tool by tool, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from steward.agents.agent import Agent
from steward.agents.definitions.toolbox import MEANINGS, TOOLS, needs_of
from steward.core.agent_limits import AGENTS_CALLED_MAX
from steward.core.principal import Principal
from steward.permissions.decide import (
    Act,
    Allow,
    Ask,
    Authority,
    Deny,
    Record,
    decide,
)
from steward.permissions.roles import capabilities_of, may_move_protected
from steward.permissions.rules import Rule

_OF_OTHERS = ("mcp.call", "extension.call")
"""Tools that do not come with the product."""


@dataclass(frozen=True, slots=True)
class Power:
    """One tool, and what is decided when the plan names it."""

    tool: str
    decision: str
    reason: str


def powers(
    agent: Agent, principal: Principal, policy_rules: tuple[Rule, ...], *, is_trusted: bool
) -> tuple[Power, ...]:
    """What is decided about each tool of the agent, as long as no rule about a subject applies."""
    authority = Authority(
        agent_tools=agent.allowed_tools,
        agents=frozenset(agent.agents),
        agents_left=AGENTS_CALLED_MAX,
        plan_agents=frozenset(agent.agents),
        agent_grants=agent.permission_scope,
        role_grants=capabilities_of(principal.role),
        mode=agent.mode,
        plan_tools=agent.allowed_tools,
        rules=tuple(rule for rule in agent.rules if not rule.subject),
        policy_rules=tuple(rule for rule in policy_rules if not rule.subject),
        is_trusted=is_trusted,
        may_move_protected=may_move_protected(principal.role),
    )
    others = sorted(name for name in agent.allowed_tools if needs_of(name) in _OF_OTHERS)
    names = [*(name for name in TOOLS if name in agent.allowed_tools), *others]
    called = agent.agents[0] if agent.agents else ""
    return tuple(_power(authority, name, called) for name in names)


def narrower(agent: Agent) -> tuple[str, ...]:
    """The agent's rules about particular files and commands."""
    return tuple(f"{rule.effect} {rule}" for rule in agent.rules if rule.subject)


def in_words(agent: Agent) -> str:
    """What it may do at the most, in a sentence."""
    if agent.mode == "analysis_only":
        return f"May {_joined(_meanings(agent, only='read'))}, and change nothing."
    return f"May {_joined(_meanings(agent))}."


def _power(authority: Authority, name: str, called: str) -> Power:
    needs = needs_of(name)
    assert needs is not None
    commands = None if needs == "command.run" else ()
    act = Act(name, needs, commands=commands, agent=called if needs == "agent.call" else "")
    match decide(authority, act):
        case Allow():
            is_proposal = needs in ("files.propose", "git.propose", "git.send")
            return Power(name, "allowed", "what it proposes is asked about" if is_proposal else "")
        case Ask(reason):
            return Power(name, "asks", reason)
        case Record(reason):
            return Power(name, "recorded", reason)
        case Deny(reason):
            return Power(name, "denied", reason)


def _meanings(agent: Agent, only: str = "") -> Iterator[str]:
    used = {needs_of(tool) for tool in agent.allowed_tools}
    for capability, meaning in MEANINGS.items():
        if capability in used & agent.permission_scope and capability.endswith(only):
            yield meaning


def _joined(meanings: Iterator[str]) -> str:
    return "; ".join(meanings) or "do nothing"
