"""A gateway whose only provider is a team's server: what is asked, booked and refused."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from demo.replies import Drop, Refuse, Reply, Usage, always
from steward.core.clock import ManualClock
from steward.core.errors import (
    NotPermittedError,
    OverBudgetError,
    ProviderRefusedError,
    RateLimitedError,
    StewardError,
)
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.gateway.provider import Billed, Piece
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.keys import SettingsKeys
from steward.gateway.request import EmbeddingRequest, Fill, ModelRequest
from steward.gateway.settings import GatewaySettings
from steward.gateway.team.offer import offered
from steward.gateway.team.provider import TeamProvider, labels_of
from steward.gateway.team.refusal import TEAM_PLACE, team_refusal
from steward.gateway.team.settings import TEAM, TeamSettings, through_team
from steward.gateway.team.team import Team
from steward.gateway.team.wire import Labels, TeamDecoder
from steward.gateway.wire.openai import ChatDecoder
from steward.ledger.ledger import Ledger
from tests.gateway.desk import asked
from tests.ledger.bank import ANN, START, Bank, open_bank
from tests.rooms import steady
from tests.web.serving import Serving, open_serving
from tests.web.versatile_model import VECTOR, VersatileModel

CANARY = "sk-" + "canary-0123456789-abcdef"


class Member:
    """An editor's side, with books of its own."""

    def __init__(self, gateway: Gateway, bank: Bank) -> None:
        self.gateway = gateway
        self.ledger: Ledger = bank.ledger

    async def ask(self, request: ModelRequest) -> str:
        async with self.gateway.call(ANN, request) as answer:
            return "".join([piece async for piece in answer])

    async def fails(self, request: ModelRequest) -> StewardError:
        with pytest.raises(StewardError) as found:
            await self.ask(request)
        return found.value


@asynccontextmanager
async def open_member(folder: Path, url: str, token: str) -> AsyncGenerator[Member]:
    team = TeamSettings.model_validate({"url": url, "token": token})
    settings = through_team(GatewaySettings(), team)
    clock = ManualClock(START)
    client, keys = HttpClient(), SettingsKeys(settings)
    base_url = settings.base_url or ""
    state = Team(base_url, keys, client, clock)
    provider = TeamProvider(base_url, keys, client, labels_of(ANN), state)
    folder.mkdir(exist_ok=True)
    async with open_bank(folder / "steward.db") as bank:
        gateway = Gateway({TEAM: provider}, bank.ledger, settings, steady(clock, []), told=state)
        try:
            yield Member(gateway, bank)
        finally:
            await client.close()


@pytest.fixture
async def joined(tmp_path: Path) -> AsyncGenerator[tuple[Member, Serving]]:
    """A member and the team's server, before the scripted model."""
    async with (
        VersatileModel() as model,
        open_serving(tmp_path, model) as serving,
        open_member(
            tmp_path / "member", f"http://127.0.0.1:{serving.port}", serving.token
        ) as member,
    ):
        yield member, serving


async def test_what_the_server_booked_is_booked_here_and_the_reservation_covers_it(
    joined: tuple[Member, Serving],
) -> None:
    member, serving = joined
    serving.model.script = always(Reply(pieces=("fine",), usage=Usage(1000, 500, 100)))
    assert await member.ask(asked(task="agent")) == "fine"
    (mine,) = await member.ledger.calls(ANN)
    theirs = await serving.desk.paid()
    assert mine.cost_nano_usd == theirs.cost_nano_usd > 0
    assert (mine.provider, mine.model, mine.is_estimated) == (TEAM, "steward", False)
    assert mine.task == theirs.task == "agent"


async def test_gaps_are_closed_and_texts_made_vectors_through_the_server(
    joined: tuple[Member, Serving],
) -> None:
    member, serving = joined
    serving.model.script = always(Reply(pieces=("return 1",)))
    gap = ModelRequest("gap-1", "completion", (), 20, fill=Fill("def f():\n    ", "\n"))
    assert await member.ask(gap) == "return 1"
    assert serving.model.exchanges[0].body["suffix"] == "\n"
    request = EmbeddingRequest("vectors-1", ("one", "two"), model="custom/vectors")
    found = await member.gateway.embed(ANN, request)
    assert found.vectors == (tuple(VECTOR), tuple(VECTOR))
    mine, theirs = await member.ledger.calls(ANN), await serving.desk.ledger.calls(ANN)
    assert [each.cost_nano_usd for each in mine] == [each.cost_nano_usd for each in theirs]
    assert all(each.cost_nano_usd for each in mine)


async def test_a_stream_that_breaks_behind_the_server_is_booked_here_as_an_estimate(
    joined: tuple[Member, Serving],
) -> None:
    member, serving = joined
    serving.model.script = always(Reply(pieces=("one", "two"), fault=Drop(after_pieces=1)))
    await member.fails(asked(task="agent"))
    (mine,) = await member.ledger.calls(ANN)
    assert mine.is_estimated
    assert mine.cost_nano_usd > 0


