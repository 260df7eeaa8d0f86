"""What a client is told when there is no answer, and that it cannot ask for ever."""

import asyncio
import json
from pathlib import Path

from demo.replies import Drop, Refuse, Reply, Usage, always, in_order, say
from demo.scripted_model import ScriptedModel
from tests.gateway.desk import gateway_settings
from tests.ledger.bank import ANN
from tests.web.serving import CHAT, HELLO, MESSAGES, Json, Serving, open_serving

MESSAGE: Json = {**HELLO, "max_tokens": 100}


async def test_a_used_up_budget_says_whose_how_much_and_until_when(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model, limit_nano_usd=1000) as serving:
        openais = await serving.post(HELLO)
        anthropics = await serving.post(MESSAGE, MESSAGES)
    assert openais.status_code == anthropics.status_code == 402
    assert openais.headers["x-should-retry"] == "false"
    told, same = openais.json()["error"], anthropics.json()["error"]
    assert told["type"] == "insufficient_quota"
    assert same["type"] == "billing_error"
    for each in (told, same):
        assert each["code"] == "steward.over_budget"
        assert each["scope"] == "user:ann"
        assert each["limit_nano_usd"] == 1000
        assert each["spent_nano_usd"] == each["reserved_nano_usd"] == 0
        assert each["needed_nano_usd"] > 1000
        assert each["resets_on"] == "2026-12-01"
    assert scripted_model.exchanges == []


async def test_too_many_calls_are_told_when_there_is_room_again(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, calls_a_minute=1)
    async with open_serving(tmp_path, scripted_model, settings=settings) as serving:
        assert (await serving.post(HELLO)).status_code == 200
        for answer in (await serving.post(HELLO), await serving.post(MESSAGE, MESSAGES)):
            assert answer.status_code == 429
            assert answer.headers["retry-after"] == "60"
            assert answer.json()["error"]["type"] == "rate_limit_error"


