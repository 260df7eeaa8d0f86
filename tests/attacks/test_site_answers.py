"""What is sent to the API and the pages that nobody should send, and what comes back of it."""

import asyncio
import json
from pathlib import Path

import pytest
from fastapi import APIRouter

from demo.scripted_model import ScriptedModel
from steward.permissions.tokens import Scope
from steward.web import door
from steward.web.pages.site import site_routes
from steward.web.rest import health
from steward.web.rest.caller import Reading
from tests.web.browsing import browser, signed_in
from tests.web.conftest import serving
from tests.web.serving import QUICK, Serving, open_serving, status_of

__all__ = ["serving"]

ALL: frozenset[Scope] = frozenset(["models", "reports", "manage"])
_EVIL = {"Origin": "https://evil.example"}


async def test_ws_13_a_body_is_bounded_and_read_from_whoever_signed_in_alone(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model, limits=QUICK) as serving:
        full, _ = await serving.fresh_token(scopes=ALL)
        host = f"Host: 127.0.0.1:{serving.port}\r\n"
        head = f"POST /sign-out HTTP/1.1\r\n{host}Content-Length: 900000\r\n"
        for more, answered in ((f"Authorization: Bearer {full}\r\n", 408), ("", 401)):
            # Slowly, and never to its end.
            reader, writer = await serving.connect()
            writer.write(f"{head}{more}\r\ncsrf=".encode())
            async with asyncio.timeout(10):
                answer = await reader.read()
            assert status_of(answer) in (answered, 0), more
            if not more:
                assert status_of(answer) == 401
        large = await serving.client.post(
            "/sign-out",
            content=b"x" * (1024 * 1024 + 1),
            headers={"Authorization": f"Bearer {full}"},
        )
        assert large.status_code == 413
        form = "&".join(f"a{number}=1" for number in range(501))
        async with signed_in(serving) as ann:
            many = {"Content-Type": "application/x-www-form-urlencoded"}
            assert (await ann.post("/sign-out", content=form, headers=many)).status_code == 400
        assert (await serving.client.get("/healthz")).status_code == 200


async def test_ws_15_every_answer_forbids_keeping_guessing_framing_and_reading_from_afar(
    serving: Serving,
) -> None:
    full, _ = await serving.fresh_token(scopes=ALL)
    bearer = {"Authorization": f"Bearer {full}"}
    async with browser(serving) as ann:
        answers = [
            await serving.client.get("/api/v1/usage", headers=bearer),
            await serving.client.get("/api/v1/nothing", headers=bearer),
            await serving.client.get("/api/v1/usage", headers={**bearer, **_EVIL}),
            await serving.client.options("/api/v1/usage", headers={**bearer, **_EVIL}),
            await serving.client.get("/usage", headers=bearer),
            *[await ann.get(path) for path in ("/usage", "/sign-in", "/nothing")],
        ]
    for answer in answers:
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-request-id"]
        assert not [name for name in headers if name.startswith("access-control")]
        assert "server" not in headers
        assert "strict-transport-security" not in headers, "there is no TLS here"


async def test_ws_17_a_bug_tells_nothing_of_the_inside_and_is_answered_once(
    tmp_path: Path, scripted_model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = APIRouter(prefix="/health", tags=["health"])
    router.add_api_route("/bug", _bug)
    monkeypatch.setattr(health, "router", router)
    monkeypatch.setattr(door, "site_routes", site_routes.__wrapped__)
    async with open_serving(tmp_path, scripted_model) as serving:
        full, _ = await serving.fresh_token(scopes=ALL)
        head = f"GET /api/v1/health/bug HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\n"
        whole = f"{head}Authorization: Bearer {full}\r\nConnection: close\r\n\r\n".encode()
        answer = await serving.say(whole)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert status_of(answer) == 500
    told = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert told["code"] == "steward.internal"
    assert f"x-request-id: {told['request_id']}".encode() in answer
    for inner in (b"Traceback", b"SELECT", str(tmp_path).encode(), b"steward/", b"0x"):
        assert inner not in answer


async def test_what_cannot_be_read_is_refused_in_one_shape(serving: Serving) -> None:
    full, _ = await serving.fresh_token(scopes=ALL)
    bearer = {"Authorization": f"Bearer {full}"}
    json_ = {**bearer, "Content-Type": "application/json"}
    path = "/api/v1/nothing"
    tried = {
        (path, b"{", "application/json"): 400,
        (path, b"[" * 5000, "application/json"): 400,
        (path, b'{"a": NaN}', "application/json"): 400,
        (path, b'{"a": 1, "a": 2}', "application/json"): 400,
        (path, b"\xff", "application/json"): 400,
        (path, b"{}", "text/plain"): 415,
        (path, b"{}", "application/json"): 404,
    }
    for (where, body, kind), wanted in tried.items():
        headers = {**json_, "Content-Type": kind}
        answer = await serving.client.post(where, content=body, headers=headers)
        assert answer.status_code == wanted, body[:20]
        error = answer.json()["error"]
        assert set(error) == {"code", "message", "request_id", "details"}
        assert error["request_id"] == answer.headers["x-request-id"]
    wrong = await serving.client.get("/api/v1/usage?by=nothing&since=x", headers=bearer)
    assert wrong.status_code == 400
    assert "since" in wrong.json()["error"]["message"]
    other = await serving.client.delete("/api/v1/usage", headers=bearer)
    assert (other.status_code, other.headers["allow"]) == (405, "GET")


async def _bug(caller: Reading) -> None:
    raise RuntimeError(f"SELECT FROM {caller!r} in steward/web")


async def test_a_file_is_refused_before_it_begins_or_is_whole(serving: Serving) -> None:
    full, _ = await serving.fresh_token(scopes=ALL)
    for name in ("actor", "action", "subject"):
        path = f"/api/v1/audit/export?{name}=a%00b"
        answer = await serving.client.get(path, headers={"Authorization": f"Bearer {full}"})
        assert answer.status_code == 400, name
