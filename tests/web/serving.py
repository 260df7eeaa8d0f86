"""A whole server in the test's own process, on a real socket, before the scripted model."""

import asyncio
import itertools
import json
import secrets
import socket
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, get_args

import httpx
from sqlmodel import Session

from demo.scripted_model import ScriptedModel
from steward.agents.trial import Trial
from steward.agents.workflows.owner import Owner
from steward.app.health import stored_checks
from steward.app.packages import open_registries
from steward.core import audit
from steward.core.clock import ManualClock
from steward.core.principal import Principal
from steward.core.timings import Timings
from steward.extensions.packages.kept import Place
from steward.extensions.packages.shipped import shipped_places
from steward.extensions.packages.store import PackageStore
from steward.extensions.settings import ExtensionsSettings
from steward.forge.settings import GITHUB_API
from steward.gateway.reach.probe import probe
from steward.gateway.request import Written
from steward.gateway.vault.check import homes
from steward.gateway.vault.key_ring import KeyRingFile
from steward.gateway.vault.open_keys import OpenKeys
from steward.gateway.vault.seal import KEY_BYTES as SEAL_KEY_BYTES
from steward.gateway.vault.vault import Outside, Vault
from steward.ledger.key import KEY_BYTES
from steward.ledger.settings import LedgerSettings
from steward.operations.checking import Checking
from steward.operations.figures.settings import MetricsSettings
from steward.operations.health.health import Health
from steward.operations.health.models import LastAnswers, ProvidersLook
from steward.operations.health.verdict import Check
from steward.operations.metrics import Metrics
from steward.permissions.approvals import Approvals
from steward.permissions.grants import Grants
from steward.permissions.people import permit_keys
from steward.permissions.seal import approval_seal
from steward.permissions.sessions import Sessions
from steward.permissions.tokens import TOKEN_BYTES, Scope, Token, Tokens, Wish
from steward.tools.edit_file import EditFile
from steward.tools.invoke import specs_of
from steward.tools.list_files import ListFiles
from steward.tools.read_file import ReadFile
from steward.tools.search import Search
from steward.tools.tool import Tool
from steward.web.address import bind, hosts_of
from steward.web.api import ROUTES
from steward.web.door import Routes, open_door
from steward.web.limits import WebLimits
from steward.web.live.limits import LiveLimits
from steward.web.rooms import Rooms
from steward.web.server import open_server
from steward.web.settings import WebSettings
from tests.gateway.desk import Desk, gateway_settings, open_desk
from tests.ledger.bank import ANN, START
from tests.rooms import numbered

Json = dict[str, Any]

