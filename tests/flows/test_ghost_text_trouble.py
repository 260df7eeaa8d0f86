"""A provider that fails, stalls or is away: the editor stays quiet and free, and it comes back."""

import asyncio
import socket

import pytest
from lsprotocol import types

from demo.editor import Document
from demo.replies import Drop, Fault, Refuse, Reply, Stall, always, say
from demo.scripted_model import ScriptedModel
from tests.client import Window, inline_params
from tests.flows.conftest import OpenWindow
from tests.person import DEADLINE_S

BODY = "def f(a, b):\n    return "
KEYS = 20
ATTEMPTS_MAX = 6
"""Attempts that so many keys may cost while a provider fails: the first call and its repeats, and
some more on a machine that is so slow that the pause is over before the last key."""

FAILURES: dict[str, Fault] = {
    "broken": Refuse(500),
    "overloaded": Refuse(503),
    "limited": Refuse(429, headers={"Retry-After": "1"}),
    "refused": Refuse(401),
    "hangs up": Drop(0),
    "breaks off": Drop(1),
}


async def type_on(window: Window, document: Document, keys: int) -> list[str]:
    """Type, each key behind another, and ask at each; gives what was suggested."""
    found: list[str] = []
    for key in range(keys):
        window.change(document, f"{document.text}{'abc'[key % 3]}")
        found.append(await window.ghost_text(document))
    return found


async def until_back(window: Window, document: Document) -> None:
    """Type on until there are suggestions again."""
    async with asyncio.timeout(DEADLINE_S):
        while not any(await type_on(window, document, 1)):
            await asyncio.sleep(0.05)


async def test_a_provider_that_fails_is_left_alone_and_asked_again_by_itself(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window()
    attempts: dict[str, int] = {}
    for name, fault in FAILURES.items():
        scripted_model.exchanges.clear()
        scripted_model.script = always(Reply(pieces=("so",), fault=fault))
        document = window.open(f"{name.replace(' ', '_')}.py", BODY)
        assert set(await type_on(window, document, KEYS)) == {""}
        attempts[name] = len(scripted_model.exchanges)
        scripted_model.script = always(say("+ 1"))
        await until_back(window, document)
    assert [name for name, count in attempts.items() if not 1 <= count <= ATTEMPTS_MAX] == []
    assert window.client.messages == []


async def test_a_provider_that_is_away_is_found_again_when_it_is_there(
    open_window: OpenWindow,
) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    window = await open_window(STEWARD_MODEL_URL=f"http://127.0.0.1:{port}/v1")
    document = window.open("away.py", BODY)
    assert set(await type_on(window, document, KEYS)) == {""}
    told = await window.command("steward.completion.why", uri=document.uri)
    assert (told["state"], told["because"]) == ("unavailable", "provider_down")
    async with ScriptedModel(always(say("+ 1")), port=port) as model:
        await until_back(window, document)
        assert model.exchanges
        assert window.client.messages == []
        await window.close()


async def test_nobody_waits_for_a_provider_that_stalls(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=("so", "on"), fault=Stall(1)))
    window = await open_window()
    document = window.open("stalled.py", BODY)
    async with asyncio.TaskGroup() as tasks:
        asked: list[asyncio.Task[str]] = []
        for key in range(6):
            window.change(document, f"{document.text}{'abc'[key % 3]}")
            asked.append(tasks.create_task(window.ghost_text(document)))
            exchange = await scripted_model.arrived(key + 1)
            await exchange.started()
            # The server hears all the rest, and has answered all that came before.
            assert (await window.command("steward.status"))["ai"] == "ready"
            async with asyncio.timeout(DEADLINE_S):
                assert [await task for task in asked[:-1]] == [""] * key
        window.change(document, f"{document.text}elsewhere")
    for exchange in scripted_model.exchanges:
        await exchange.closed_early()
    assert asked[-1].result() == ""
    assert window.client.messages == []


@pytest.mark.parametrize(
    "settings", [{"STEWARD_LEDGER__LIMIT_USD": "0.0000001"}, {"STEWARD_MODEL_URL": ""}]
)
async def test_where_no_call_can_be_made_keys_are_answered_and_nobody_is_told_twice(
    open_window: OpenWindow, scripted_model: ScriptedModel, settings: dict[str, str]
) -> None:
    window = await open_window(**settings)
    document = window.open("poor.py", BODY)
    assert set(await type_on(window, document, KEYS)) == {""}
    params = inline_params(document)
    params.context.trigger_kind = types.InlineCompletionTriggerKind.Invoked
    for _ in range(3):
        found = await window.client.text_document_inline_completion_async(params)
        assert isinstance(found, types.InlineCompletionList)
        assert list(found.items) == []
    await window.close()
    assert scripted_model.exchanges == []
    assert len(window.client.messages) <= ("STEWARD_LEDGER__LIMIT_USD" in settings)
