"""What is permitted is never more than any one of those who have a say permits."""

import random
from dataclasses import replace
from typing import Any, Literal, cast

import pytest
from hypothesis import given, strategies as st

from steward.permissions.decide import (
    EVERYTHING,
    HARMLESS,
    INERT,
    Act,
    Allow,
    Ask,
    Authority,
    Capability,
    Decision,
    Deny,
    Record,
    decide,
    may_be_granted,
)
from steward.permissions.flags import Flags, flags_of
from steward.permissions.rules import Rule, parse_rules

TOOL = "tool"
CAPABILITIES: tuple[Capability, ...] = tuple(sorted(EVERYTHING))
UNLIMITED = Authority(
    frozenset({TOOL}),
    EVERYTHING,
    EVERYTHING,
    plan_tools=frozenset({TOOL, "other"}),
    is_trusted=True,
    may_move_protected=True,
)
BOTH = Flags(has_untrusted=True, has_private=True)

PATHS = ("src/a.py", "SRC/a.py", "docs/a.md", "a.py", ".github/ci.yml")
SUBJECTS = ("", "src/**", "*.py", "**", "git log *", "make", "main", "fix/*")
grants = st.frozensets(st.sampled_from(CAPABILITIES))
tools = st.frozensets(st.sampled_from((TOOL, "other")))
policies: st.SearchStrategy[Literal["ask", "deny"]] = st.sampled_from(("ask", "deny"))
effects: st.SearchStrategy[Literal["allow", "ask", "deny"]] = st.sampled_from(
    ("allow", "ask", "deny")
)


def rules_of(effects: st.SearchStrategy[Any]) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule, effects, st.sampled_from((TOOL, "other", "t*")), st.sampled_from(SUBJECTS)
    )


some_rules = st.lists(rules_of(effects), max_size=4).map(tuple)
some_grants = st.lists(rules_of(st.just("allow")), max_size=3).map(tuple)
globs = st.lists(st.sampled_from(("src/**", "*.py", "**")), max_size=2).map(tuple)
authorities = st.builds(
    Authority,
    agent_tools=tools,
    agent_grants=grants,
    role_grants=grants,
    mode=st.sampled_from(("normal", "analysis_only", "dry_run", "step")),
    policy=st.dictionaries(st.sampled_from(CAPABILITIES), policies),
    plan_tools=st.none() | tools,
    plan_files=st.dictionaries(st.sampled_from((TOOL, "other")), globs),
    rules=some_rules,
    policy_rules=some_rules,
    grants=some_grants,
    flags=st.builds(Flags, st.booleans(), st.booleans()),
    is_trusted=st.booleans(),
    protected_branches=st.sampled_from(((), ("main",), ("main", "fix/*"))),
    may_move_protected=st.booleans(),
    agents=st.sampled_from((frozenset(), frozenset({"explain"}))),
    agents_left=st.sampled_from((0, 3)),
    plan_agents=st.sampled_from((frozenset(), frozenset({"explain"}))),
    refused=st.sampled_from(("", "", "", "12:03 UTC")),
)
capabilities = st.sampled_from(CAPABILITIES)
acts = st.builds(
    Act,
    st.just(TOOL),
    capabilities,
    st.lists(st.sampled_from(PATHS), max_size=2).map(tuple),
    st.none() | st.lists(st.sampled_from(("git log -p", "make", "rm -rf")), max_size=2).map(tuple),
    opaque=st.frozensets(st.sampled_from(("make", "rm -rf"))),
    branch=st.sampled_from(("", "main", "fix/1")),
    agent=st.sampled_from(("", "explain")),
    is_contained=st.booleans(),
)
strange = st.text(max_size=30)


def width(decision: Decision) -> int:
    """How much is permitted: nothing, after asking, anything."""
    match decision:
        case Deny():
            return 0
        case Record():
            return 1
        case Ask():
            return 2
        case Allow():
            return 3


