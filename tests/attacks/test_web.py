"""What pages, programs and people without a token try, judged by what happens."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

from demo.replies import Refuse, Reply, always
from demo.scripted_model import ScriptedModel
from steward.core.principal import Principal
from steward.web.api import ROUTES
from steward.web.door import Routes
from steward.web.exchange import Exchange
from steward.web.rooms import Rooms
from tests.gateway.desk import KEY
from tests.ledger.bank import ANN, BOB
from tests.web.conftest import serving
from tests.web.serving import CHAT, HELLO, MESSAGES, Serving, open_serving, status_of

__all__ = ["serving"]

CLOSE = {"Connection": "close"}
_MINUTE = timedelta(minutes=1)


async def test_no_route_but_health_opens_without_a_token_that_holds(serving: Serving) -> None:
    gone, token = await serving.fresh_token()
    await serving.revoke(token)
    weak = {
        "models": (await serving.fresh_token(scopes=frozenset(["reports"])))[0],
        "reports": (await serving.fresh_token(scopes=frozenset(["models"])))[0],
    }
    shown = [
        *({}, {"Authorization": "Bearer"}, {"x-api-key": ""}),
        {"Authorization": f"Bearer {serving.token[:-1]}"},
        {"Authorization": f"Basic {serving.token}"},
        {"Authorization": f"Bearer {gone}"},
        {"Authorization": f"Bearer {serving.token}", "x-api-key": gone},
        {"Cookie": f"token={serving.token}"},
        {"Authorization": "Bearer ' OR 1=1 --"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    ]
    for path, methods in ROUTES.signed_in.items():
        for method in methods:
            for headers in shown:
                serving.clock.advance(_MINUTE)
                status = await _status(serving, method, path, headers)
                assert status == 401, (path, headers)
            weakly = {"Authorization": f"Bearer {weak[ROUTES.scopes.get(path, 'models')]}"}
            assert await _status(serving, method, path, weakly) == 403
            query = f"{path}?token={serving.token}&api_key={serving.token}&key={serving.token}"
            assert await _status(serving, method, query, {}) in (401, 429)
    assert serving.model.exchanges == []
    assert await serving.desk.ledger.calls(ANN) == ()


async def test_a_token_is_looked_at_before_a_body_is_read(serving: Serving) -> None:
    head = serving.written(more={"Authorization": "Bearer none", "Content-Length": "4000000"})
    reader, writer = await serving.connect()
    writer.write(head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    async with asyncio.timeout(10):
        assert b" 401 " in await reader.readline()


async def test_who_asks_is_what_the_token_says_and_nothing_else(serving: Serving) -> None:
    bobs, _ = await serving.fresh_token("bob")
    claims = {
        "OpenAI-Organization": "acme",
        "OpenAI-Project": "gold",
        "X-User": "ann",
        "X-Forwarded-User": "ann",
        "X-Tenant": "other",
    }
    asked = {
        **HELLO,
        "user": "ann",
        "metadata": {"user_id": "ann"},
        "team": "gold",
        "tenant_id": "other",
        "request_id": "r1",
        "usage": {"prompt_tokens": 0},
        "price": 0,
        "safety_identifier": "ann",
    }
    headers = claims | {"Authorization": f"Bearer {bobs}"}
    answer = await serving.client.post(CHAT, json=asked, headers=headers)
    assert answer.status_code == 200
    assert await serving.desk.ledger.calls(ANN) == ()
    (call,) = await serving.desk.ledger.calls(BOB)
    assert call.cost_nano_usd > 0
    assert call.request_id != "r1"
    assert "ann" not in json.dumps(serving.model.exchanges[0].body)


async def test_a_name_that_was_pointed_at_this_machine_opens_nothing(serving: Serving) -> None:
    hosts = [
        *("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1].evil"),
        *("0.0.0.0", "2130706433", "127.1", "127.0.0.1@evil.example", ""),
    ]
    own = ("127.0.0.1", "localhost:1", f"127.0.0.1:{serving.port}.evil.example")
    for name in (*hosts, *(f"{host}:{serving.port}" for host in hosts), *own):
        answer = await serving.say(serving.written(more={"Host": name, **CLOSE}))
        assert status_of(answer) == 403, name
        open_route = f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        assert status_of(await serving.say(open_route.encode())) == 403, name
    assert serving.model.exchanges == []


async def test_a_request_with_no_host_two_or_one_in_its_line_is_refused(serving: Serving) -> None:
    whole = serving.written(more=CLOSE)
    host = f"Host: 127.0.0.1:{serving.port}\r\n".encode()
    torn = [
        whole.replace(host, b""),
        whole.replace(host, host + b"Host: evil.example\r\n"),
        whole.replace(host, host + host),
        whole.replace(b"POST /v1", b"POST http://evil.example/v1"),
        whole.replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"GET /healthz\r\n\r\n",
        whole.replace(b"POST ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ]
    for each in torn:
        assert status_of(await serving.say(each)) == 400, each[:80]
    assert serving.model.exchanges == []


async def test_a_page_of_another_site_changes_and_learns_nothing(serving: Serving) -> None:
    origins = [
        *("https://evil.example", "null", "http://127.0.0.1:1", "http://localhost.evil.example"),
        *(f"https://127.0.0.1:{serving.port}", f"http://127.0.0.1:{serving.port}.evil.example"),
    ]
    foreign = [{"Origin": origin} for origin in origins]
    foreign += [{"Sec-Fetch-Site": site} for site in ("cross-site", "same-site")]
    for headers in foreign:
        for method, path in (("POST", CHAT), ("GET", "/healthz"), ("OPTIONS", CHAT)):
            answer = await serving.client.request(method, path, json=HELLO, headers=headers)
            assert answer.status_code == 403, headers
            assert not [name for name in answer.headers if name.startswith("access-control")]
    own = {"Origin": f"http://127.0.0.1:{serving.port}", "Sec-Fetch-Site": "same-origin"}
    assert (await serving.client.get("/healthz", headers=own)).status_code == 200
    assert serving.model.exchanges == []


async def test_a_form_and_other_methods_change_nothing(serving: Serving) -> None:
    body = json.dumps(HELLO).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = await serving.client.post(CHAT, content=body, headers={"content-type": kind})
        assert answer.status_code == 415, kind
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        override = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST"}
        answer = await serving.client.request(method, CHAT, headers=override)
        assert answer.status_code == 405, method
        assert answer.headers["allow"] == "POST"
    assert serving.model.exchanges == []


async def test_a_path_has_one_spelling(serving: Serving) -> None:
    spellings = [
        *("//v1/chat/completions", "/v1//chat/completions", "/v1/./chat/completions"),
        *("/v1/x/../chat/completions", "/V1/chat/completions", "/v1/chat/completions/"),
        *("/v1/chat/completions;x=1", "/v1/chat%2fcompletions", "/v1/%63hat/completions"),
        *("/v1/chat/completions%00", "/v1/chat/completions.", "/v1/chat\\completions"),
    ]
    for path in spellings:
        signed_in = await serving.say(serving.written(path, more=CLOSE))
        assert status_of(signed_in) == 404, path
        stranger = {"Authorization": "Bearer none", **CLOSE}
        serving.clock.advance(_MINUTE)
        assert status_of(await serving.say(serving.written(path, more=stranger))) == 401, path
    assert serving.model.exchanges == []


async def test_a_request_whose_end_can_be_read_in_two_ways_is_not_read(serving: Serving) -> None:
    body = json.dumps(HELLO).encode()
    length = f"Content-Length: {len(body)}\r\n".encode()
    hidden = serving.written()
    whole = serving.written()
    torn = [
        whole.replace(length, length + b"Transfer-Encoding: chunked\r\n"),
        whole.replace(length, length + b"Content-Length: 0\r\n"),
        whole.replace(length, length + length),
        whole.replace(length, b"Content-Length: +%d\r\n" % len(body)),
        whole.replace(length, b"Content-Length : %d\r\n" % len(body)),
        whole.replace(length, b"Content-Length: 0x10\r\n"),
        whole.replace(length, b"Transfer-Encoding: chunked, identity\r\n"),
        whole.replace(length, b"Transfer-Encoding: xchunked\r\n"),
        whole.replace(length, b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        whole.replace(length, b"X: y\r\n Content-Length: 5\r\n" + length),
        whole.replace(length, b"X\x00Y: z\r\n" + length),
        whole.replace(length, b"X: a\rb\r\n" + length),
        whole.replace(b"\r\n", b"\n"),
    ]
    chunked = whole.replace(length, b"Transfer-Encoding: chunked\r\n").removesuffix(body)
    ends = (b"xyz\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"0\r\nHost: evil\r\n\r\n")
    torn += [chunked + end for end in ends]
    whole_chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    for encodings in (b"gzip, chunked", b"gzip\r\nTransfer-Encoding: chunked"):
        torn.append(chunked.replace(b": chunked", b": " + encodings) + whole_chunk)
    for each in torn:
        assert status_of(await serving.say(each + hidden)) == 400, each[-len(body) - 120 : -60]
    assert serving.model.exchanges == []


async def test_a_request_behind_another_one_is_not_answered(serving: Serving) -> None:
    hold = asyncio.Event()
    serving.model.script = always(Reply(pieces=("first",), hold=hold))
    reader, writer = await serving.connect()
    writer.write(serving.written() + serving.written(MESSAGES))
    await serving.model.arrived()
    writer.write(serving.written() * 3)
    hold.set()
    async with asyncio.timeout(10):
        answer = await reader.read()
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.count(b"HTTP/1.1 ") == 1
    assert len(serving.model.exchanges) == 1


async def test_hostile_json_is_refused_and_the_next_request_answered(serving: Serving) -> None:
    hello = json.dumps(HELLO)
    deep = '{"type": "function", "function": {"name": "f", "parameters": {"a": %s}}}'
    bombs = [
        *(
            hello[:-1] + f', "tools": [{deep % inside}]}}'
            for inside in ("[" * 300 + "]" * 300, "NaN", "-Infinity", "1e999")
        ),
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"messages":' + "[" * 300 + "]" * 300 + "}",
        hello[:-1] + ', "model": "other"}',
        hello[:-1] + ', "seed": ' + "9" * 10_000 + "}",
        hello[:-1] + ', "temperature": 1e999}',
        hello.replace("hello", "\\ud800"),
        hello.replace("hello", "\\udc00\\ud800"),
        hello[:-1],
        hello + hello,
        *("", "null", "7", "[]", '"x"', "\ufeff{}", "{'a': 1}"),
    ]
    for each in [each.encode() for each in bombs] + [b'{"a": "\xff\xfe"}', hello.encode("utf-16")]:
        answer = await serving.say(serving.written(body=each, more=CLOSE))
        assert status_of(answer) == 400, each[:80]
    assert serving.model.exchanges == []
    assert (await serving.post(HELLO)).status_code == 200


async def test_guesses_are_told_and_bounded_and_lock_nobody_out(serving: Serving) -> None:
    statuses = [await _status(serving, "POST", CHAT, _guess(number)) for number in range(40)]
    assert statuses[:10] == [401] * 10
    assert set(statuses[10:]) == {429}
    assert (await serving.post(HELLO)).status_code == 200  # From the same address.
    failed = [each for each in await serving.trail() if each.action == "sign_in.failed"]
    assert len(failed) == 10
    assert failed[0].detail["address"] == "127.0.0.1"
    assert not any(_guess(number)["x-api-key"] in str(each) for each in failed for number in (0, 9))
    serving.clock.advance(_MINUTE)
    assert await _status(serving, "POST", CHAT, _guess(99)) == 401
    told = [each for each in await serving.trail() if each.action == "sign_in.failed"]
    assert told[-1].detail["count"] == 31


async def test_a_fault_of_our_own_and_of_the_provider_tells_nothing_of_the_inside(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(fault=Refuse(401, f"your key {KEY} is wrong")))
    routes = Routes({**ROUTES.signed_in, "/v1/broken": {"GET": _broken}})
    async with open_serving(tmp_path, scripted_model, routes=routes) as serving:
        refused = await serving.post(HELLO)
        bug = await serving.client.get("/v1/broken")
        assert bug.status_code == 500
        assert refused.status_code == 502
        await serving.desk.database.run(_break)
        broken = await serving.client.post(CHAT, json=HELLO, headers={"Authorization": "Bearer x"})
        assert broken.status_code >= 500
    for answer in (refused, broken, bug):
        for inner in (KEY, str(tmp_path), "Traceback", "sqlite", "steward/", "SELECT", "0x"):
            assert inner not in answer.text + str(answer.headers), inner
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_every_answer_forbids_keeping_guessing_and_framing(serving: Serving) -> None:
    for answer in (
        await serving.post(HELLO),
        await serving.client.get("/healthz"),
        await serving.client.get("/v1/nothing"),
        await serving.client.get(CHAT, headers={"Authorization": "no"}),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


async def _broken(_exchange: Exchange, rooms: Rooms, _principal: Principal) -> None:
    """A fault of our own, as it may be in any handler."""
    raise RuntimeError(f"SELECT from {rooms.database!r} in steward/web")


def _break(session: Session) -> None:
    """Make a fault inside: nothing can be written into the audit trail."""
    session.connection().execute(text("DROP TABLE audit"))


def _guess(number: int) -> dict[str, str]:
    return {"Authorization": "", "x-api-key": f"stw_{number:043d}"}


async def _status(serving: Serving, method: str, path: str, headers: dict[str, str]) -> int:
    request = serving.client.build_request(method, path, json=HELLO)
    del request.headers["Authorization"]
    for name, value in headers.items():
        if value or name != "Authorization":
            request.headers[name] = value
    return (await serving.client.send(request)).status_code
