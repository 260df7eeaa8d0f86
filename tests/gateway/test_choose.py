"""Which model is asked: the narrowest word counts, and none passes the policy."""

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from steward.core.errors import NotPermittedError, UnavailableError
from steward.gateway.choice.choose import Choice, Preference, Rule, allowed, choose
from steward.gateway.request import Task

MODELS = ["a/small", "a/large", "b/small", "b/large"]
models = st.sampled_from(MODELS)
patterns = st.sampled_from([*MODELS, "a/*", "b/*", "*"])
teams = st.sampled_from(["", "red", "blue"])
tasks = st.sampled_from(["completion", "plan", "agent", "chat"])
rules = st.lists(
    st.builds(
        Rule,
        st.lists(patterns, max_size=3).map(tuple),
        st.none() | teams,
        st.none() | tasks,
    ),
    max_size=4,
)
preferences = st.lists(
    st.builds(Preference, st.sampled_from(["yours", "the default"]), st.none() | models),
    max_size=3,
)
fallbacks = st.dictionaries(models, st.lists(models, max_size=4))


def chosen(
    wish: str | None = None,
    workspace: str | None = None,
    own: str | None = None,
    default: str | None = "a/small",
    rules: Sequence[Rule] = (),
) -> Choice:
    preferences = (
        Preference("the preference for this workspace", workspace),
        Preference("your preference", own),
        Preference("the default", default),
    )
    return choose("agent", "red", wish, preferences, rules, {"a/large": ("b/large", "b/small")})


def test_the_narrowest_word_counts_and_the_choice_says_which_it_was() -> None:
    assert chosen() == Choice(("a/small",), "it is the default")
    assert chosen(own="b/small").why == "it is your preference"
    both = chosen(workspace="a/small", own="b/small")
    assert (both.models, both.why) == (("a/small",), "it is the preference for this workspace")
    wished = chosen(wish="b/large", workspace="a/small")
    assert (wished.models, wished.why) == (("b/large",), "the request names it")


def test_a_preference_outside_the_policy_is_passed_over_and_told() -> None:
    found = chosen(own="b/small", rules=[Rule(("a/*",))])
    assert found.models == ("a/small",)
    assert "'b/small', your preference, is not allowed by the policy" in found.why


def test_a_model_that_the_request_names_outside_the_policy_is_refused() -> None:
    with pytest.raises(NotPermittedError, match=r"'b/large'.*'red'.*It allows a/\*"):
        chosen(wish="b/large", rules=[Rule(("a/*",), team="red")])


def test_where_the_policy_allows_nothing_that_anybody_prefers_nothing_is_asked() -> None:
    with pytest.raises(NotPermittedError):
        chosen(rules=[Rule(("b/*",))])
    with pytest.raises(UnavailableError, match="no model is chosen"):
        chosen(default=None)


def test_fallbacks_outside_the_policy_are_left_out() -> None:
    assert chosen(wish="a/large").models == ("a/large", "b/large", "b/small")
    assert chosen(wish="a/large", rules=[Rule(("a/*", "b/small"))]).models == ("a/large", "b/small")


def test_a_rule_for_others_says_nothing() -> None:
    for other in (Rule((), team="blue"), Rule((), task="plan")):
        assert chosen(rules=[other]).models == ("a/small",)


@given(
    task=tasks,
    team=teams,
    wish=st.none() | models,
    liked=preferences,
    rules=rules,
    instead=fallbacks,
)
def test_nothing_outside_the_policy_is_ever_chosen_and_nothing_twice(
    task: Task,
    team: str,
    wish: str | None,
    liked: list[Preference],
    rules: list[Rule],
    instead: dict[str, list[str]],
) -> None:
    try:
        choice = choose(task, team, wish, liked, rules, instead)
    except NotPermittedError:
        wanted = [wish] if wish else [each.model for each in liked if each.model]
        assert not any(allowed(model, team, task, rules) for model in wanted)
        return
    except UnavailableError:
        assert wish is None
        assert not any(each.model for each in liked)
        return
    assert all(allowed(model, team, task, rules) for model in choice.models)
    assert len(set(choice.models)) == len(choice.models)
    assert wish in (None, choice.models[0])


@given(model=models, team=teams, task=tasks, rules=rules, more=rules)
def test_another_rule_never_allows_more(
    model: str, team: str, task: Task, rules: list[Rule], more: list[Rule]
) -> None:
    if allowed(model, team, task, [*rules, *more]):
        assert allowed(model, team, task, rules)