async def test_a_model_without_a_price_is_not_asked(serving: Serving) -> None:
    answer = await serving.post({**HELLO, "model": "custom/unheard-of"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "steward.unpriced"
    assert serving.model.exchanges == []


async def test_a_provider_that_refuses_and_one_that_fails_are_told_apart(
    serving: Serving,
) -> None:
    serving.model.script = always(Reply(fault=Refuse(400, "no")))
    refused = await serving.post(HELLO)
    assert refused.status_code == 502
    assert refused.headers["x-should-retry"] == "false"
    serving.model.script = always(Reply(fault=Refuse(500, "oh")))
    failed = await serving.post(MESSAGE, MESSAGES)
    assert failed.status_code == 503
    assert failed.json()["error"]["type"] == "overloaded_error"
    assert failed.headers["x-should-retry"] == "true"
    once = {"Idempotency-Key": "c9"}
    failed = await serving.client.post(CHAT, json=HELLO, headers=once)
    assert failed.status_code == 503
    assert failed.headers["x-should-retry"] == "false", "it would be refused as repeated"


async def test_an_error_in_mid_stream_is_the_streams_last_event_and_what_came_is_paid(
    serving: Serving,
) -> None:
    serving.model.script = always(Reply(pieces=("one ", "two ", "three "), fault=Drop(2)))
    for path, body in ((CHAT, HELLO), (MESSAGES, MESSAGE)):
        answer = await serving.post({**body, "stream": True}, path)
        assert answer.status_code == 200
        last = answer.text.rstrip("\n").rpartition("\n")[2]
        assert json.loads(last.removeprefix("data: "))["error"]["code"] == "steward.unavailable"
        assert "two " in answer.text
        assert "[DONE]" not in answer.text
        assert "message_stop" not in answer.text
    calls = await serving.desk.ledger.calls(ANN)
    assert all(call.is_estimated and call.cost_nano_usd > 0 for call in calls)
    assert len(calls) == 2


async def test_what_was_tried_is_told(tmp_path: Path, scripted_model: ScriptedModel) -> None:
    scripted_model.script = in_order(Reply(fault=Refuse(400, "no")), say("Instead."))
    fallbacks = {"large": ["small"]}
    settings = gateway_settings(scripted_model.url, fallbacks=fallbacks)
    async with open_serving(tmp_path, scripted_model, settings=settings) as serving:
        answer = await serving.post({**HELLO, "model": "custom/large"})
    assert answer.headers["x-steward-model"] == "custom/small"
    first, second = answer.json()["steward"]["attempts"]
    assert (first["model"], first["error"]) == ("custom/large", "steward.provider_refused")
    assert (second["model"], second["error"]) == ("custom/small", "")
    assert "custom/large failed" in second["reason"]


async def test_a_key_of_the_clients_own_buys_once_and_is_bound_to_the_person(
    serving: Serving,
) -> None:
    once = {"Idempotency-Key": "a7"}
    first = await serving.client.post(CHAT, json=HELLO, headers=once)
    assert first.status_code == 200
    other = {**HELLO, "messages": [{"role": "user", "content": "something else"}]}
    for body in (HELLO, other):
        again = await serving.client.post(CHAT, json=body, headers=once)
        assert again.status_code == 409
        assert again.headers["x-should-retry"] == "false"
        assert again.json()["error"]["code"] == "steward.repeated"
    assert len(serving.model.exchanges) == 1
    await serving.desk.paid()
    bobs, _ = await serving.fresh_token("bob")
    headers = {**once, "Authorization": f"Bearer {bobs}"}
    assert (await serving.client.post(CHAT, json=HELLO, headers=headers)).status_code == 200


async def test_who_a_client_says_it_is_and_what_it_says_of_counts_and_prices_has_no_effect(
    serving: Serving,
) -> None:
    serving.model.script = always(Reply(pieces=("yes",), usage=Usage(1000, 500)))
    claimed: Json = {
        "user": "eve",
        "team": "red",
        "tenant_id": "other",
        "role": "owner",
        "cost": 0,
        "price": {"input": 0, "output": 0},
        "input_tokens": -1,
        "usage": {"prompt_tokens": -5, "completion_tokens": 0},
    }
    headers = {"x-user": "eve", "x-tenant-id": "other", "x-steward-cost-usd": "0"}
    answer = await serving.client.post(CHAT, json={**HELLO, **claimed}, headers=headers)
    assert answer.status_code == 200
    assert (await serving.desk.paid()).cost_nano_usd == 1000 * 150 + 500 * 600
    whose = 'SELECT tenant_id, team, "user" FROM reservation'
    paid_by = await serving.desk.database.read(
        lambda session: session.connection().exec_driver_sql(whose).all()
    )
    assert paid_by == [(ANN.tenant_id, ANN.team, ANN.user)]


async def test_the_same_key_twice_at_once_buys_once(serving: Serving) -> None:
    hold = asyncio.Event()
    serving.model.script = always(Reply(pieces=("only",), hold=hold))
    once = {"Idempotency-Key": "b8"}
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(serving.client.post(CHAT, json=HELLO, headers=once))
        await serving.model.arrived()
        second = await serving.client.post(CHAT, json=HELLO, headers=once)
        hold.set()
    assert second.status_code == 409
    assert first.result().status_code == 200
    assert len(serving.model.exchanges) == 1


async def test_a_known_answer_costs_nothing_and_says_so(serving: Serving) -> None:
    asked: Json = {**HELLO, "temperature": 0}
    first = await serving.post(asked)
    second = await serving.post(asked)
    assert first.json()["choices"] == second.json()["choices"]
    assert len(serving.model.exchanges) == 1
    assert second.headers["x-steward-cache"] == "hit"
    assert second.headers["x-steward-cost-usd"] == "0.000000000"
    assert second.json()["steward"]["saved_usd"] == first.json()["steward"]["cost_usd"]
