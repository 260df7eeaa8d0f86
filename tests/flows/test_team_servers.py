"""Two servers behind a proxy, exactly as `docs/how-to/team-servers.md` sets them up."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator
from contextlib import suppress

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from demo.replies import Reply, Stall, always
from demo.script import play
from demo.scripted_model import ScriptedModel
from tests.flows import two_servers
from tests.flows.test_serve import HELLO, WITHIN_S
from tests.flows.two_servers import NAME, READY, RESTART, TOKENS, Server, Team, open_team, proof
from tests.forked import Zygote
from tests.live.following import Following
from tests.places import execute
from tests.postgresql_server import PostgresqlServer, lent_database

pytestmark = [
    pytest.mark.timeout(120),  # The first one sets everything up.
    pytest.mark.asyncio(loop_scope="module"),
]

CHAT = "/v1/chat/completions"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def model() -> AsyncGenerator[ScriptedModel]:
    """What answers in the end."""
    async with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module")
def database(postgresql_server: PostgresqlServer) -> Generator[str]:
    """The team's."""
    with lent_database(postgresql_server) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def team(
    model: ScriptedModel, zygote: Zygote, database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Team]:
    """The team's servers, set up once for all stories."""
    async with open_team(tmp_path_factory.mktemp("team"), database, model.url, zygote) as team:
        yield team


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def tokens(team: Team) -> tuple[str, str]:
    """Ben's for calling models, and Ann's for the pages."""
    ben, ann = (await team.shell(TOKENS)).split()
    return ben, ann


@pytest_asyncio.fixture(loop_scope="module")
async def ben(tokens: tuple[str, str]) -> str:
    return tokens[0]


@pytest_asyncio.fixture(loop_scope="module")
async def ann(tokens: tuple[str, str]) -> str:
    return tokens[1]


async def test_everything_that_the_page_shows_is_run() -> None:
    used = {
        value
        for name, value in vars(two_servers).items()
        if name.isupper() and isinstance(value, str)
    }
    assert [each for each in two_servers.blocks() if each not in used] == []


async def signed_in(team: Team, client: httpx.AsyncClient, token: str) -> httpx.Response:
    """Show a token at the page where that is done."""
    own = {"Origin": team.origin, "Sec-Fetch-Site": "same-origin"}
    return await client.post("/sign-in", data={"token": token}, headers=own)


async def test_who_signs_in_at_one_is_signed_in_at_the_other(team: Team, ann: str) -> None:
    async with team.client(team.first) as one, team.client(team.second) as other:
        came = await signed_in(team, one, ann)
        assert came.status_code == 303, came.text
        cookie = came.headers["set-cookie"]
        pair, *bounds = cookie.split("; ")
        assert pair.startswith("__Host-steward=")
        assert {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"} <= set(bounds)
        assert "domain" not in cookie.lower()
        for client in (one, other):
            client.cookies.clear()
            client.headers["Cookie"] = pair
            assert (await client.get("/usage")).status_code == 200
        own = {"Origin": team.origin, "X-CSRF-Token": await proof(other)}
        gone = await other.post("/sign-out", headers=own)
        assert gone.status_code == 303
        async with asyncio.timeout(WITHIN_S):
            while (await one.get("/api/v1/usage")).status_code == 200:
                await asyncio.sleep(0.02)


async def test_through_the_proxy_a_browser_comes_by_tls_and_from_our_own_pages_alone(
    team: Team, ann: str
) -> None:
    async with team.client() as client:
        page = await client.get("/sign-in")
        assert page.status_code == 200
        assert page.headers["strict-transport-security"].startswith("max-age=")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        came = await signed_in(team, client, ann)
        assert came.status_code == 303, came.text
        client.headers["Cookie"] = came.headers["set-cookie"].partition(";")[0]
        csrf = await proof(client)
        for origin in ("https://evil.example", f"http://{NAME}:{team.proxy_port}", "null"):
            refused = await client.post(
                "/sign-out", headers={"Origin": origin, "X-CSRF-Token": csrf}
            )
            assert refused.status_code == 403, origin
            with pytest.raises(InvalidHandshake):
                await _opens(team, client.headers["Cookie"], origin)
        await _opens(team, client.headers["Cookie"], team.origin)
        with pytest.raises(httpx.RemoteProtocolError):  # nginx hangs up.
            await client.get("/healthz", headers={"Host": "evil.example"})
    async with team.client(team.first) as past:
        answer = await past.get("/healthz", headers={"Host": "evil.example"})
        assert answer.status_code == 403


async def _opens(team: Team, cookie: str, origin: str) -> None:
    """A page of this origin opens a socket with the session's cookie."""
    async with team.following(Cookie=cookie, Origin=origin) as page:
        assert (await page.said())["kind"] == "hello"


async def test_what_a_request_says_of_where_it_was_forwarded_from_changes_nothing(
    team: Team, ann: str
) -> None:
    said = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Real-IP": "203.0.113.7",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "Forwarded": "for=203.0.113.7;host=evil.example;proto=http",
    }
    async with team.client() as client:
        client.headers.update(said)
        came = await signed_in(team, client, ann)
        assert came.status_code == 303
        assert came.headers["location"] == "/"
        assert came.headers["set-cookie"].startswith("__Host-steward=")
        client.cookies.clear()
        wrong = await client.get("/api/v1/usage", headers={"Authorization": "Bearer stw_wrong"})
        assert wrong.status_code in (401, 429)
    told = await asyncio.to_thread(execute, team.database, "SELECT detail FROM audit")
    addresses = {json.loads(detail).get("address") for (detail,) in told}
    assert addresses <= {"127.0.0.1", None}
    assert "127.0.0.1" in addresses


