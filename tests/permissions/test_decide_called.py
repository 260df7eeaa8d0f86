"""What is permitted to a called agent is never more than any of those above it permits."""

import random
from dataclasses import replace

from hypothesis import given, strategies as st

from steward.permissions.decide import (
    Act,
    Allow,
    Ask,
    Authority,
    Decision,
    Deny,
    decide,
    may_be_granted,
)
from steward.permissions.rules import parse_rules
from tests.permissions.test_decide import EDIT, TOOL, UNLIMITED, acts, authorities, width

chains = st.lists(authorities, min_size=1, max_size=3)


@given(chains, acts, authorities, st.randoms(use_true_random=False))
def test_no_agent_may_do_through_another_what_it_may_not_do_itself(
    chain: list[Authority], act: Act, ancestor: Authority, dice: random.Random
) -> None:
    acting, *callers = chain
    together = decide(replace(acting, above=tuple(callers)), act)
    assert strictness(together) == max(strictness(decide(each, act)) for each in chain)
    more = replace(acting, above=(*callers, ancestor))
    assert strictness(decide(more, act)) >= strictness(together)
    # A caller that was called itself brings those above it.
    deep = acting
    if callers:
        deep = replace(acting, above=(replace(callers[0], above=tuple(callers[1:])),))
    assert decide(deep, act) == together
    mixed = dice.sample(chain, len(chain))
    other = decide(replace(mixed[0], above=tuple(mixed[1:])), act)
    assert strictness(other) == strictness(together)
    among_callers = tuple(dice.sample(callers, len(callers)))
    assert decide(replace(acting, above=among_callers), act) == together
    granted = may_be_granted(replace(acting, above=tuple(callers)), act)
    assert granted == all(may_be_granted(each, act) for each in chain)


def strictness(decision: Decision) -> int:
    """As `width` the other way round, where another plan is more than a question."""
    return 2 * (3 - width(decision)) + (isinstance(decision, Ask) and decision.is_beyond_plan)


CALL = Act(TOOL, "agent.call", agent="explain")
CALLING = replace(
    UNLIMITED, agents=frozenset({"explain"}), agents_left=1, plan_agents=frozenset({"explain"})
)


def test_an_agent_is_called_only_where_it_was_given_planned_and_there_is_one_left() -> None:
    assert decide(CALLING, CALL) == Allow()
    assert decide(replace(CALLING, mode="analysis_only"), CALL) == Allow()
    assert decide(replace(CALLING, plan_agents=frozenset()), CALL) == Ask(
        "the approved plan does not name the agent explain for tool", is_beyond_plan=True
    )
    for narrower in (
        replace(CALLING, agents=frozenset({"fix"})),
        replace(CALLING, agents_left=0),
        replace(CALLING, rules=parse_rules(deny=["tool(expl*)"])),
        replace(CALLING, above=(UNLIMITED,)),
    ):
        assert isinstance(decide(narrower, CALL), Deny)
    assert isinstance(decide(replace(CALLING, mode="step"), CALL), Ask)


def test_a_refusal_says_by_whom() -> None:
    by_person = decide(replace(UNLIMITED, refused="12:03 UTC"), Act(TOOL, "files.read"))
    assert by_person == Deny("you refused this at 12:03 UTC, and that holds until you take it back")
    by_caller = decide(
        replace(UNLIMITED, above=(replace(UNLIMITED, agent_grants=frozenset()),)), EDIT
    )
    assert by_caller == Deny(
        "by the rights of the agent that called it, this agent was not granted files.propose"
    )