@given(authorities, acts, rules_of(st.sampled_from(("ask", "deny"))), st.data())
def test_taking_something_away_never_permits_more(
    authority: Authority, act: Act, rule: Rule, data: st.DataObject
) -> None:
    policy = {data.draw(capabilities): data.draw(policies)} | dict(authority.policy)
    files = authority.plan_files
    flags = authority.flags
    less = [
        replace(authority, agent_tools=authority.agent_tools & data.draw(tools)),
        replace(authority, agent_grants=authority.agent_grants & data.draw(grants)),
        replace(authority, role_grants=authority.role_grants & data.draw(grants)),
        replace(authority, policy=policy),
        replace(authority, policy={**authority.policy, act.capability: "deny"}),
        replace(authority, plan_tools=None),
        replace(authority, plan_tools=(authority.plan_tools or frozenset()) & data.draw(tools)),
        replace(authority, plan_files={TOOL: (), **{k: v[:1] for k, v in files.items()}}),
        replace(authority, rules=(*authority.rules, rule)),
        replace(authority, policy_rules=(rule, *authority.policy_rules)),
        replace(authority, rules=tuple(r for r in authority.rules if r.effect != "allow")),
        replace(authority, grants=authority.grants[1:]),
        replace(authority, grants=()),
        replace(authority, flags=replace(flags, has_private=True)),
        replace(authority, flags=replace(flags, has_untrusted=True)),
        replace(authority, is_trusted=False),
        replace(authority, protected_branches=(*authority.protected_branches, "*")),
        replace(authority, may_move_protected=False),
        replace(authority, mode="analysis_only"),
        replace(authority, agents=frozenset()),
        replace(authority, agents_left=0),
        replace(authority, plan_agents=frozenset()),
        replace(authority, refused="12:03 UTC"),
        replace(authority, above=(data.draw(authorities),)),
    ]
    if authority.mode == "normal":
        less += [replace(authority, mode=mode) for mode in ("dry_run", "step")]
    before = width(decide(authority, act))
    wider = [narrower for narrower in less if width(decide(narrower, act)) > before]
    assert wider == []


