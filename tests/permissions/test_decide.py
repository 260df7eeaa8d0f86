"""What is permitted is never more than any one of those who have a say permits."""

from dataclasses import replace
from typing import Any, Literal, cast

import pytest
from hypothesis import given, strategies as st

from steward.permissions.decide import (
    EVERYTHING,
    Allow,
    Ask,
    Authority,
    Capability,
    Decision,
    Deny,
    decide,
)

TOOL = "tool"
CAPABILITIES: tuple[Capability, ...] = tuple(sorted(EVERYTHING))
UNLIMITED = Authority(
    frozenset({TOOL}), EVERYTHING, EVERYTHING, plan_tools=frozenset({TOOL, "other"})
)

grants = st.frozensets(st.sampled_from(CAPABILITIES))
tools = st.frozensets(st.sampled_from((TOOL, "other")))
rules: st.SearchStrategy[Literal["ask", "deny"]] = st.sampled_from(("ask", "deny"))
authorities = st.builds(
    Authority,
    agent_tools=tools,
    agent_grants=grants,
    role_grants=grants,
    mode=st.sampled_from(("normal", "analysis_only")),
    policy=st.dictionaries(st.sampled_from(CAPABILITIES), rules),
    plan_tools=st.none() | tools,
)
capabilities = st.sampled_from(CAPABILITIES)


def width(decision: Decision) -> int:
    """How much is permitted: nothing, after asking, anything."""
    match decision:
        case Deny():
            return 0
        case Ask():
            return 1
        case Allow():
            return 2


@given(authorities, capabilities, st.data())
def test_taking_something_away_never_permits_more(
    authority: Authority, capability: Capability, data: st.DataObject
) -> None:
    policy = dict(authority.policy)
    policy.setdefault(data.draw(capabilities), data.draw(rules))
    less = [
        replace(authority, agent_tools=authority.agent_tools & data.draw(tools)),
        replace(authority, agent_grants=authority.agent_grants & data.draw(grants)),
        replace(authority, role_grants=authority.role_grants & data.draw(grants)),
        replace(authority, mode="analysis_only"),
        replace(authority, policy=policy),
        replace(authority, policy={**authority.policy, capability: "deny"}),
        replace(authority, plan_tools=None),
        replace(authority, plan_tools=(authority.plan_tools or frozenset()) & data.draw(tools)),
    ]
    before = width(decide(authority, TOOL, capability))
    assert all(width(decide(narrower, TOOL, capability)) <= before for narrower in less)


@given(authorities, capabilities)
def test_whoever_denies_has_the_last_word(authority: Authority, capability: Capability) -> None:
    is_denied = (
        TOOL not in authority.agent_tools
        or capability not in authority.agent_grants
        or capability not in authority.role_grants
        or authority.policy.get(capability) == "deny"
        or (authority.mode == "analysis_only" and capability != "files.read")
    )
    assert isinstance(decide(authority, TOOL, capability), Deny) == is_denied


@given(authorities)
def test_a_command_is_never_run_unasked(authority: Authority) -> None:
    assert not isinstance(decide(authority, TOOL, "command.run"), Allow)


@given(authorities, st.sampled_from(("files.propose", "git.propose", "command.run")))
def test_only_reading_is_allowed_unasked_without_a_plan_that_names_it(
    authority: Authority, capability: Capability
) -> None:
    unplanned = replace(authority, plan_tools=frozenset({"other"}))
    assert not isinstance(decide(unplanned, TOOL, capability), Allow)


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_analysis_only_is_for_reading(capability: Capability) -> None:
    decision = decide(replace(UNLIMITED, mode="analysis_only"), TOOL, capability)
    assert isinstance(decision, Allow) == (capability == "files.read")
    assert isinstance(decision, Deny) == (capability != "files.read")


@given(st.text().filter(lambda name: name != TOOL), capabilities)
def test_a_tool_that_the_agent_was_not_given_is_denied(name: str, capability: Capability) -> None:
    assert isinstance(decide(UNLIMITED, name, capability), Deny)


@given(st.text().filter(lambda name: name not in EVERYTHING))
def test_what_is_no_capability_is_denied_even_if_it_was_granted(name: str) -> None:
    unknown = cast(Any, name)
    granted = replace(
        UNLIMITED,
        agent_grants=EVERYTHING | {unknown},
        role_grants=EVERYTHING | {unknown},
    )
    assert isinstance(decide(granted, TOOL, unknown), Deny)


def test_a_plan_that_names_the_tool_lets_it_propose() -> None:
    assert decide(UNLIMITED, TOOL, "files.propose") == Allow()
    assert decide(UNLIMITED, TOOL, "git.propose") == Allow()


def test_a_policy_can_have_even_reading_asked_about() -> None:
    asking = replace(UNLIMITED, policy={"files.read": "ask", "files.propose": "ask"})
    assert isinstance(decide(asking, TOOL, "files.read"), Ask)
    assert isinstance(decide(asking, TOOL, "files.propose"), Ask)
    assert isinstance(decide(asking, TOOL, "git.propose"), Allow)


def test_a_refusal_says_whose_it_is() -> None:
    by_role = decide(replace(UNLIMITED, role_grants=frozenset()), TOOL, "command.run")
    by_policy = decide(replace(UNLIMITED, policy={"files.read": "deny"}), TOOL, "files.read")
    assert by_role == Deny("your role does not include command.run")
    assert by_policy == Deny("the workspace's policy forbids files.read")
