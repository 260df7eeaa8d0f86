"""Whom a call goes to, through the whole gateway: policy, wishes, preferences and rates."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from demo.replies import always, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import NotPermittedError, RateLimitedError, UnpricedError
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
        assert desk.gateway.unavailable_reason(ANN) is None
        told = desk.gateway.unavailable_reason(replace(ANN, team="red"))
        assert told is not None
        assert "The policy does not allow" in told
        assert desk.gateway.unavailable_reason(replace(ANN, user="bob", team="red")) is None


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
