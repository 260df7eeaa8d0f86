"""A server that is watched: what Prometheus and a collector see of calls that end in every way."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.replies import JsonObject, Refuse, Reply, Stall
from demo.scripted_model import ScriptedModel
from tests.environment import steward_environment
from tests.flows.test_serve import WITHIN_S, ask, running
from tests.operations.collector import attributes, open_collector
from tests.operations.scrape import Scrape

CANARY = "canary-in-the-coal-mine"
PROVIDER_KEY = "sk-" + "observed-" + "0123456789abcdef"
SETTINGS = """
[gateway.models]
chat = "first"
[gateway.prices]
first = {input = "0.15", output = "0.60"}
second = {input = "0.15", output = "0.60"}
[gateway.fallbacks]
"custom/first" = ["custom/second"]
[gateway.retries]
pause = 0.01
tries = 2
"""


def script(body: JsonObject) -> Reply:
    """Answers as the last message wants it; the second model always answers."""
    wish = str(body["messages"][-1]["content"])
    if "fail" in wish and body["model"] == "first":
        return Reply(fault=Refuse(500, CANARY))
    if "stall" in wish:
        return Reply(pieces=(CANARY, "more"), fault=Stall(after_pieces=1))
    return Reply(pieces=("said ", CANARY))


def wish(content: str, **more: object) -> dict[str, Any]:
    said = [{"role": "user", "content": f"{content} {CANARY}"}]
    return {"model": "steward", "messages": said, "temperature": 0, **more}


async def leave_early(http: httpx.AsyncClient) -> None:
    """Read the first words of a stream, and go."""
    body = wish("stall", stream=True)
    async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
        async for line in answer.aiter_lines():
            if CANARY in line:
                return


async def play(http: httpx.AsyncClient) -> None:
    """Calls that end in every way."""
    for body, status in (
        (wish("hello"), 200),
        (wish("hello"), 200),  # Known by now.
        (wish("fail"), 200),
        (wish("hello", model=f"custom/{CANARY}"), 403),
    ):
        answer = await http.post("/v1/chat/completions", json=body)
        assert answer.status_code == status, answer.text
    await leave_early(http)


async def scraped(http: httpx.AsyncClient, headers: dict[str, str]) -> Scrape:
    """The metrics, once the server has noticed that a reader left."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            read = await http.get("/metrics", headers=headers)
            found = Scrape(read.text)
            if found.of("steward_requests_total", outcome="cancelled"):
                return found
            await asyncio.sleep(0.05)


async def tokens(environment: dict[str, str]) -> list[str]:
    """One to work with, one to watch with."""
    wanted = (["work"], ["watch", "--scope", "reports"])
    made = [await asyncio.to_thread(ask, environment, "token", "create", *each) for each in wanted]
    return [each.stdout.strip() for each in made]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.timeout(120)
async def test_every_way_that_a_call_ends_is_seen_and_nothing_of_what_was_said(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = script
    (tmp_path / "settings.toml").write_text(SETTINGS)
    more = {"STEWARD_CONFIG_DIR": str(tmp_path), "STEWARD_MODEL_KEY": PROVIDER_KEY}
    environment = steward_environment(tmp_path, scripted_model.url, more)
    for name in ("STEWARD_MODEL", "STEWARD_MODEL_PRICE"):
        del environment[name]
    to_work, to_watch = await tokens(environment)
    with open_collector() as collector:
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
        async with running(environment) as (process, url):
            async with httpx.AsyncClient(
                base_url=url, timeout=WITHIN_S, headers=bearer(to_work), trust_env=False
            ) as http:
                await play(http)
                assert (await http.get("/metrics")).status_code == 403
                found = await scraped(http, bearer(to_watch))
            process.terminate()
            assert await process.wait() == 0
    assert_counted(found)
    outcomes = [attributes(call).get("error.type") for call in collector.calls]
    assert outcomes == [None, None, None, "steward.unpriced", "cancelled"]
    assert [len(collector.attempts(call)) for call in collector.calls] == [1, 0, 3, 0, 1]
    assert "gen_ai.client.token.usage" in collector.metrics
    for secret in (CANARY, PROVIDER_KEY, to_work, to_watch):
        assert secret not in found.text
        assert secret.encode() not in collector.sent


def assert_counted(found: Scrape) -> None:
    """That the metrics say what was played."""
    requests = "steward_requests_total"
    assert found.of(requests) == 5
    assert found.of(requests, outcome="ok", model="custom/first", provider="custom") == 2
    assert found.of(requests, outcome="ok", model="custom/second") == 1
    assert found.of("steward_cache_hits_total") == 1
    assert found.of("steward_saved_usd_total") > 0
    assert found.of("steward_retries_total", model="custom/first") == 1
    fallen = {"from": "custom/first", "to": "custom/second", "reason": "steward.unavailable"}
    assert found.of("steward_fallbacks_total", **fallen) == 1
    assert found.of("steward_refusals_total", reason="steward.unpriced", task="chat") == 1
    assert found.of("steward_settle_estimated_total") == 3  # Two that failed, one that was left.
    spent = found.of("steward_budget_spent_usd", scope="organisation")
    assert spent > 0
    assert spent == pytest.approx(found.of("steward_cost_usd_total"))
    assert found.of("steward_holds_open") == 0
    assert found.of("steward_ledger_commit_seconds_count") > 0
