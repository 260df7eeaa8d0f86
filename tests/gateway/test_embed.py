"""Vectors go the same road as answers: the same policy, budget, attempts and hooks."""

import json
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from steward.core.errors import NotPermittedError, OverBudgetError, UnavailableError
from steward.gateway.request import EmbeddingRequest
from tests.gateway.desk import INPUT_NANO, KEY, Desk, gateway_settings, open_desk
from tests.gateway.test_hook import Watching
from tests.gateway.test_http import server
from tests.ledger.bank import ANN

VECTORS = [[0.5, -1.0], [0.25, 2.0]]
WANTED = EmbeddingRequest("r1", ("one", f"two {KEY}"), model="small")


def answer(vectors: list[list[float]]) -> bytes:
    data = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    body = json.dumps({"data": data, "usage": {"prompt_tokens": 9, "total_tokens": 9}}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def paid(desk: Desk) -> tuple[str, int, str]:
    call = await desk.paid()
    return call.state, call.cost_nano_usd, call.task


async def test_texts_become_vectors_in_their_order_and_are_paid(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    hook = Watching()
    async with (
        server(answer(VECTORS)) as url,
        open_desk(tmp_path, scripted_model, gateway_settings(url), hooks=[hook]) as desk,
    ):
        made = await desk.gateway.embed(ANN, WANTED)
        assert made.vectors == ((0.5, -1.0), (0.25, 2.0))
        assert made.trail.cost_nano_usd == 9 * INPUT_NANO
        assert await paid(desk) == ("settled", 9 * INPUT_NANO, "embedding")
    assert KEY not in str(hook.asked[0].request)


async def test_fewer_vectors_than_texts_are_not_used_and_are_paid(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with (
        server(answer(VECTORS[:1])) as url,
        open_desk(tmp_path, scripted_model, gateway_settings(url)) as desk,
    ):
        with pytest.raises(UnavailableError, match="1 vectors for 2 texts"):
            await desk.gateway.embed(ANN, WANTED)
        assert (await paid(desk))[:2] == ("settled", 9 * INPUT_NANO)


async def test_vectors_are_under_policy_budget_and_hooks(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    forbidden = gateway_settings(
        scripted_model.url, policy=[{"task": "embedding", "models": ["large"]}]
    )
    plain = gateway_settings(scripted_model.url)
    for name, settings, limit, hooks, expected in (
        ("policy", forbidden, 10**9, (), NotPermittedError),
        ("budget", plain, 1, (), OverBudgetError),
        ("hook", plain, 10**9, (Watching(objects_before="no"),), NotPermittedError),
    ):
        folder = tmp_path / name
        folder.mkdir()
        async with open_desk(folder, scripted_model, settings, limit, hooks) as desk:
            with pytest.raises(expected):
                await desk.gateway.embed(ANN, WANTED)
            assert await desk.ledger.calls(ANN) == ()