DEADLINE_S = 20.0
"""How long a test waits for something before it is a failure."""
MODELS: frozenset[Scope] = frozenset(["models"])
HELLO: Json = {"model": "steward", "messages": [{"role": "user", "content": "hello"}]}
"""The smallest request for a chat completion."""
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
COMPLETIONS, EMBEDDINGS = "/v1/completions", "/v1/embeddings"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: each would read all authorities that its machine trusts, which takes
longer than the server does to start."""
QUICK = WebLimits(head_s=0.3, body_s=0.3, idle_s=1, stalled_s=0.3, stop_s=0.3)
"""Limits that a test can wait for."""

_TASKS = {"completion": "small", "plan": "large", "agent": "large", "chat": "large"}
_KNOWN: Json = {
    "custom/small": {"fill": "suffix"},
    "custom/vectors": {"abilities": ["embedding"], "price": {"input": "0.10", "output": "0"}},
}
_requests = itertools.count(1)


@dataclass(frozen=True)
class Serving:
    """A server, and everything around it."""

    port: int
    token: str
    desk: Desk
    clock: ManualClock
    tokens: Tokens
    sessions: Sessions
    client: httpx.AsyncClient
    rooms: Rooms
    writers: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])

    @property
    def model(self) -> ScriptedModel:
        """What answers in the end."""
        return self.desk.model

    async def post(self, body: Json, path: str = CHAT, **headers: str) -> httpx.Response:
        """Ask with the token, in one piece."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(path, json=body, headers=named)

    async def events(self, body: Json, path: str = CHAT) -> list[Json]:
        """Ask for a stream, and read its events to the end."""
        answer = await self.post({**body, "stream": True}, path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.text.split("\n") if line.startswith("data: ")]
        return [json.loads(line[6:]) for line in lines if line != "data: [DONE]"]

    async def fresh_token(
        self, user: str = "ann", scopes: frozenset[Scope] = MODELS
    ) -> tuple[str, Token]:
        """Another token."""
        owner = replace(ANN, user=user)
        return await self.tokens.create(owner, user, Wish("a test", scopes), _anybody)

    async def link(self, user: str = "ann") -> str:
        """The secret of a link for somebody."""
        return await self.sessions.link(replace(ANN, user=user))

    async def revoke(self, token: Token) -> None:
        """Let a token open nothing any more."""
        await self.tokens.revoke(ANN, token.id, _anybody)

    async def trail(self) -> list[audit.AuditEntry]:
        """The audit trail; fails if its chain is broken."""

        def work(session: Session) -> list[audit.AuditEntry]:
            assert audit.verify(session).is_intact
            return list(audit.read(session))

        return await self.desk.database.read(work)

    def written(
        self, path: str = CHAT, body: bytes | None = None, more: Mapping[str, str] | None = None
    ) -> bytes:
        """A request as bytes, to be spoiled by a test."""
        body = json.dumps(HELLO).encode() if body is None else body
        headers = {
            "Host": f"127.0.0.1:{self.port}",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(more or {}),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body

    async def say(self, data: bytes) -> bytes:
        """Send bytes and read until the server hangs up."""
        reader, writer = await self.connect()
        writer.write(data)
        read = bytearray()
        async with asyncio.timeout(DEADLINE_S):
            with suppress(ConnectionResetError):
                while piece := await reader.read(65536):
                    read += piece
        writer.close()
        return bytes(read)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection on which nothing was said yet."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer

    async def close_all(self) -> None:
        """Hang up on every connection that a test opened and did not keep."""
        for writer in self.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def keep(self, writer: asyncio.StreamWriter) -> None:
        """Leave a connection open when the server stops."""
        self.writers.remove(writer)


@asynccontextmanager
async def open_serving(
    folder: Path,
    model: ScriptedModel,
    *,
    limits: WebLimits | None = None,
    routes: Routes = ROUTES,
    web: WebSettings | None = None,
    checks: Sequence[Check] | None = None,
    extensions: ExtensionsSettings | None = None,
    live: LiveLimits | None = None,
    is_behind_proxy: bool = False,
    **desk: Any,
) -> AsyncGenerator[Serving]:
    """Serve in `folder`. What is left over goes to the gateway's desk."""
    clock = ManualClock(START)
    desk.setdefault("settings", gateway_settings(model.url, models=_TASKS, models_known=_KNOWN))
    bound = bind("127.0.0.1", 0)
    async with open_desk(folder, model, **desk) as opened:
        rooms = _rooms(opened, clock, folder, web, checks, extensions, live)
        port = _port(bound)
        hosts = hosts_of(bound, rooms.settings.hosts, is_behind_proxy=is_behind_proxy)
        written, _ = await rooms.tokens.create(ANN, "ann", Wish("a test", MODELS), _anybody)
        async with (
            rooms.health.running(),
            rooms.checking.running(),
            open_door(rooms, routes, hosts) as door,
            open_server(door, bound, limits or WebLimits()),
            _client(port, written) as client,
        ):
            serving = Serving(
                port, written, opened, clock, rooms.tokens, rooms.sessions, client, rooms
            )
            try:
                yield serving
            finally:
                await serving.close_all()


def _rooms(
    desk: Desk,
    clock: ManualClock,
    folder: Path,
    web: WebSettings | None,
    checks: Sequence[Check] | None,
    extensions: ExtensionsSettings | None,
    live: LiveLimits | None,
) -> Rooms:
    fresh = partial(secrets.token_urlsafe, TOKEN_BYTES)
    tokens = Tokens(desk.database, clock, numbered("token"), fresh)
    sessions = Sessions(desk.database, clock, numbered("session"), fresh)
    timings = Timings()
    desk.database.report_to(timings, clock)
    metrics = Metrics(desk.database, clock, LedgerSettings(), ANN.tenant_id, timings=timings)
    desk.gateway.report_to(metrics)
    desk.ledger.report_to(metrics.committed)
    approvals = _approvals(desk, clock, folder)
    chosen = extensions or ExtensionsSettings()
    return Rooms(
        database=desk.database,
        clock=clock,
        new_id=numbered(f"request{next(_requests)}"),
        tokens=tokens,
        sessions=sessions,
        gateway=desk.gateway,
        metrics=metrics,
        settings=web or WebSettings(),
        ledger=desk.ledger,
        events=desk.events,
        approvals=approvals,
        trial=_trial(desk),
        executors=Owner(folder / "executors", "server"),
        data_dir=folder,
        health=_health(desk, clock, folder, checks),
        packages=_packages(desk, clock, folder, approvals, chosen),
        registries=open_registries(desk.database, clock, approvals.seal),
        extensions=chosen,
        outcomes=MetricsSettings(),
        timings=timings,
        limits=LedgerSettings(limit_usd=Decimal(1)).limits(),
        checking=Checking(desk.database, clock, numbered(f"check{next(_requests)}")),
        live=live or LiveLimits(),
        models=desk.settings,
        answer_tokens_max=dict.fromkeys(get_args(Written), 1000),
        vault=_vault(desk, clock, folder),
        key_homes=homes(desk.settings, GITHUB_API),
    )


def _health(desk: Desk, clock: ManualClock, folder: Path, checks: Sequence[Check] | None) -> Health:
    last = LastAnswers(clock)
    desk.gateway.report_to(last)
    return Health(
        (
            *(checks or stored_checks(desk.database, clock, folder / "steward.db")),
            Check("providers", ProvidersLook(desk.gateway, last)),
        ),
        clock,
        within_s=0.5,
        ready_within_s=0.5,
    )


def _vault(desk: Desk, clock: ManualClock, folder: Path) -> Vault:
    file = KeyRingFile(folder / "vault.key", partial(secrets.token_bytes, SEAL_KEY_BYTES))
    new_id = numbered(f"key{next(_requests)}")
    outside = Outside(clock, new_id, secrets.token_bytes, probe, permit_keys)
    return Vault(desk.database, OpenKeys(desk.database, file, clock), outside)


def _trial(desk: Desk) -> Trial:
    tools: list[Tool[Any]] = [ReadFile(), ListFiles(), Search(), EditFile()]
    specs = specs_of({tool.name: tool for tool in tools})
    return Trial(desk.gateway, desk.ledger, numbered("trial"), specs, (), 500)


def _packages(
    desk: Desk,
    clock: ManualClock,
    folder: Path,
    approvals: Approvals,
    chosen: ExtensionsSettings,
) -> PackageStore:
    place = Place(folder / "extensions", shipped_places())
    return PackageStore(desk.database, clock, approvals.seal, place, chosen)


def _approvals(desk: Desk, clock: ManualClock, folder: Path) -> Approvals:
    new_id = numbered(f"question{next(_requests)}")
    seal = approval_seal(folder, lambda: "5e" * KEY_BYTES)
    within = timedelta(minutes=30)
    grants = Grants(desk.database, clock, new_id, seal, new_id(), within)
    return Approvals(desk.database, clock, new_id, desk.events, within, seal, grants)


def status_of(answer: bytes) -> int:
    """The status of an answer as it was read; nought where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def _client(port: int, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=DEADLINE_S,
        trust_env=False,
        verify=NO_TLS,
    )


def _port(bound: socket.socket) -> int:
    port: int = bound.getsockname()[1]
    return port


def _anybody(_session: Session, _principal: Principal, _user: str) -> None:
    """Everybody may do everything here."""