async def paid_call(team: Team, token: str, server: Server | None = None) -> httpx.Response:
    async with team.client(server, token) as client:
        return await client.post(CHAT, json=HELLO)


async def test_a_call_at_one_is_seen_at_the_other_and_through_the_proxy(
    team: Team, ann: str, ben: str
) -> None:
    async with (
        team.following(ann, team.second, "?kinds=cost") as at_second,
        team.following(ann, None, "?kinds=cost") as outside,
    ):
        for each in (at_second, outside):
            assert (await each.said())["kind"] == "hello"
        assert (await paid_call(team, ben, team.first)).status_code == 200
        (seen,), (same,) = await at_second.events(1), await outside.events(1)
    assert (seen["user"], seen["team"]) == ("ben", "red")
    assert seen["detail"]["cost_nano_usd"] > 0
    assert seen == same


async def test_a_stream_passes_the_proxy_piece_by_piece(
    team: Team, ben: str, model: ScriptedModel
) -> None:
    model.script = always(Reply(pieces=("first ", "second"), fault=Stall(after_pieces=1)))
    try:
        body = {**HELLO, "stream": True}
        async with (
            team.client(token=ben) as client,
            client.stream("POST", CHAT, json=body) as answer,
            asyncio.timeout(WITHIN_S),
        ):
            async for line in answer.aiter_lines():
                if "first" in line:
                    break  # The model never says more.
    finally:
        model.script = play


async def test_a_change_is_made_once_whichever_server_hears_of_it_again(
    team: Team, ann: str
) -> None:
    limits = {"hard_nano_usd": 7_000_000_000}
    told: list[httpx.Response] = []
    for server in (team.first, team.second):
        async with team.client(server, ann, Idempotency_Key="one-and-the-same") as client:
            told.append(await client.put("/api/v1/budgets/one?scope=user:ben", json=limits))
    first, again = told
    assert first.status_code == again.status_code == 200, first.text
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    async with team.client(team.first, ann) as client:
        history = await client.get("/api/v1/budgets/history?scope=user:ben")
        assert len(history.json()["items"]) == 1, history.text


async def test_a_token_that_is_revoked_at_one_closes_its_sockets_at_the_other(
    team: Team, ann: str
) -> None:
    async with team.client(team.first, ann) as client:
        wish = {"name": "soon-gone", "scopes": ["reports"]}
        made = (await client.post("/api/v1/tokens", json=wish)).json()
        token, id_ = made["text"], made["token"]["id"]
        async with team.following(token, team.second) as socket:
            assert (await socket.said())["kind"] == "hello"
            gone = await client.delete(f"/api/v1/tokens/{id_}")
            assert gone.status_code == 204, gone.text
            assert (await socket.closed())[0] == 4001
    assert (await paid_call(team, token, team.second)).status_code == 401


