"""A change under a client's own key happens once, and its answer is given again for a day."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Response

from demo.scripted_model import ScriptedModel
from steward.core.clock import ManualClock
from steward.core.database import open_database
from steward.core.errors import RepeatedError
from steward.permissions.tokens import Scope
from steward.web import door
from steward.web.pages.site import site_routes
from steward.web.rest import health
from steward.web.rest.answer import Answer, Wanted
from steward.web.rest.caller import Caller, Managing
from steward.web.rest.repeated import Answered, Change, Repeats
from tests.ledger.bank import ANN, START
from tests.places import Place
from tests.web.serving import Serving, open_serving

MANAGE: frozenset[Scope] = frozenset(["manage", "reports"])
KEY = {"Idempotency-Key": "d2c1f6"}


class Wish(Wanted):
    word: str


class Told(Answer):
    word: str
    number: int


class Bench:
    """A change that counts how often it was made, behind the real door."""

    def __init__(self) -> None:
        self.made = 0
        self.hold: asyncio.Event | None = None
        self.began = asyncio.Event()
        self.status = 201

    async def make(self, caller: Managing, wish: Wish, response: Response) -> Told:
        del caller
        self.made += 1
        self.began.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.status == 599:
            raise RuntimeError("a bug of ours")
        response.status_code = self.status
        return Told(word=wish.word, number=self.made)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    router = APIRouter(prefix="/health", tags=["health"])
    router.add_api_route("/bench", bench.make, methods=["POST"])
    monkeypatch.setattr(health, "router", router)
    monkeypatch.setattr(door, "site_routes", site_routes.__wrapped__)
    return bench


async def asked(serving: Serving, word: str = "one", token: str = "", **headers: str) -> Any:
    token = token or (await serving.fresh_token(scopes=MANAGE))[0]
    shown = {"Authorization": f"Bearer {token}", **KEY, **headers}
    path = "/api/v1/health/bench"
    return await serving.client.post(path, json={"word": word}, headers=shown)


async def test_a_change_that_is_asked_for_again_is_not_made_again(
    bench: Bench, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        token, _ = await serving.fresh_token(scopes=MANAGE)
        first = await asked(serving, token=token)
        again = await asked(serving, token=token)
        assert (first.status_code, first.json()) == (201, {"word": "one", "number": 1})
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
        other = await asked(serving, "two", token=token)
        assert (other.status_code, bench.made) == (409, 1)
        another = await asked(serving, token=(await serving.fresh_token(scopes=MANAGE))[0])
        assert another.status_code == 409, "another token of the same person"
        bobs, _ = await serving.fresh_token("bob", MANAGE)
        assert (await asked(serving, token=bobs)).json()["number"] == 2
        serving.clock.advance(timedelta(hours=24))
        assert (await asked(serving, token=token)).json()["number"] == 3


async def test_what_failed_for_a_fault_of_ours_may_be_asked_again(
    bench: Bench, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        token, _ = await serving.fresh_token(scopes=MANAGE)
        bench.status = 599
        failed = await asked(serving, token=token)
        assert failed.status_code == 500
        assert failed.json()["error"]["code"] == "steward.internal"
        assert "a bug of ours" not in failed.text
        bench.status = 201
        assert (await asked(serving, token=token)).json()["number"] == 2


async def test_a_client_that_leaves_is_answered_when_it_comes_again(
    bench: Bench, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    bench.hold = asyncio.Event()
    async with open_serving(tmp_path, scripted_model) as serving:
        token, _ = await serving.fresh_token(scopes=MANAGE)
        leaving = asyncio.create_task(asked(serving, token=token))
        await bench.began.wait()
        assert (await asked(serving, token=token)).status_code == 409, "it is under way"
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        # Asked on another connection, the server has seen the first one end.
        assert (await asked(serving, token=token)).status_code == 409
        bench.hold.set()
        while (again := await asked(serving, token=token)).status_code == 409:
            pass
        assert (again.status_code, again.json()["number"]) == (201, 1)


async def test_what_is_kept_opens_with_nothing_that_the_database_holds(
    bench: Bench, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        await asked(serving, "a secret that is shown once")
    held = b"".join(file.read_bytes() for file in tmp_path.glob("steward.db*"))
    assert b"kept_answer" in held
    assert b"a secret that" not in held


@pytest.mark.parametrize("key", ["", "x" * 201, "a b"])
async def test_a_key_has_visible_characters(
    bench: Bench, tmp_path: Path, scripted_model: ScriptedModel, key: str
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        answer = await asked(serving, **{"Idempotency-Key": key})
    assert (answer.status_code, bench.made) == (400, 0)


async def test_a_correlation_is_in_the_trail_and_on_the_answer(
    bench: Bench, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        answer = await asked(serving, **{"X-Correlation-Id": "deploy-7"})
        assert answer.headers["x-correlation-id"] == "deploy-7"
        bad = await asked(serving, **{"X-Correlation-Id": "x" * 65})
        assert "x-correlation-id" not in bad.headers
        (entry,) = [each for each in await serving.trail() if each.action == "request.answered"]
    assert entry.subject == f"request {answer.headers['x-request-id']}"
    assert (entry.actor, entry.detail["correlation_id"]) == ("ann", "deploy-7")


async def test_of_two_servers_on_one_database_one_makes_the_change(place: Place) -> None:
    clock = ManualClock(START)
    caller = Caller(ANN, MANAGE, secret="stw_" + "x" * 43)
    change = Change(caller, "k1", "d" * 64)
    async with open_database(place) as first, open_database(place) as second:
        one, other = Repeats(first, clock), Repeats(second, clock)
        claimed: list[Answered | None] = []

        async def claim(repeats: Repeats) -> None:
            with suppress(RepeatedError):
                claimed.append(await repeats.claim(change))

        async with asyncio.TaskGroup() as tasks:
            for each in (one, other) * 4:
                tasks.create_task(claim(each))
        assert claimed == [None]
        made = Answered(201, ((b"content-type", b"application/json"),), bytearray(b'{"id": 1}'))
        await one.keep(change, made)
        again = await other.claim(change)
        assert again is not None
        assert (again.status, again.body) == (201, made.body)
