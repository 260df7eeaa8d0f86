"""The composition root: the only place where parts are chosen and joined.

Read it top to bottom to see the whole system; every object gets what it needs here and nowhere
else, so nothing below reaches for a global. Importing it loads the database layer, so front doors
that must answer first import it afterwards.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from steward import __version__
from steward.agents.agent import BUILTIN
from steward.agents.execute import interpreter
from steward.agents.run import RunLog
from steward.agents.runs import Runs
from steward.agents.steps import Hands
from steward.agents.workflows.durable import DurableEngine
from steward.agents.workflows.owner import Owner
from steward.completion.rhythm import Rhythm
from steward.completion.suggest import Suggester
from steward.core.clock import Clock, SystemClock
from steward.core.database import Database, open_database
from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.events import Events
from steward.core.ids import IdSource, random_id
from steward.core.limits import EDITOR_REPLY_S
from steward.core.login import login_name
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.core.principal import LOCAL_TENANT, Principal
from steward.gateway.built_in import BUILT_IN
from steward.gateway.call.pacing import Pacing
from steward.gateway.catalogue.decided import DecidedPrices
from steward.gateway.gateway import Gateway
from steward.gateway.provider import KeySource, Provider
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.keys import FirstKey, SettingsKeys
from steward.gateway.reach.providers import open_providers
from steward.gateway.settings import ProviderSettings
from steward.gateway.team.provider import TeamProvider, labels_of
from steward.gateway.team.settings import TEAM
from steward.gateway.team.team import Team
from steward.gateway.vault.key_ring import KeyRingFile
from steward.gateway.vault.open_keys import OpenKeys, VaultKeys
from steward.gateway.vault.seal import KEY_BYTES as SEAL_KEY_BYTES
from steward.gateway.vault.stored import all_of
from steward.gateway.worker.provider import LitellmProvider, Route
from steward.gateway.worker.worker import Worker
from steward.ledger.key import KEY_BYTES, KeyFile
from steward.ledger.ledger import Ledger
from steward.lsp.rooms import Rooms
from steward.operations.metrics import Metrics
from steward.operations.traces import open_traces
from steward.permissions.approvals import Approvals
from steward.permissions.people import identified
from steward.permissions.tokens import TOKEN_BYTES, Tokens
from steward.sandbox.jail import BubblewrapJail
from steward.settings import Settings
from steward.tools.change_files import ChangeFiles
from steward.tools.commit import Commit
from steward.tools.edit_file import EditFile
from steward.tools.invoke import Invoker
from steward.tools.read_file import ReadFile
from steward.tools.run_tests import RunTests
from steward.tools.search import Search
from steward.tools.tool import Tool
from steward.web.rooms import Rooms as WebRooms
from steward.workspace.editor import Editor
from steward.workspace.git import Git
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.land import Lander
from steward.workspace.proposals import Proposals
from steward.workspace.verdicts import RecentVerdicts
from steward.workspace.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ground:
    """What every room stands on."""

    settings: Settings
    database: Database
    clock: Clock
    new_id: IdSource
    events: Events


@dataclass(frozen=True, slots=True)
class Reach:
    """How providers are reached."""

    keys: KeySource
    client: HttpClient
    keyed: frozenset[str]
    """The providers that the vault has a key for."""


@dataclass(frozen=True, slots=True)
class TeamReach:
    """A team's server, through which all calls go."""

    state: Team
    provider: TeamProvider


@asynccontextmanager
async def open_house(
    settings: Settings, root: Path | None, editor: Editor
) -> AsyncGenerator[Rooms]:
    """Join the parts for one editor window; release what they hold on the way out."""
    async with _open_ground(settings) as (ground, ledger, client):
        database = ground.database
        owner = Owner(settings.data_dir / "executors", ground.new_id())
        asking = Principal(login_name(), owner.name, str(root or ""))
        reach = await _reach(ground, client)
        team = _team(ground, reach, asking)
        gateway = _gateway(ground, ledger, reach, team)
        approvals = Approvals(
            database,
            ground.clock,
            ground.new_id,
            ground.events,
            settings.permissions.answer_within,
        )
        principal = await database.read(lambda session: identified(session, asking))
        oracle = IgnoreOracle(root) if root else None
        runs = None
        if root is not None and oracle is not None:
            workspace = Workspace(root, editor, oracle)
            runs = _runs(ground, gateway, ledger, approvals, workspace, owner)
        rooms = Rooms(
            principal=principal,
            database=database,
            events=ground.events,
            ledger=ledger,
            gateway=gateway,
            approvals=approvals,
            suggester=_suggester(ground, gateway),
            verdicts=RecentVerdicts(oracle, ground.clock) if oracle else None,
            runs=runs,
            previews=settings.data_dir / "previews",
        )
        try:
            async with nullcontext() if team is None else team.state.kept_fresh():
                yield rooms
        finally:
            if runs is not None:
                await runs.close()
            await gateway.close()


@asynccontextmanager
async def open_web(settings: Settings) -> AsyncGenerator[WebRooms]:
    """Join the parts for `steward serve`; release what they hold on the way out."""
    if settings.team.url is not None:
        raise InvalidInputError(
            "`steward serve` is a team's server and does not ask another one. Remove `url` and"
            " `token` from [team] (STEWARD_TEAM_URL, STEWARD_TEAM_TOKEN), then start again."
        )
    async with _open_ground(settings) as (ground, ledger, client):
        database = ground.database
        gateway = _gateway(ground, ledger, await _reach(ground, client))
        metrics = Metrics(database, ground.clock, settings.ledger, LOCAL_TENANT)
        gateway.report_to(metrics)
        ledger.report_to(metrics.committed)
        fresh = partial(secrets.token_urlsafe, TOKEN_BYTES)
        try:
            async with open_traces(settings.operations, __version__) as traces:
                if traces is not None:
                    gateway.report_to(traces)
                yield WebRooms(
                    database=database,
                    clock=ground.clock,
                    new_id=ground.new_id,
                    tokens=Tokens(database, ground.clock, ground.new_id, fresh),
                    gateway=gateway,
                    metrics=metrics,
                    settings=settings.web,
                )
        finally:
            await gateway.close()