async def test_a_budget_holds_over_both(team: Team, ann: str, ben: str) -> None:
    async with team.client(team.first, ann) as client:
        address = "/api/v1/budgets/one?scope=user:ben"
        spent = (await client.get(address)).json()["spent_nano_usd"]
        most = spent + 5_000_000
        put = await client.put(address, json={"hard_nano_usd": most})
        assert put.status_code == 200, put.text
        statuses: list[int] = []
        while statuses.count(402) < 2:
            both = (team.first, team.second) * 4
            answers = await asyncio.gather(*(paid_call(team, ben, each) for each in both))
            statuses += [each.status_code for each in answers]
            assert set(statuses) <= {200, 402}
        now = (await client.get(address)).json()
        assert spent < now["spent_nano_usd"] <= most
        assert 200 in statuses
        await client.put(address, json={"hard_nano_usd": None})


async def test_guesses_are_slowed_down_and_a_token_that_holds_gets_in_meanwhile(
    team: Team, ann: str
) -> None:
    async with team.client() as client:
        statuses: list[int] = []
        for number in range(40):
            forwarded = {"X-Forwarded-For": f"203.0.113.{number}"}
            guess = {"Authorization": f"Bearer stw_guess{number}", **forwarded}
            statuses.append((await client.get("/api/v1/usage", headers=guess)).status_code)
        assert set(statuses) == {401, 429}
        pages = [await signed_in(team, client, f"stw_guess{number}") for number in range(20)]
        assert pages[-1].status_code == 429
        own = {"Authorization": f"Bearer {ann}"}
        assert (await client.get("/api/v1/usage", headers=own)).status_code == 200


async def test_a_server_that_is_killed_leaves_no_gap_and_doubles_nothing(
    team: Team, ann: str, ben: str
) -> None:
    """A page goes on by the other one, and is told each call once."""
    seen: list[int] = []
    async with team.following(ann) as begun:
        first = after = (await begun.said())["seq"]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_killed_at_work(team, ann, ben, seen))
        is_over = False
        while not is_over:
            with suppress(OSError, ConnectionClosed, InvalidHandshake):
                query = f"?kinds=cost,budget&after={after}"
                async with team.following(ann, None, query) as page:
                    assert (await page.said())["resumed"]
                    is_over = await _take(page, seen)
            after = seen[-1] if seen else after
            await asyncio.sleep(0.02)
    happened = (
        f"SELECT seq FROM outbox WHERE kind IN ('cost', 'budget') AND seq > {first} ORDER BY 1"
    )
    rows = await asyncio.to_thread(execute, team.database, happened)
    assert seen == [seq for (seq,) in rows]


async def _killed_at_work(team: Team, ann: str, ben: str, seen: list[int]) -> None:
    """Calls, under which each of the two is killed in turn; then a budget is set."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_calls(team, ben, 20))
        tasks.create_task(_kills(team, seen))
    await asyncio.gather(team.ready(team.first), team.ready(team.second))
    async with team.client(token=ann) as client:
        limits = {"hard_nano_usd": 9_000_000_000}
        put = await client.put("/api/v1/budgets/one?scope=user:ben", json=limits)
        assert put.status_code == 200, put.text


async def _calls(team: Team, token: str, count: int) -> None:
    """So many calls that were answered; one whose server dies is made again."""
    answered = 0
    while answered < count:
        with suppress(httpx.TransportError):
            answered += (await paid_call(team, token)).status_code == 200


async def _kills(team: Team, seen: list[int]) -> None:
    for count, server in ((4, team.first), (12, team.second)):
        while len(seen) < count:
            await asyncio.sleep(0.01)
        other = team.second if server is team.first else team.first
        await team.ready(other)
        server.kill()


async def _take(page: Following, seen: list[int]) -> bool:
    """Note what happens, until the server dies or a budget is set."""
    while True:
        try:
            (event,) = await page.events(1)
        except ConnectionClosed:
            return False
        seen.append(event["seq"])
        if event["kind"] == "budget":
            return True


async def test_servers_that_are_restarted_in_turn_refuse_nobody(team: Team, ann: str) -> None:
    assert json.loads(await team.shell(READY))["status"] == "ready"
    async with team.client(token=ann) as client, asyncio.TaskGroup() as tasks:
        before = [team.first.process, team.second.process]
        restart = tasks.create_task(team.shell(RESTART))
        statuses: set[int] = set()
        while not restart.done():
            statuses.add((await client.get("/api/v1/usage")).status_code)
        assert statuses == {200}
        assert team.first.process not in before
        assert team.second.process not in before
