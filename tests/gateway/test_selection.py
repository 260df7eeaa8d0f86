"""Whom a call goes to, through the whole gateway: policy, wishes, preferences and rates."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.replies import always, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import NotPermittedError, RateLimitedError, UnpricedError
from steward.core.money import PicoUsd
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.choice.selection import Selection
from steward.gateway.prices import Price
from steward.gateway.request import Hint, Task
from tests.gateway.desk import Desk, gateway_settings, open_desk
from tests.gateway.test_attempts import models_asked, wanted
from tests.ledger.bank import ANN


async def test_a_model_outside_the_policy_is_refused_before_anything_is_booked(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, policy=[{"models": ["large"]}])
    scripted_model.script = always(say("hello"))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        for wish in ("small", "custom/small", "other/small"):
            error = await desk.fails(replace(wanted(), model=wish))
            assert isinstance(error, NotPermittedError)
            assert "custom/large" in str(error)
        assert (await desk.ledger.calls(ANN), scripted_model.exchanges) == ((), [])
        _, answer = await desk.ask(replace(wanted(), model="large"))
        assert answer.trail.why == "the request names it"


async def test_a_model_whose_price_nobody_knows_is_not_asked_though_a_request_names_it(
    desk: Desk,
) -> None:
    error = await desk.fails(replace(wanted(), model="unheard-of"))
    assert isinstance(error, UnpricedError)
    assert (await desk.ledger.calls(ANN), desk.model.exchanges) == ((), [])


async def test_preferences_of_a_person_and_a_workspace_choose_the_model(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(
        scripted_model.url,
        preferred={"ann": {"agent": "small", "plan": "small"}},
        workspaces={ANN.workspace: {"plan": "large"}},
    )
    scripted_model.script = always(say("hello"))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        for number, task in enumerate(("agent", "plan")):
            await desk.ask(wanted(f"r{number}", task))
        elsewhere = replace(ANN, user="bob", workspace="/elsewhere")
        await desk.ask(wanted("r2"), elsewhere)
        assert models_asked(desk) == ["small", "large", "large"]


async def test_a_hint_counts_where_nobody_chose_and_the_settings_say_what_it_means(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(
        scripted_model.url,
        preferred={"ann": {"plan": "large"}},
        tiers={"cheap": "small", "strong": "unheard-of"},
        policy=[{"models": ["large"], "task": "chat"}],
    )
    scripted_model.script = always(say("hello"))
    cheap = Hint("cheap", "it is small", "the extension acme.thrift")
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        _, answer = await desk.ask(replace(wanted("r0", "agent"), hint=cheap))
        assert "the cheap one, which the extension acme.thrift suggests" in answer.trail.why
        assert "(it is small)" in answer.trail.notes()[0]
        others: list[tuple[Task, Hint, str | None]] = [
            ("plan", cheap, None),  # Ann prefers another one.
            ("agent", cheap, "large"),  # The request names one.
            ("chat", cheap, None),  # The policy does not allow it.
            ("agent", replace(cheap, tier="strong"), None),  # Nobody knows its price.
            ("agent", replace(cheap, tier="balanced"), None),  # Nobody said which that is.
        ]
        for number, (task, hint, model) in enumerate(others, 1):
            request = replace(wanted(f"r{number}", task), hint=hint, model=model)
            _, answer = await desk.ask(request)
            assert "was chosen" not in str(answer.trail.notes())
        assert models_asked(desk) == ["small", *["large"] * 5]


async def test_a_person_who_calls_too_often_is_told_when_to_come_back(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, calls_a_minute=2)
    scripted_model.script = always(say("hello"))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        for number in range(2):
            await desk.ask(wanted(f"r{number}"))
        error = await desk.fails(wanted("r2"))
        assert isinstance(error, RateLimitedError)
        assert "in 30 seconds" in str(error)
        assert len(scripted_model.exchanges) == 2
        desk.clock.advance(timedelta(seconds=30))
        await desk.ask(wanted("r3"))


async def test_ai_is_off_for_whom_the_policy_leaves_nothing_and_on_for_whom_it_leaves_something(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(
        scripted_model.url,
        policy=[{"team": "red", "models": ["small"]}],
        preferred={"bob": {"agent": "small", "plan": "small", "chat": "small"}},
    )
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        assert desk.gateway.unavailable_reason(ANN, "agent") is None
        told = desk.gateway.unavailable_reason(replace(ANN, team="red"), "agent")
        assert told is not None
        assert "The policy does not allow" in told
        bob = replace(ANN, user="bob", team="red")
        assert desk.gateway.unavailable_reason(bob, "plan", "agent", "chat") is None


async def test_a_model_is_offered_to_whom_the_policy_allows_it_for_any_task(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    policy = [
        {"models": ["small"], "task": task}
        for task in ("completion", "plan", "agent", "chat", "embedding")
        if task != "plan"
    ]
    for rules, offered in ((policy, {"small", "large"}), ([{"models": ["small"]}], {"small"})):
        settings = gateway_settings(scripted_model.url, policy=rules)
        async with open_desk(tmp_path, scripted_model, settings) as desk:
            assert {model.name for model in desk.gateway.models(ANN)} == offered


def test_what_is_known_of_a_choice_is_looked_up_anew_when_somebody_sets_a_price() -> None:
    settings = gateway_settings("http://127.0.0.1:9/v1", models={"completion": "unheard-of"})
    decided = {"custom/unheard-of": Price(PicoUsd(1), PicoUsd(1), PicoUsd(1), "first")}
    providers: dict[str, Any] = {"custom": object()}
    selection = Selection(providers, Catalogue(settings, decided, providers), settings)
    assert selection.first(ANN, "completion").price.version == "first"
    decided["custom/unheard-of"] = Price(PicoUsd(2), PicoUsd(2), PicoUsd(2), "second")
    assert selection.first(ANN, "completion").price.version == "second"
    decided.clear()
    with pytest.raises(UnpricedError):
        selection.first(ANN, "completion")
