"""What somebody keeps who had a token, a session or a socket for a while; and who sends people on.

Each of them may have what they were given, for as long as it was given, and nothing that lasts.
"""

import asyncio
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session
from websockets.exceptions import InvalidStatus

from demo.scripted_model import ScriptedModel
from steward.core.money import NanoUsd
from steward.ledger.charge import Charge, Measured, Usage
from steward.permissions import people
from steward.permissions.roles import Person
from steward.permissions.tokens import Scope, Wish
from steward.web.live.limits import LiveLimits
from tests.ledger.bank import ANN, START
from tests.live.following import REPORTS, following
from tests.web.browsing import browser, proof, signed_in
from tests.web.conftest import serving
from tests.web.serving import Serving, open_serving

__all__ = ["serving"]

_MANAGE: frozenset[Scope] = frozenset(["reports", "manage"])
_ARRIVAL = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "/%5cevil.example", "/\\evil.example", "///evil.example", "/x//y"]
)
async def test_a_link_to_us_sends_nobody_on_to_another_site(serving: Serving, path: str) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in _ARRIVAL.items())
    host = f"Host: 127.0.0.1:{serving.port}\r\nConnection: close\r\n"
    answer = await serving.say(f"GET {path} HTTP/1.1\r\n{host}{head}\r\n".encode())
    assert b"http-equiv" not in answer, answer


async def test_a_token_makes_none_that_outlives_it(serving: Serving) -> None:
    brief = Wish("a night", _MANAGE, timedelta(days=2))
    text, token = await serving.tokens.create(ANN, "ann", brief, _anybody)

    async def made(client: httpx.AsyncClient, days: int | None, **headers: str) -> tuple[str, str]:
        body = {"name": "x", "scopes": ["reports", "manage"], "days": days}
        answer = await client.post("/api/v1/tokens", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["text"], answer.json()["token"]["expires_at"]

    ends = START + timedelta(days=2)
    _, at = await made(serving.client, 1, **_shown(text))
    assert datetime.fromisoformat(at) == START + timedelta(days=1)
    child, at = await made(serving.client, None, **_shown(text))
    assert datetime.fromisoformat(at) == ends
    grandchild, at = await made(serving.client, 30, **_shown(child))
    assert datetime.fromisoformat(at) == ends
    async with browser(serving) as ann:
        assert (await ann.post("/sign-in", data={"token": text})).status_code == 303
        of_session, at = await made(ann, None, **{"X-CSRF-Token": await proof(ann)})
        assert datetime.fromisoformat(at) == ends
    async with signed_in(serving) as ann:
        of_person, at = await made(ann, None, **{"X-CSRF-Token": await proof(ann)})
        assert at is None
    await serving.revoke(token)
    serving.clock.advance(timedelta(seconds=1))
    for gone in (child, grandchild, of_session):
        answer = await serving.client.get("/api/v1/usage", headers=_shown(gone))
        assert answer.status_code == 401
    kept = await serving.client.get("/api/v1/usage", headers=_shown(of_person))
    assert kept.status_code == 200


async def test_a_token_ends_no_session_that_is_not_its_own(serving: Serving) -> None:
    reads, _ = await serving.fresh_token(scopes=REPORTS)
    async with signed_in(serving) as ann, browser(serving) as other:
        for _ in range(22):
            other.cookies.clear()
            assert (await other.post("/sign-in", data={"token": reads})).status_code == 303
        assert (await ann.get("/usage")).status_code == 200, "many sessions of a token"
        out = await other.post("/sign-out", data={"csrf": await proof(other), "everywhere": "yes"})
        assert out.status_code == 403
        assert (await ann.get("/usage")).status_code == 200, "a token that only reads"


async def test_who_comes_again_after_they_were_removed_brings_nothing_along(
    serving: Serving,
) -> None:
    def hire(session: Session) -> None:
        people.add(session, ANN, Person("ann", "owner"), serving.clock.now())
        people.add(session, ANN, Person("eve", "admin"), serving.clock.now())

    def fire(session: Session) -> None:
        people.remove(session, ANN, "eve", serving.clock.now())

    def hire_another(session: Session) -> None:
        people.add(session, ANN, Person("eve", "viewer"), serving.clock.now())

    await serving.desk.database.run(hire)
    token, _ = await serving.fresh_token("eve", REPORTS)
    async with signed_in(serving, "eve") as eve, browser(serving) as late:
        link = await serving.link("eve")
        await serving.desk.database.run(fire)
        await serving.desk.database.run(hire_another)
        serving.clock.advance(timedelta(seconds=2))
        assert (await eve.get("/usage")).status_code == 303
        assert (await serving.client.get("/api/v1/usage", headers=_shown(token))).status_code == 401
        assert (await late.post("/sign-in/link", data={"link": link})).status_code == 401
    told = {each.action for each in await serving.trail()}
    assert {"people.changed", "token.revoked"} <= told


async def test_sockets_that_are_opened_all_at_once_are_counted_too(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    limits = LiveLimits(sockets_max=9, sockets_a_user_max=3)
    async with open_serving(tmp_path, scripted_model, live=limits) as serving:
        token, _ = await serving.fresh_token(scopes=REPORTS)
        over, opened = asyncio.Event(), asyncio.Semaphore(0)

        async def come() -> int:
            try:
                async with following(serving, token) as socket:
                    await socket.said()
                    opened.release()
                    await over.wait()
                    return 101
            except InvalidStatus:
                opened.release()
                return 429

        async with asyncio.TaskGroup() as tasks:
            each = [tasks.create_task(come()) for _ in range(12)]
            for _ in each:
                await opened.acquire()
            over.set()
        assert sorted(task.result() for task in each) == [*[101] * 3, *[429] * 9]


async def test_whoever_comes_back_from_everywhere_takes_no_memory(serving: Serving) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    ledger = serving.desk.ledger
    for number in range(300):
        charge = Charge(f"r{number}", "agent", "custom/large", NanoUsd(5), "v1", provider="custom")
        await ledger.reserve(ANN, charge)
        await ledger.settle(f"r{number}", Usage(1, 0, 1), NanoUsd(5), measured=Measured(1, 2))
    tracemalloc.start()
    try:
        async with following(serving, token, "?after=0") as socket:
            await socket.events(300)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(60):
            async with following(serving, token, f"?after={number + 1}") as socket:
                await socket.events(1)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000_000, f"{after - before:,} bytes"


def _shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _anybody(_session: Session, _principal: object, _user: str) -> None:
    """Tests may do everything."""
