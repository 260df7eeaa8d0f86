"""What the site tells of budgets, prices and models, and who may change them there."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.gateway.desk import gateway_settings
from tests.web.office import Office, furnish
from tests.web.serving import Serving, open_serving
from tests.web.versatile_model import VersatileModel

USD = 10**9


@pytest.fixture
async def office(serving: Serving) -> Office:
    return await furnish(serving)


async def test_accounts_are_told_with_all_that_a_bar_needs(office: Office) -> None:
    await office.pay("r1", 100_000_000)
    office.advance(timedelta(days=1))
    await office.pay("r2", 50_000_000)
    found = await office.told("/budgets", "vic")
    by_scope = {each["scope"]: each for each in found["items"]}
    assert list(by_scope) == ["organisation", "user:ann", "user:vic", "workspace:/work"]
    own = by_scope["user:ann"]
    assert (own["hard_nano_usd"], own["spent_nano_usd"], own["used_percent"]) == (
        *(USD, 150_000_000),
        15,
    )
    assert (own["today_nano_usd"], own["left_nano_usd"]) == (50_000_000, 850_000_000)
    assert (own["resets_on"], own["set_by"]) == ("2026-12-01", None)
    assert own["forecast_nano_usd"] > own["spent_nano_usd"]
    window = (await office.told("/budgets?kind=session"))["items"]
    assert [(each["scope"], each["today_nano_usd"]) for each in window] == [
        ("session:session-1", 50_000_000)
    ]
    assert window[0]["resets_on"] is None


async def test_accounts_come_in_parts(office: Office) -> None:
    for number in range(5):
        await office.pay(f"r{number}", 10, workspace=f"/w{number}")
    seen: list[str] = []
    after = ""
    while True:
        part = await office.told(f"/budgets?kind=workspace&limit=2&after={after}")
        seen += [each["scope"] for each in part["items"]]
        if (after := part["next"]) is None:
            break
    assert seen == [f"workspace:/w{number}" for number in range(5)]


async def test_a_limit_is_previewed_set_audited_and_taken_back(office: Office) -> None:
    wanted = {"hard_nano_usd": 2 * USD, "soft_nano_usd": USD}
    preview = (
        await office.ask("/budgets/preview", "ann", "POST", {"scope": "user:bob", **wanted})
    ).json()
    assert (preview["before"]["hard_nano_usd"], preview["after"]["hard_nano_usd"]) == (
        *(USD, 2 * USD),
    )
    assert "refused where it does not, until 2026-12-01" in preview["effect"]
    assert preview["refusal"] is None
    assert (await office.told("/budgets/history?scope=user:bob"))["items"] == []
    set_ = await office.ask("/budgets/one?scope=user:bob", "ann", "PUT", wanted)
    assert (set_.status_code, set_.json()["set_by"]) == (200, "ann")
    gone = await office.ask("/budgets/one?scope=user:bob", "ann", "DELETE")
    assert gone.status_code == 204
    own = await office.told("/budgets/one?scope=user:bob")
    assert (own["hard_nano_usd"], own["set_by"]) == (USD, None)
    history = (await office.told("/budgets/history?scope=user:bob", "vic"))["items"]
    assert [(each["is_cleared"], each["hard_before_nano_usd"]) for each in history] == [
        *((True, 2 * USD), (False, None)),
    ]
    again = await office.ask("/budgets/one?scope=user:bob", "ann", "DELETE")
    assert again.status_code == 404


async def test_who_may_not_limit_an_account_is_refused_and_written_down(office: Office) -> None:
    wanted = {"hard_nano_usd": 5 * USD}
    path = "/budgets/one?scope=user:bob"
    assert (await office.ask(path, "bob", "PUT", wanted)).status_code == 403
    assert (await office.ask(path, "reader", "PUT", wanted)).status_code == 403
    trial = {"scope": "user:bob", **wanted}
    preview = (await office.ask("/budgets/preview", "bob", "POST", trial)).json()
    assert "does not include the budget" in preview["refusal"]
    history = (await office.told("/budgets/history?scope=user:bob"))["items"]
    assert [(each["actor"], each["is_refused"]) for each in history] == [("bob", True)]
    assert "ledger.budget_refused" in {each.action for each in await office.serving.trail()}


async def test_sums_and_accounts_that_are_none_are_refused(office: Office) -> None:
    for scope in ("nobody", "user:", "pet:rex", "user:a%00b", "user:%E2%80%AEx"):
        answer = await office.ask(f"/budgets/one?scope={scope}", "ann", "PUT", {"hard_nano_usd": 1})
        assert answer.status_code == 400
    for body in ({}, {"hard_nano_usd": -1}, {"hard_nano_usd": 10**19}, {"hard_nano_usd": "x"}):
        answer = await office.ask("/budgets/one?scope=user:bob", "ann", "PUT", body)
        assert answer.status_code == 400
    more = {"hard_nano_usd": 1, "owner": True}
    assert (await office.ask("/budgets/one?scope=user:bob", "ann", "PUT", more)).status_code == 400


async def test_the_page_of_budgets_shows_bars_previews_and_sets(office: Office) -> None:
    await office.pay("r1", 490_000_000)
    await office.pay("r2", 470_000_000)
    page = await office.page("/budgets?kind=&after=")
    assert "is-bad" in page
    assert "96 %" in page
    preview = await office.page("/budgets?scope=user:ann&act=set&hard=2.50&soft=")
    assert "$2.50" in preview
    assert "Let it hold from the next call on" in preview
    assert "does not include" in await office.page("/budgets?scope=user:ann&act=set&hard=9", "bob")
    sent = await office.post("/budgets", {"scope": "user:ann", "act": "set", "hard": "2.50"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/budgets")
    assert (await office.told("/budgets/one?scope=user:ann"))["hard_nano_usd"] == 2_500_000_000
    history = await office.page("/budgets?scope=user:ann")
    assert "Its history" in history
    for wrong in ("much", "-1", "1e30", "0.0000000001", "NaN"):
        form = {"scope": "user:ann", "act": "set", "hard": wrong}
        assert (await office.post("/budgets", form)).status_code == 400
    assert (await office.post("/budgets", {**form, "hard": "9"}, "bob")).status_code == 403


async def test_prices_are_told_by_whose_word_set_and_taken_back(office: Office) -> None:
    path = "/prices/one?model=mistral/mistral-large-latest"
    before = await office.told(path, "vic")
    assert before["source"] in ("catalogue", "nobody")
    wanted = {"input_pico_usd": 150_000, "output_pico_usd": 600_000}
    assert (await office.ask(path, "bob", "PUT", wanted)).status_code == 403
    set_ = (await office.ask(path, "ann", "PUT", wanted)).json()
    assert (set_["source"], set_["set_by"]) == ("set here", "ann")
    assert set_["rates"] == {
        "input_pico_usd": 150_000,
        "cached_input_pico_usd": 150_000,
        "output_pico_usd": 600_000,
        "cache_write_pico_usd": 150_000,
    }
    listed = (await office.told("/prices?source=set%20here"))["items"]
    assert [each["model"] for each in listed] == ["mistral/mistral-large-latest"]
    assert (await office.ask(path, "ann", "DELETE")).status_code == 204
    assert await office.told(path) == before
    assert (await office.ask(path, "ann", "DELETE")).status_code == 404
    name = "model=mistral/mistral-large-latest"
    history = (await office.told(f"/prices/history?{name}"))["items"]
    assert [(each["actor"], each["is_refused"]) for each in history] == [
        *(("ann", False), ("ann", False), ("bob", True)),
    ]
    assert history[0]["after"] is None


async def test_a_price_of_the_settings_stands_above_one_that_was_set(office: Office) -> None:
    wanted = {"input_pico_usd": 1, "output_pico_usd": 1}
    found = (await office.ask("/prices/one?model=large", "ann", "PUT", wanted)).json()
    assert (found["model"], found["source"]) == ("custom/large", "settings")
    assert found["is_passed_over"]
    assert found["rates"]["input_pico_usd"] == 150_000


async def test_a_yes_is_no_price(office: Office) -> None:
    refused = await office.ask(
        "/prices/one?model=acme/new", "ann", "PUT", {"input_pico_usd": True, "output_pico_usd": 1}
    )
    assert refused.status_code == 400
    assert "neither true nor false" in refused.json()["error"]["message"]


async def test_the_page_of_prices_takes_dollars_a_million_tokens(office: Office) -> None:
    form = {"model": "acme/new", "act": "set", "sent": "0.15", "output": "0.6", "cached": "0.05"}
    assert (await office.post("/prices", form)).status_code == 303
    found = await office.told("/prices/one?model=acme/new")
    assert found["rates"]["cached_input_pico_usd"] == 50_000
    page = await office.page("/prices?model=acme/new&source=&provider=")
    assert "Take the price back that was set here" in page
    assert (await office.post("/prices", {"model": "acme/new", "act": "clear"})).status_code == 303
    for wrong in ("", "0.1234567", "-1", "1e9"):
        assert (await office.post("/prices", {**form, "sent": wrong})).status_code == 400
    parts = await office.told("/prices?limit=3")
    assert len(parts["items"]) == 3
    assert (await office.told(f"/prices?limit=3&after={parts['next']}"))["items"][0] not in (
        parts["items"]
    )


async def test_models_are_told_with_how_they_stand_and_why_each_is_chosen(office: Office) -> None:
    usable = {each["model"]: each for each in (await office.told("/models", "bob"))["items"]}
    assert usable["custom/large"]["state"] == "ready"
    assert {"plan", "agent", "chat"} <= set(usable["custom/large"]["tasks"])
    assert "fill" in usable["custom/small"]["abilities"]
    choices = await office.told("/models/choices", "bob")
    chosen = {each["task"]: each for each in choices["tasks"]}
    assert chosen["completion"]["model"] == "custom/small"
    assert "it is the default for the task 'completion'" in chosen["completion"]["why"]
    assert chosen["next_edit"]["model"] is None
    assert "no model is chosen" in chosen["next_edit"]["why"]
    known = await office.told("/models?which=known&limit=200")
    states = {each["state"] for each in known["items"]}
    assert "not configured" in states
    page = await office.page("/models?which=")
    assert "custom/large" in page
    assert "Which is asked for what" in page


async def test_a_model_that_the_policy_leaves_out_is_called_not_allowed(tmp_path: Path) -> None:
    async with VersatileModel() as model:
        rules = [{"models": ["custom/large"]}]
        settings = gateway_settings(model.url, policy=rules)
        async with open_serving(tmp_path, model, settings=settings) as serving:
            office = await furnish(serving)
            small = await office.told("/models/one?model=custom/small")
            assert (small["state"], "[gateway.policy]" in small["why"]) == ("not allowed", True)
            assert (await office.told("/models/one?model=custom/large"))["state"] == "ready"
            assert (await office.ask("/models/one?model=custom/none")).status_code == 404
            choices = await office.told("/models/choices")
            assert choices["policy"] == [{"models": ["custom/large"], "team": None, "task": None}]
