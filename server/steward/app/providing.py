"""How the providers of these settings stand, for somebody who looks for what is wrong."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import SecretStr

from steward.app.ground import Ground, open_ground
from steward.app.models import open_models, vault_keys
from steward.core.errors import StewardError
from steward.core.login import login_name
from steward.core.principal import LOCAL_TENANT, Principal
from steward.gateway.built_in import BUILT_IN
from steward.gateway.origin import origin_of
from steward.gateway.reach.keys import FirstKey, SettingsKeys
from steward.gateway.reach.probe import probe
from steward.gateway.standing import ModelStanding
from steward.gateway.vault.check import Address, Verdict, check
from steward.gateway.vault.stored import StoredKey, all_of
from steward.permissions.people import identified
from steward.settings import Settings

_NO_KEY = SecretStr("none")
"""What is shown to a server that may want no key: whether it answers is what counts."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What a provider said when it was asked for its list of models."""

    provider: str
    url: str
    host: str
    verdict: Verdict | Literal["silent"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything at once."""

    at: datetime
    models: tuple[ModelStanding, ...]
    """Those that are chosen for a task."""
    keys: tuple[StoredKey, ...]
    reached: tuple[Reached, ...]
    """Empty where nobody was to be asked."""


async def providers_stand(settings: Settings, *, online: bool) -> Standing:
    """How they stand; with `online` each is asked for something that costs nothing."""
    async with open_ground(settings) as (ground, ledger, client):
        asking = Principal(login_name(), "", "")
        gateway = (await open_models(ground, ledger, client, asking)).gateway
        try:
            principal = await ground.database.read(lambda session: identified(session, asking))
            standings = await gateway.standings(principal)
            keys = await ground.database.read(lambda session: all_of(session, LOCAL_TENANT))
        finally:
            await gateway.close()
        chosen = tuple(each for each in standings if each.tasks)
        names = {each.model.provider for each in chosen} | {key.provider for key in keys}
        reached = await _asked(ground, _addresses(settings, names, keys)) if online else ()
        return Standing(ground.clock.now(), chosen, keys, reached)


def _addresses(
    settings: Settings, names: Iterable[str], keys: Iterable[StoredKey]
) -> list[Address]:
    urls = {key.provider: key.url for key in keys}
    for name in sorted(names):
        said = settings.gateway.providers.get(name)
        if said is not None and said.url is not None:
            urls[name] = said.url
        elif name == settings.gateway.provider and settings.gateway.base_url is not None:
            urls[name] = settings.gateway.base_url
        elif name in BUILT_IN:
            urls.setdefault(name, BUILT_IN[name].home)
    return [Address(name, url) for name, url in sorted(urls.items())]


async def _asked(ground: Ground, addresses: list[Address]) -> tuple[Reached, ...]:
    source = FirstKey(SettingsKeys(ground.settings.gateway), vault_keys(ground))
    async with asyncio.TaskGroup() as tasks:
        looks = [
            tasks.create_task(_reached(each, await source.key(each.provider, each.url)))
            for each in addresses
        ]
    return tuple(look.result() for look in looks)


async def _reached(address: Address, key: SecretStr | None) -> Reached:
    host = origin_of(address.url)
    try:
        verdict = await check(probe, address, key or _NO_KEY)
    except StewardError as error:
        return Reached(address.provider, address.url, host, "silent", str(error))
    return Reached(address.provider, address.url, host, verdict)