async def test_a_refusal_behind_the_server_costs_nothing_here_and_is_tried_once(
    joined: tuple[Member, Serving],
) -> None:
    member, serving = joined
    serving.model.script = always(Reply(fault=Refuse(401)))
    error = await member.fails(asked(task="agent"))
    assert isinstance(error, ProviderRefusedError)
    assert "The team's server" in str(error)
    assert len(serving.model.exchanges) == 1
    assert (await member.ledger.standing(ANN)).spent == 0


def said(code: str, **more: object) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"Words.\x1b[31m {CANARY}", **more}}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("steward.over_budget", OverBudgetError),
        ("steward.not_permitted", NotPermittedError),
        ("steward.unpriced", NotPermittedError),
        ("steward.rate_limited", RateLimitedError),
        ("steward.unavailable", RateLimitedError),
        ("steward.provider_refused", ProviderRefusedError),
        ("steward.unknown_token", ProviderRefusedError),
        ("insufficient_quota", ProviderRefusedError),
    ],
)
def test_a_refusal_keeps_its_kind_and_its_words_bring_nothing_harmful(
    code: str, kind: type[StewardError]
) -> None:
    error = team_refusal("host", TEAM_PLACE, 402, said(code, limit="0.1", x=["no"]), "7")
    assert type(error) is kind
    assert "\x1b" not in str(error)
    assert CANARY not in str(error)
    if isinstance(error, OverBudgetError):
        assert error.details == {"limit": "0.1"}
    if isinstance(error, RateLimitedError):
        assert error.retry_after_s == 7


@pytest.mark.parametrize(
    ("written", "nano_usd"),
    [
        ("0.000000000", 0),
        ("1.000000001", 1_000_000_001),
        ("-1.000000000", None),
        ("1e3", None),
        ("999999999.000000000", None),
        (7, None),
    ],
)
def test_only_a_bill_that_can_be_true_is_believed(written: object, nano_usd: int | None) -> None:
    event = json.dumps({"choices": [], "steward": {"cost_usd": written}})
    pieces: list[Piece] = list(TeamDecoder(ChatDecoder(), "host").feed("", event))
    assert pieces == ([] if nano_usd is None else [Billed(nano_usd)])  # pyright: ignore[reportArgumentType]


def told_model(name: str, **price: object) -> dict[str, Any]:
    return {"id": name, "steward": {"usd_a_million_tokens": price, "abilities": ["chat", "fill"]}}


def test_the_model_of_the_servers_choice_is_priced_as_the_dearest_that_it_may_be() -> None:
    listed = {
        "data": [
            told_model("a/cheap", input="1", output="2"),
            told_model("a/dear", input="3", output="4", tiers=[_TIER]),
            told_model("a/dearest", input="100", output="100"),
            told_model("a/odd", input="-1", output="x"),
            {"id": 7},
            "nothing",
        ],
        "steward": {"chosen": ["a/cheap", "a/dear", "a/unknown", 3]},
    }
    models = offered(listed)
    assert set(models) == {"team/a/cheap", "team/a/dear", "team/a/dearest", "team/steward"}
    price = models["team/steward"].priced()
    assert price.worst(1_000_000, 1_000_000) == (30 + 40) * 10**9
    assert price.worst(9, 9) >= max(models["team/a/dear"].priced().worst(9, 9), 1)
    assert models["team/steward"].fill is not None
    empty: list[dict[str, Any]] = [{}, {"data": []}, {"data": "x"}, {"data": [{"id": "x"}]}]
    for nothing in empty:
        assert offered(nothing) == {}


def test_a_folders_path_does_not_leave_the_machine() -> None:
    secret = Principal("ann", "session-of-ann", "/home/ann/clients/Müller & Söhne")
    labels = labels_of(secret)
    other = labels_of(Principal("ann", "x", "/home/ann/old/Müller & Söhne"))
    assert labels.workspace.startswith("M-ller-S-hne-")
    assert labels.workspace != other.workspace
    assert "clients" not in labels.workspace
    assert "session-of-ann" not in labels.session
    assert labels_of(Principal("ann", "", "")) == Labels("", "")


async def test_a_program_that_is_no_teams_server_is_named_as_such(tmp_path: Path) -> None:
    async with answering({}, 200, "text/html") as url, open_member(tmp_path, url, "t") as member:
        error = await member.fails(asked())
    assert "not as a team's server does" in str(error)
    assert "STEWARD_TEAM_URL" in (member.gateway.unavailable_reason(ANN) or "")


@asynccontextmanager
async def answering(body: Mapping[str, Any], status: int, kind: str) -> AsyncGenerator[str]:
    """A program that gives the same answer to everything."""

    async def handle(_request: web.Request) -> web.Response:
        text = "<html>" if kind == "text/html" else json.dumps(body)
        return web.Response(status=status, text=text, content_type=kind)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


_TIER = {"above_input_tokens": 5, "input": "30", "output": "40"}
