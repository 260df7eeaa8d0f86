"""The road to models: keys, providers, a team's server, the gateway."""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from functools import partial

from steward.app.ground import Ground
from steward.core.errors import InvalidInputError
from steward.core.principal import LOCAL_TENANT, Principal
from steward.forge.settings import FORGE
from steward.gateway.built_in import BUILT_IN
from steward.gateway.call.pacing import Pacing
from steward.gateway.catalogue.decided import DecidedPrices
from steward.gateway.gateway import Gateway
from steward.gateway.provider import KeySource, Provider
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.keys import FirstKey, SettingsKeys
from steward.gateway.reach.probe import probe
from steward.gateway.reach.providers import open_providers
from steward.gateway.settings import ProviderSettings
from steward.gateway.team.provider import TeamProvider, labels_of
from steward.gateway.team.settings import TEAM
from steward.gateway.team.team import Team
from steward.gateway.vault.key_ring import KeyRingFile
from steward.gateway.vault.open_keys import OpenKeys, VaultKeys
from steward.gateway.vault.seal import KEY_BYTES as SEAL_KEY_BYTES
from steward.gateway.vault.stored import all_of
from steward.gateway.vault.vault import Outside, Vault
from steward.gateway.worker.provider import LitellmProvider, Route
from steward.gateway.worker.worker import Worker
from steward.ledger.ledger import Ledger
from steward.permissions.people import permit_keys

_log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class Models:
    """Everything that a call of a model takes."""

    gateway: Gateway
    ledger: Ledger
    vault: VaultKeys
    """The keys that lie sealed, as the providers get them."""
    team: Team | None = None
    """Of a team's server, what it says; None where there is none."""


async def open_models(
    ground: Ground, ledger: Ledger, client: HttpClient, asking: Principal | None = None
) -> Models:
    """The gateway for whoever asks; None for a server that many ask."""
    vault = vault_keys(ground)
    reach = await _reach(ground, client, vault)
    team = None if asking is None else _team(ground, reach, asking)
    return Models(_gateway(ground, ledger, reach, team), ledger, vault, team and team.state)


def open_vault(ground: Ground, models: Models) -> Vault:
    """What people do with the keys; a provider has a changed one with its next call."""
    outside = Outside(ground.clock, ground.new_id, secrets.token_bytes, probe, permit_keys)
    return Vault(ground.database, models.vault.keys, outside)


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


def _gateway(ground: Ground, ledger: Ledger, reach: Reach, team: TeamReach | None) -> Gateway:
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


async def _reach(ground: Ground, client: HttpClient, vault: VaultKeys) -> Reach:
    now = ground.clock.now()
    kept = await ground.database.read(lambda session: all_of(session, LOCAL_TENANT))
    for key in kept:
        if key.is_old(now):
            _log.warning("%s", key.reminder(now))
    providers = frozenset(key.provider for key in kept) - {FORGE}
    return Reach(_keys(ground, vault), client, providers)


def vault_keys(ground: Ground) -> VaultKeys:
    """The keys that lie sealed in the database."""
    file = KeyRingFile(ground.settings.vault_key, partial(secrets.token_bytes, SEAL_KEY_BYTES))
    return VaultKeys(OpenKeys(ground.database, file, ground.clock), LOCAL_TENANT)


def _keys(ground: Ground, vault: VaultKeys) -> KeySource:
    chosen = SettingsKeys(ground.settings.gateway)
    if ground.settings.team.url is not None:
        return chosen  # The token is there; a vault has no say.
    return FirstKey(chosen, vault)