@asynccontextmanager
async def _open_ground(
    settings: Settings,
) -> AsyncGenerator[tuple[Ground, Ledger, HttpClient]]:
    """What both front doors stand on."""
    async with open_database(settings.database_place) as database:
        ground = Ground(settings, database, SystemClock(), random_id, Events())
        key = KeyFile(settings.ledger_key, partial(secrets.token_hex, KEY_BYTES))
        ledger = Ledger(database, ground.clock, ground.events, settings.ledger, key)
        with suppress(UnavailableError):  # The next model call says so; all else goes on.
            await ledger.expire_due()
        client = HttpClient()
        try:
            yield ground, ledger, client
        finally:
            await client.close()


def _keys(ground: Ground) -> KeySource:
    chosen = SettingsKeys(ground.settings.gateway)
    if ground.settings.team.url is not None:
        return chosen  # The token is there; a vault has no say.
    return FirstKey(chosen, _vault_keys(ground))


def _team(ground: Ground, reach: Reach, asking: Principal) -> TeamReach | None:
    url = ground.settings.gateway.base_url
    if ground.settings.team.url is None or url is None:
        return None
    if reach.keyed:
        names = ", ".join(sorted(reach.keyed))
        raise InvalidInputError(
            "Model calls go through your team's server ([team]), and whoever works through it holds"
            f" no provider's key. The vault here has keys for {names}: take each out with `steward"
            " key remove PROVIDER`, then start again."
        )
    state = Team(url, reach.keys, reach.client, ground.clock)
    return TeamReach(state, TeamProvider(url, reach.keys, reach.client, labels_of(asking), state))


def _gateway(
    ground: Ground, ledger: Ledger, reach: Reach, team: TeamReach | None = None
) -> Gateway:
    chosen = ground.settings.gateway
    pacing = Pacing(ground.clock, asyncio.sleep, secrets.SystemRandom().random)
    if team is not None:
        return Gateway({TEAM: team.provider}, ledger, chosen, pacing, told=team.state)

    def open_worker(name: str, url: str | None, said: ProviderSettings) -> Provider:
        worker = Worker(chosen.worker.python, chosen.worker.idle.total_seconds())
        known = BUILT_IN.get(name)
        homes = (known.home, *known.other_homes) if known else ()
        route = Route(said.route or name, parameters=said.parameters, homes=homes)
        return LitellmProvider(name, url, reach.keys, worker, route)

    providers = open_providers(
        chosen, reach.keys, reach.client, keyed=reach.keyed, open_worker=open_worker
    )
    decided = DecidedPrices(ground.database, ground.clock, LOCAL_TENANT)
    return Gateway(providers, ledger, chosen, pacing, told=decided)


async def _reach(ground: Ground, client: HttpClient) -> Reach:
    now = ground.clock.now()
    kept = await ground.database.read(lambda session: all_of(session, LOCAL_TENANT))
    for key in kept:
        if key.is_old(now):
            _log.warning("%s", key.reminder(now))
    return Reach(_keys(ground), client, frozenset(key.provider for key in kept))


def _vault_keys(ground: Ground) -> VaultKeys:
    file = KeyRingFile(ground.settings.vault_key, partial(secrets.token_bytes, SEAL_KEY_BYTES))
    return VaultKeys(OpenKeys(ground.database, file, ground.clock), LOCAL_TENANT)


def _suggester(ground: Ground, gateway: Gateway) -> Suggester | None:
    chosen = ground.settings.completion
    if not chosen.enabled:
        return None
    return Suggester(
        gateway,
        ground.new_id,
        Rhythm(ground.clock, chosen.wait.total_seconds()),
        output_tokens_max=chosen.output_tokens_max,
    )


def _runs(
    ground: Ground,
    gateway: Gateway,
    ledger: Ledger,
    approvals: Approvals,
    workspace: Workspace,
    owner: Owner,
) -> Runs:
    chosen = ground.settings.agents
    git = Git(workspace.root)
    proposals = Proposals(ground.database, ground.clock)
    tools: list[Tool[Any]] = [
        ReadFile(),
        Search(),
        EditFile(),
        ChangeFiles(),
        RunTests(BubblewrapJail(ground.clock), chosen.test_command),
        Commit(git),
    ]
    by_name = {tool.name: tool for tool in tools}
    hands = Hands(
        gateway=gateway,
        ledger=ledger,
        approvals=approvals,
        invoker=Invoker(by_name, approvals, proposals, ground.database, ground.clock),
        lander=Lander(
            approvals,
            proposals,
            workspace,
            git,
            min(EDITOR_REPLY_S, approvals.answer_within.total_seconds()),
        ),
        workspace=workspace,
        log=RunLog(ground.database, ground.clock, ground.events),
        new_id=ground.new_id,
        cost_limit=NanoUsd(int(chosen.cost_limit_usd * NANO_PER_USD)),
        output_tokens_max=chosen.output_tokens_max,
    )
    interpret = interpreter(hands, BUILTIN, chosen.turns_max, owner.name)
    engine = DurableEngine(ground.settings.data_dir, str(workspace.root), owner, interpret)
    return Runs(hands, BUILTIN, engine, owner)
