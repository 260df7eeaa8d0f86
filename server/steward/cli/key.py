"""`steward key`: the keys of providers, read from standard input since arguments are public."""

import argparse
import asyncio
import getpass
import json
import secrets
import sys
import warnings
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from pydantic import SecretStr

from steward.cli.table import table
from steward.core.clock import SystemClock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, NotFoundError
from steward.core.ids import random_id
from steward.core.limits import PROVIDER_KEY_CHARS_MAX
from steward.core.principal import Principal
from steward.forge.settings import FORGE, GITHUB_API
from steward.gateway.built_in import BUILT_IN
from steward.gateway.reach.probe import probe
from steward.gateway.vault.check import Address
from steward.gateway.vault.key_ring import KeyRingFile
from steward.gateway.vault.open_keys import OpenKeys
from steward.gateway.vault.seal import KEY_BYTES
from steward.gateway.vault.stored import StoredKey
from steward.gateway.vault.vault import Outside, Vault
from steward.permissions.people import permit_keys
from steward.settings import Settings


async def act(
    arguments: argparse.Namespace, settings: Settings, database: Database, principal: Principal
) -> tuple[int, str]:
    """The exit code, and what is said."""
    clock = SystemClock()
    file = KeyRingFile(settings.vault_key, partial(secrets.token_bytes, KEY_BYTES))
    outside = Outside(clock, random_id, secrets.token_bytes, probe, permit_keys)
    vault = Vault(database, OpenKeys(database, file, clock), outside)
    match arguments.action:
        case "list":
            keys = await vault.stored(principal)
            return 0, _as_json(keys) if arguments.json else _listed(keys, clock.now())
        case "reseal":
            count = await vault.reseal(principal)
            return 0, f"Sealed anew with a new key: {count}. The old one opens nothing any more.\n"
        case "validate":
            return _validated(
                await vault.validate(principal, await _named(vault, principal, arguments))
            )
        case "remove":
            gone = await vault.remove(principal, await _named(vault, principal, arguments))
            return 0, (
                f"The key {gone.mask} of {gone.provider} is gone from the vault. The provider still"
                " accepts it: revoke it there too.\n"
            )
        case _:
            return await _taken(vault, principal, settings, arguments)


async def _taken(
    vault: Vault, principal: Principal, settings: Settings, arguments: argparse.Namespace
) -> tuple[int, str]:
    is_new = arguments.action == "add"
    api = settings.forge.api
    address = _address(arguments, api) if is_new else await _named(vault, principal, arguments)
    key = await asyncio.to_thread(_read_key, address)
    put = vault.add if is_new else vault.rotate
    stored = await put(principal, address, key, is_checked=not arguments.unchecked)
    checked = (
        "The provider accepts it."
        if stored.verdict == "accepted"
        else "Whether the provider accepts it is not known."
    )
    return 0, f"The key {stored.mask} of {stored.provider} is kept for {stored.host}. {checked}\n"


def _read_key(address: Address) -> SecretStr:
    """The key, from standard input: without an echo where somebody types it."""
    if not sys.stdin.isatty():
        return SecretStr(sys.stdin.readline(PROVIDER_KEY_CHARS_MAX + 2).strip())
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            written = getpass.getpass(f"Key of {address.provider} (it is not shown): ")
        except getpass.GetPassWarning:
            raise InvalidInputError(
                "This terminal would show the key, so it was not read. Give it through a pipe."
            ) from None
    return SecretStr(written.strip())


def _address(arguments: argparse.Namespace, forge_api: str = GITHUB_API) -> Address:
    """Where the provider is: as said, as the settings have it, or as everybody knows."""
    if arguments.url is not None:
        return Address(arguments.provider, arguments.url)
    if arguments.provider == FORGE:
        return Address(FORGE, forge_api)
    known = BUILT_IN.get(arguments.provider)
    if known is None:
        raise InvalidInputError(
            f"Where {arguments.provider!r} is, is not known here. Say it with `--url`, or name one"
            f" of {', '.join(sorted(BUILT_IN))}."
        )
    return Address(arguments.provider, known.home)


async def _named(vault: Vault, principal: Principal, arguments: argparse.Namespace) -> Address:
    """The address of a key that is there; the URL need not be said where there is only one."""
    if arguments.url is not None:
        return _address(arguments)
    found = [key for key in await vault.stored(principal) if key.provider == arguments.provider]
    if not found:
        raise NotFoundError(
            f"The vault holds no key of {arguments.provider!r}. `steward key list` shows what it"
            " holds; `steward key add` puts one there."
        )
    if len(found) > 1:
        raise InvalidInputError(
            f"The vault holds several keys of {arguments.provider!r}. Say which with `--url`: "
            + ", ".join(key.host for key in found)
            + "."
        )
    return Address(arguments.provider, found[0].url)


def _validated(key: StoredKey) -> tuple[int, str]:
    match key.verdict:
        case "accepted":
            return 0, f"{key.host} accepts the key {key.mask}.\n"
        case "refused":
            return 1, (
                f"{key.host} does NOT accept the key {key.mask}. Put another in its place with"
                f" `steward key rotate {key.provider}`.\n"
            )
        case "unknown":
            return 0, f"{key.host} has no page that tells whether it accepts the key {key.mask}.\n"


def _as_json(keys: Sequence[StoredKey]) -> str:
    told = [
        {
            "provider": key.provider,
            "host": key.host,
            "mask": key.mask,
            "set_at": key.set_at.isoformat(),
            "last_used_at": key.last_used_at and key.last_used_at.isoformat(),
            "checked_at": key.checked_at and key.checked_at.isoformat(),
            "verdict": key.verdict,
            "added_by": key.added_by,
        }
        for key in keys
    ]
    return json.dumps(told, indent=2) + "\n"


def _listed(keys: Sequence[StoredKey], now: datetime) -> str:
    if not keys:
        return "The vault holds no key. `steward key add` puts one there.\n"
    head = ("provider", "host", "key", "age", "last used", "accepted", "added by")
    rows = [
        (
            key.provider,
            key.host,
            key.mask,
            f"{(now - key.set_at).days} d",
            "never" if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M}",
            {"accepted": "yes", "refused": "NO", "unknown": "?"}[key.verdict],
            key.added_by,
        )
        for key in keys
    ]
    return table((head, *rows), are_numbers=False) + "".join(
        f"\n{key.reminder(now)}\n" for key in keys if key.is_old(now)
    )