@given(authorities, acts, st.randoms(use_true_random=False))
def test_the_order_of_rules_changes_nothing(
    authority: Authority, act: Act, dice: random.Random
) -> None:
    def mixed(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(dice.sample(rules, len(rules)))

    other = replace(
        authority,
        rules=mixed(authority.rules),
        policy_rules=mixed(authority.policy_rules),
        grants=mixed(authority.grants),
    )
    assert decide(other, act) == decide(authority, act)


@given(authorities, strange, strange, strange, strange)
def test_it_decides_about_any_text_and_never_breaks(
    authority: Authority, path: str, command: str, branch: str, written: str
) -> None:
    rule = Rule("allow", written, path)
    act = Act(TOOL, "command.run", (path,), (command,), branch=branch)
    assert width(decide(replace(authority, rules=(rule,), grants=(rule,)), act)) >= 0


@given(authorities, acts)
def test_whoever_denies_has_the_last_word(authority: Authority, act: Act) -> None:
    is_denied = (
        TOOL not in authority.agent_tools
        or act.capability not in authority.agent_grants
        or act.capability not in authority.role_grants
        or authority.policy.get(act.capability) == "deny"
        or (authority.mode == "analysis_only" and act.capability not in INERT)
        or (act.capability == "agent.call" and act.agent not in authority.agents)
        or (act.capability == "agent.call" and not authority.agents_left)
        or authority.refused != ""
        or (act.capability == "command.run" and not authority.is_trusted)
    )
    by_rule = any(
        rule.effect == "deny" and rule.stops(act)
        for rule in (*authority.rules, *authority.policy_rules)
    )
    if is_denied or by_rule:
        assert isinstance(decide(authority, act), Deny)


@given(authorities, acts)
def test_a_command_is_run_unasked_only_where_somebody_allowed_it(
    authority: Authority, act: Act
) -> None:
    command = replace(act, capability="command.run")
    nobody = replace(authority, rules=(), policy_rules=(), grants=())
    assert not isinstance(decide(nobody, command), Allow)


@given(authorities, st.sampled_from(("files.propose", "git.propose", "command.run")))
def test_only_reading_is_allowed_unasked_without_a_plan_that_names_it(
    authority: Authority, capability: Capability
) -> None:
    unplanned = replace(authority, plan_tools=frozenset({"other"}), rules=(), policy_rules=())
    assert not isinstance(decide(unplanned, Act(TOOL, capability)), Allow)


@given(authorities, acts)
def test_a_grant_never_covers_what_the_plan_does_not(authority: Authority, act: Act) -> None:
    everything = replace(authority, grants=(Rule("allow", "*"),), rules=(), policy_rules=())
    unplanned = replace(everything, plan_tools=None)
    if act.capability not in HARMLESS:
        assert not isinstance(decide(unplanned, act), Allow)


@given(authorities, acts)
def test_a_dry_run_changes_and_runs_nothing(authority: Authority, act: Act) -> None:
    decision = decide(replace(authority, mode="dry_run"), act)
    if act.capability not in INERT:
        assert isinstance(decision, Record | Deny)


@given(authorities, acts)
def test_step_by_step_nothing_but_reading_goes_unasked(authority: Authority, act: Act) -> None:
    decision = decide(replace(authority, mode="step"), act)
    assert act.capability in HARMLESS or isinstance(decision, Ask | Deny)


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_analysis_only_is_for_reading(capability: Capability) -> None:
    decision = decide(replace(UNLIMITED, mode="analysis_only"), Act(TOOL, capability))
    assert isinstance(decision, Allow) == (capability in HARMLESS)
    assert isinstance(decision, Deny) == (capability not in HARMLESS)


@given(st.text().filter(lambda name: name != TOOL), capabilities)
def test_a_tool_that_the_agent_was_not_given_is_denied(name: str, capability: Capability) -> None:
    assert isinstance(decide(UNLIMITED, Act(name, capability)), Deny)


@given(st.text().filter(lambda name: name not in EVERYTHING))
def test_what_is_no_capability_is_denied_even_if_it_was_granted(name: str) -> None:
    unknown = cast(Any, name)
    granted = replace(
        UNLIMITED,
        agent_grants=EVERYTHING | {unknown},
        role_grants=EVERYTHING | {unknown},
    )
    assert isinstance(decide(granted, Act(TOOL, unknown)), Deny)


def test_a_plan_that_names_the_tool_lets_it_propose() -> None:
    assert decide(UNLIMITED, Act(TOOL, "files.propose")) == Allow()
    assert decide(UNLIMITED, Act(TOOL, "git.propose")) == Allow()


def test_a_policy_can_have_even_reading_asked_about() -> None:
    asking = replace(UNLIMITED, policy={"files.read": "ask", "files.propose": "ask"})
    assert isinstance(decide(asking, Act(TOOL, "files.read")), Ask)
    assert isinstance(decide(asking, Act(TOOL, "files.propose")), Ask)
    assert isinstance(decide(asking, Act(TOOL, "git.propose")), Allow)


def test_a_refusal_says_whose_it_is() -> None:
    by_role = decide(replace(UNLIMITED, role_grants=frozenset()), Act(TOOL, "command.run"))
    by_policy = decide(replace(UNLIMITED, policy={"files.read": "deny"}), Act(TOOL, "files.read"))
    assert by_role == Deny("your role does not include command.run")
    assert by_policy == Deny("the workspace's policy forbids files.read")


def test_a_mode_that_nobody_knows_denies() -> None:
    odd = replace(UNLIMITED, mode=cast(Any, "bypass"))
    assert all(isinstance(decide(odd, Act(TOOL, c)), Deny) for c in CAPABILITIES)


EDIT = Act(TOOL, "files.propose", ("src/a.py",))
RUN = Act(TOOL, "command.run", commands=("make",), is_contained=True)


def test_a_file_that_the_plan_does_not_name_is_a_new_plan() -> None:
    planned = replace(UNLIMITED, plan_files={TOOL: ("src/*.py",)})
    assert decide(planned, EDIT) == Allow()
    decision = decide(planned, replace(EDIT, paths=("src/a.py", "vendor/src/a.py")))
    assert decision == Ask(
        "the approved plan does not name vendor/src/a.py for tool", is_beyond_plan=True
    )
    assert decide(planned, Act(TOOL, "files.read", ("b.py",))) == Allow()


def test_an_allow_of_the_agent_spares_the_plan_and_nothing_more() -> None:
    rules = parse_rules(allow=["tool(src/**)"])
    unplanned = replace(UNLIMITED, plan_tools=None, rules=rules)
    assert decide(unplanned, EDIT) == Allow()
    assert isinstance(decide(unplanned, replace(EDIT, paths=("a.py",))), Ask)
    for narrower in (
        replace(unplanned, role_grants=frozenset()),
        replace(unplanned, policy_rules=parse_rules(deny=["*(SRC/**)"])),
        replace(unplanned, mode="analysis_only"),
    ):
        assert isinstance(decide(narrower, EDIT), Deny)
    asking = replace(unplanned, policy_rules=parse_rules(ask=["tool"]))
    assert isinstance(decide(asking, EDIT), Ask)


def test_a_folder_that_nobody_trusts_runs_no_command() -> None:
    unknown = replace(UNLIMITED, is_trusted=False, grants=(Rule("allow", TOOL),))
    assert isinstance(decide(unknown, RUN), Deny)
    assert decide(unknown, EDIT) == Allow()
    assert not Authority(frozenset(), frozenset(), frozenset()).is_trusted


@pytest.mark.parametrize("branch", ["main", "Main", "refs/heads/main", "release/2"])
def test_a_protected_branch_moves_only_for_a_role_that_includes_it(branch: str) -> None:
    commit = Act(TOOL, "git.propose", branch=branch)
    assert decide(UNLIMITED, commit) == Allow()
    assert isinstance(decide(replace(UNLIMITED, may_move_protected=False), commit), Deny)
    free = replace(UNLIMITED, may_move_protected=False, protected_branches=("trunk",))
    assert decide(free, commit) == Allow()


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", "a/.ENVRC", ".Git/hooks/x"])
def test_what_steers_tools_is_changed_by_no_agent_whatever_was_granted(path: str) -> None:
    granted = replace(UNLIMITED, grants=(Rule("allow", "*"),), rules=(Rule("allow", "*"),))
    act = Act(TOOL, "files.propose", ("a.py", path))
    assert isinstance(decide(granted, act), Deny)
    asked = replace(granted, policy={"files.read": "ask"})
    assert isinstance(decide(asked, replace(act, capability="files.read")), Ask)
    assert not may_be_granted(asked, act)


def test_a_grant_spares_the_question_until_it_is_taken_back() -> None:
    assert isinstance(decide(UNLIMITED, RUN), Ask)
    granted = replace(UNLIMITED, grants=(Rule("allow", TOOL, "make"),))
    assert decide(granted, RUN) == Allow()
    assert isinstance(decide(granted, replace(RUN, commands=("make all",))), Ask)
    assert isinstance(decide(granted, replace(RUN, commands=None)), Ask)


def test_once_both_flags_are_set_nothing_given_earlier_counts_for_what_could_send() -> None:
    loose = replace(RUN, is_contained=False)
    given = replace(
        UNLIMITED, grants=(Rule("allow", "*"),), rules=(Rule("allow", "*"),), flags=BOTH
    )
    assert decide(given, RUN) == Allow()
    assert isinstance(decide(given, loose), Ask)
    assert isinstance(decide(given, Act(TOOL, "model.ask")), Ask)
    assert not may_be_granted(given, loose)
    for one in (Flags(has_untrusted=True), Flags(has_private=True)):
        assert decide(replace(given, flags=one), loose) == Allow()


def test_no_rule_or_grant_spares_the_question_about_a_server_that_reaches_out() -> None:
    everything = (Rule("allow", "*"),)
    given = replace(UNLIMITED, grants=everything, rules=everything, policy_rules=everything)
    assert decide(given, Act(TOOL, "mcp.call", is_contained=True)) == Allow()
    assert isinstance(decide(given, Act(TOOL, "mcp.call")), Ask)
    unplanned = replace(given, plan_tools=None)
    assert decide(unplanned, Act(TOOL, "mcp.call")) == Ask(
        f"the approved plan does not name {TOOL}", is_beyond_plan=True
    )


def test_the_flags_of_a_run_come_from_what_it_read() -> None:
    assert flags_of(["person"]) == Flags()
    assert flags_of(["person", "web"]) == Flags(has_untrusted=True)
    assert flags_of(["model"]) == Flags(has_untrusted=True)
    assert flags_of(["repository"]) == flags_of(["an origin of tomorrow"]) == BOTH
