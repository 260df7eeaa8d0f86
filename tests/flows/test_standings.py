"""What an editor can show of models, budgets and trust, before anybody asks for anything."""

import asyncio
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from demo.replies import Refuse, Reply, always
from demo.scripted_model import ScriptedModel
from tests.client import OURS, Json, Window
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.person import DEADLINE_S, Person, leave_open

AGENT = "---\nname: Paint\ndescription: Paints walls.\ntools: [read_file]\n---\n\nYou paint.\n"
COUNT = "\n    def item_count(self) -> int:\n        "
FAILING = {
    "STEWARD_GATEWAY__BREAKER__FAILURES": "1",
    "STEWARD_GATEWAY__RETRIES__ATTEMPTS": "1",
}


async def models(window: Window) -> dict[str, Json]:
    return {each["id"]: each for each in await window.command("steward.models")}


async def asked_for_ghost_text(window: Window) -> None:
    document = window.open("shop/basket.py")
    window.change(document, document.text + COUNT)
    await window.ghost_text(document)
    window.close_document(document)


async def test_models_are_told_with_their_tasks_price_and_what_is_in_the_way(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(fault=Refuse(500)))
    named = {
        "STEWARD_GATEWAY__MODELS__CHAT": "openai/gpt-4.1-mini",
        "STEWARD_GATEWAY__MODELS__EMBEDDING": "nobody-knows-it",
        "STEWARD_GATEWAY__PROVIDERS": '{"openai": {}}',
    }
    window = await open_window(**FAILING, **named)
    before = await models(window)
    scripted = before["custom/scripted"]
    assert {"completion", "plan", "agent"} <= set(scripted["tasks"])
    assert (scripted["state"], scripted["why"]) == ("ready", "")
    assert scripted["price"].endswith("out a million tokens")
    mini = before["openai/gpt-4.1-mini"]
    assert (mini["tasks"], mini["state"]) == (["chat", "extension"], "no key")
    assert "steward key add openai" in mini["why"]
    assert before["custom/nobody-knows-it"]["state"] == "no price"

    async with asyncio.timeout(DEADLINE_S):
        while (resting := (await models(window))["custom/scripted"])["state"] != "resting":
            await asked_for_ghost_text(window)
    assert "left alone for" in resting["why"]


async def test_budgets_are_told_with_how_near_their_end_they_are_and_runs_with_their_changes(
    open_window: OpenWindow,
) -> None:
    window = await open_window(STEWARD_LEDGER__LIMIT_USD="0.02")
    budgets = await by_kind(window)
    assert set(budgets) == {"session", "workspace", "user", "organisation"}
    assert (budgets["user"]["limit"], budgets["user"]["state"]) == ("$0.02", "ok")
    assert budgets["user"]["usedPercent"] == 0
    assert budgets["session"]["resetsOn"] is None
    assert budgets["organisation"]["usedPercent"] is None

    run_id = await window.run_agent()
    assert (await window.until_ended(run_id))["changes"] == 1
    used = (await by_kind(window))["user"]["usedPercent"]
    assert used > 0
    assert (await window.command("steward.status"))["usedPercent"] == used

    (newest,) = await window.command("steward.runs", limit=1)
    assert newest["id"] == run_id
    with pytest.raises(JsonRpcException, match="from 1 to 200"):
        await window.command("steward.runs", limit=1000)


async def by_kind(window: Window) -> dict[str, Json]:
    budgets = await window.command("steward.budgets")
    return {each["account"].partition(":")[0]: each for each in budgets}


async def test_what_trust_enables_is_told_without_asking_and_a_no_is_remembered(
    open_window: OpenWindow, workspace: Path, books: Books
) -> None:
    (workspace / ".steward/agents").mkdir(parents=True)
    (workspace / ".steward/agents/paint.md").write_text(AGENT, "utf-8")
    (workspace / ".steward/agents/broken.md").write_text("no agent", "utf-8")
    (workspace / "AGENTS.md").write_text("Be brief.\n", "utf-8")
    window = await open_window(OURS, person=Person(leave_open, trusts=False))
    told = await window.command("steward.workspace.enables")
    assert told["trusted"] is None
    agents = {each["id"]: each for each in told["agents"]}
    assert agents["paint"]["description"] == "Paints walls."
    assert "read" in agents["paint"]["may"]
    assert agents["broken"]["problem"]
    assert told["files"] == ["AGENTS.md"]
    for line in ("the agent `paint`", "agents follow `AGENTS.md`", "have its tests run"):
        assert line in told["markdown"]
    there = {each["id"] for each in await window.command("steward.agent.list")}
    assert "paint" not in there

    assert await window.command("steward.workspace.trust", refuse=True) == {"trusted": False}
    assert (await window.command("steward.workspace.enables"))["trusted"] is False
    assert books.actions("trust.") == ["trust.refused"]
    assert window.person.shown == []
