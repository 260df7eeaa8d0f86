"""What the gateway's tests share: a whole gateway, and requests to send through it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from demo.scripted_model import ScriptedModel
from steward.core.clock import ManualClock
from steward.core.database import Database, open_database
from steward.core.errors import StewardError
from steward.core.events import Events
from steward.core.money import NANO_PER_USD
from steward.core.principal import Principal
from steward.gateway.call.answer import Answer
from steward.gateway.gateway import Gateway
from steward.gateway.hook import Hook
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.keys import SettingsKeys
from steward.gateway.reach.providers import open_providers
from steward.gateway.request import Message, ModelRequest, Task, ToolSpec
from steward.gateway.settings import GatewaySettings
from steward.ledger.charge import Call
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings
from tests.ledger.bank import ANN, START, key_in
from tests.places import Place
from tests.rooms import steady
from tests.template import up_to_date

KEY = "sk-" + "scripted-" + "0123456789abcdef"
INPUT_NANO, OUTPUT_NANO = 150, 600
"""Nano-dollars a token."""
OUTPUT_MAX = 50


@dataclass(frozen=True)
class Desk:
    """A gateway and everything around it."""

    gateway: Gateway
    ledger: Ledger
    database: Database
    model: ScriptedModel
    clock: ManualClock
    pauses: list[float]
    """How long was waited between attempts."""
    events: Events
    settings: GatewaySettings

    async def ask(
        self, request: ModelRequest | None = None, principal: Principal = ANN
    ) -> tuple[str, Answer]:
        """The whole text, and the answer it came with."""
        async with self.gateway.call(principal, request or asked()) as answer:
            text = "".join([piece async for piece in answer])
        return text, answer

    async def fails(self, request: ModelRequest | None = None) -> StewardError:
        """The error that asking ends with."""
        try:
            await self.ask(request)
        except StewardError as error:
            return error
        raise AssertionError("the call succeeded")

    async def paid(self) -> Call:
        """The only call in the ledger."""
        (call,) = await self.ledger.calls(ANN)
        standing = await self.ledger.standing(ANN)
        assert standing.reserved == 0
        assert standing.spent == call.cost_nano_usd
        return call


def gateway_settings(url: str, **more: object) -> GatewaySettings:
    return GatewaySettings.model_validate(
        {
            "url": url,
            "key": KEY,
            "models": {"completion": "small", "plan": "large", "agent": "large"},
            "prices": {
                "small": {"input": "0.15", "output": "0.60"},
                "large": {"input": "0.15", "output": "0.60", "cached_input": "0.05"},
            },
            **more,
        }
    )


@asynccontextmanager
async def open_desk(
    folder: Path,
    model: ScriptedModel,
    settings: GatewaySettings | None = None,
    limit_nano_usd: int = NANO_PER_USD,
    hooks: Sequence[Hook] = (),
    pause: Callable[[float], Awaitable[None]] | None = None,
    place: Place | None = None,
) -> AsyncGenerator[Desk]:
    settings = settings or gateway_settings(model.url)
    limit_usd = Decimal(limit_nano_usd) / NANO_PER_USD
    async with open_database(up_to_date(place or folder / "steward.db")) as database:
        chosen = LedgerSettings(limit_usd=limit_usd)
        clock, events, pauses = ManualClock(START), Events(), list[float]()
        ledger = Ledger(database, clock, events, chosen, key_in(folder))
        client = HttpClient()
        providers = open_providers(settings, SettingsKeys(settings), client)
        pacing = steady(clock, pauses)
        if pause is not None:
            pacing = replace(pacing, pause=pause)
        gateway = Gateway(providers, ledger, settings, pacing, hooks)
        try:
            yield Desk(gateway, ledger, database, model, clock, pauses, events, settings)
        finally:
            await gateway.close()
            await client.close()


def asked(
    content: str = "say something",
    *,
    request_id: str = "r1",
    task: Task = "completion",
    tools: tuple[ToolSpec, ...] = (),
    run_id: str | None = None,
) -> ModelRequest:
    return ModelRequest(
        request_id=request_id,
        task=task,
        messages=(Message("system", "be brief"), Message("user", content)),
        output_tokens_max=OUTPUT_MAX,
        stop=("\n\n",),
        tools=tools,
        run_id=run_id,
    )
