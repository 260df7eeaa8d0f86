"""The keys of providers: added and replaced, never read.

A key comes in as the field `key` of a body and goes into the vault; no answer, error, page, log or
entry of the audit trail has any of it but its mask. Owners and admins may see, add, replace, check
and remove them, with a token for `manage`. From here a key is shown only to the address that the
settings, or everybody, knows its provider by: whoever may change keys must not make this server
send requests wherever they like.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, SecretStr

from steward.core.errors import InvalidInputError, NotFoundError
from steward.core.limits import PROVIDER_KEY_CHARS_MAX, PROVIDER_NAME_CHARS_MAX
from steward.forge.settings import FORGE
from steward.gateway.origin import origin_of
from steward.gateway.vault.check import Address, Verdict
from steward.gateway.vault.stored import StoredKey
from steward.ledger.report import Span, UsageLine, usage_part
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened
from steward.web.rooms import Rooms

router = APIRouter(prefix="/keys", tags=["keys"])

_PROVIDERS_MAX = 1_000
_Secret = Annotated[SecretStr, Field(min_length=1, max_length=PROVIDER_KEY_CHARS_MAX)]


class ProviderKey(Answer):
    """A key, without the key."""

    id: str
    provider: str
    host: str
    """The only origin that it is sent to."""
    mask: str
    """Enough of it to tell two apart, too little to guess."""
    version: int
    """How often it was replaced, and one."""
    added_by: str
    set_at: datetime
    """Since when it is this key."""
    last_used_at: datetime | None
    """About ten minutes exact; null if it was never used."""
    checked_at: datetime | None
    verdict: Verdict
    """What the provider said of it when it was last asked."""
    reminder: str | None
    """Why it is time for another one; null where it is not."""
    is_serving: bool
    """Whether calls go to its provider here; one that had no key when this server was started is
    asked from its next start on."""
    month_calls: int
    """Calls of its provider this month, UTC, whichever key they were made with."""
    month_nano_usd: int


class KeyWanted(Wanted):
    """A key to put in."""

    provider: str = Field(min_length=1, max_length=PROVIDER_NAME_CHARS_MAX)
    key: _Secret
    is_checked: bool = True
    """Whether the provider is asked about it first; one that it refuses is not stored."""


class KeyReplaced(Wanted):
    """A key that takes another one's place."""

    key: _Secret
    is_checked: bool = True


@router.get("")
async def read_keys(
    caller: Managing,
    rooms: Opened,
    provider: Annotated[str | None, Query(max_length=PROVIDER_NAME_CHARS_MAX)] = None,
) -> Paged[ProviderKey]:
    """The keys in the vault, by provider; there are 200 at the most."""
    found = await keys_of(caller, rooms)
    kept = (each for each in found.items if provider in (None, each.provider))
    return Paged(items=tuple(kept), next=None)


@router.get("/providers")
async def read_providers(caller: Managing, rooms: Opened) -> tuple[str, ...]:
    """The providers that a key can be added for here."""
    await rooms.vault.stored(caller.principal)  # Whoever may not see keys may not see this.
    return tuple(sorted(rooms.key_homes))


@router.post("", status_code=201)
async def add_key(wanted: KeyWanted, caller: Managing, rooms: Opened) -> ProviderKey:
    """Put a key in, after its provider has accepted it."""
    return await added_by(caller, rooms, wanted)


@router.post("/{key_id}/rotate")
async def rotate_key(
    key_id: str, wanted: KeyReplaced, caller: Managing, rooms: Opened
) -> ProviderKey:
    """Replace a key; the old one serves until the provider has accepted the new one."""
    return await rotated_by(caller, rooms, key_id, wanted)


@router.post("/{key_id}/check")
async def check_key(key_id: str, caller: Managing, rooms: Opened) -> ProviderKey:
    """Ask the provider whether it still accepts the key."""
    return await checked_by(caller, rooms, key_id)


@router.delete("/{key_id}", status_code=204)
async def remove_key(key_id: str, caller: Managing, rooms: Opened) -> Response:
    """Throw a key away. Its provider still accepts it: revoke it there too."""
    await removed_by(caller, rooms, key_id)
    return Response(status_code=204)


async def keys_of(caller: Caller, rooms: Rooms) -> Paged[ProviderKey]:
    """The keys that a caller may see.

    Raises:
        NotPermittedError: their role does not include keys. That is audited by then.
    """
    found = await rooms.vault.stored(caller.principal)
    used = await _used(caller, rooms)
    return Paged(items=tuple(_shown(each, rooms, used) for each in found), next=None)


async def added_by(caller: Caller, rooms: Rooms, wanted: KeyWanted) -> ProviderKey:
    """Put a key in; raises as `Vault.add`."""
    await rooms.vault.stored(caller.principal)
    home = rooms.key_homes.get(wanted.provider)
    if home is None:
        raise InvalidInputError(
            "Where this provider is, the settings do not say. Name it under [gateway.providers] in"
            " settings.toml, or add its key on the server with `steward key add PROVIDER --url`."
            f" Known are {', '.join(sorted(rooms.key_homes))}."
        )
    address = Address(wanted.provider, home)
    stored = await rooms.vault.add(
        caller.principal, address, wanted.key, is_checked=wanted.is_checked
    )
    return _shown(stored, rooms, await _used(caller, rooms))


async def rotated_by(caller: Caller, rooms: Rooms, key_id: str, wanted: KeyReplaced) -> ProviderKey:
    """Replace a key; raises as `Vault.rotate`."""
    found = await _stored(caller, rooms, key_id)
    address = _known(found, rooms) if wanted.is_checked else Address(found.provider, found.url)
    stored = await rooms.vault.rotate(
        caller.principal, address, wanted.key, is_checked=wanted.is_checked
    )
    return _shown(stored, rooms, await _used(caller, rooms))


async def checked_by(caller: Caller, rooms: Rooms, key_id: str) -> ProviderKey:
    """Ask the provider about a key; raises as `Vault.validate`."""
    found = await _stored(caller, rooms, key_id)
    stored = await rooms.vault.validate(caller.principal, _known(found, rooms))
    return _shown(stored, rooms, await _used(caller, rooms))


async def removed_by(caller: Caller, rooms: Rooms, key_id: str) -> StoredKey:
    """Throw a key away; raises as `Vault.remove`."""
    found = await _stored(caller, rooms, key_id)
    return await rooms.vault.remove(caller.principal, Address(found.provider, found.url))


async def _stored(caller: Caller, rooms: Rooms, key_id: str) -> StoredKey:
    for each in await rooms.vault.stored(caller.principal):
        if each.id == key_id:
            return each
    raise NotFoundError("The vault holds no key of this id. `/keys` lists what it holds.")


def _known(key: StoredKey, rooms: Rooms) -> Address:
    """Where the key may be shown from here.

    Raises:
        InvalidInputError: neither the settings nor everybody knows its provider by this address.
    """
    home = rooms.key_homes.get(key.provider)
    if home is None or origin_of(home) != key.host:
        raise InvalidInputError(
            f"The key of {key.provider!r} belongs to an address that the settings do not name, so"
            " it is not asked about from here. Name it under [gateway.providers] in settings.toml,"
            f" or run `steward key validate {key.provider}` on the server."
        )
    return Address(key.provider, key.url)


async def _used(caller: Caller, rooms: Rooms) -> dict[str, UsageLine]:
    today = rooms.clock.now().astimezone(UTC).date()
    span, tenant = Span("provider", today.replace(day=1), today), caller.principal.tenant_id
    found = await rooms.database.read(
        lambda session: usage_part(session, tenant, span, None, _PROVIDERS_MAX)
    )
    return {each.name: each for each in found}


def _shown(key: StoredKey, rooms: Rooms, used: Mapping[str, UsageLine]) -> ProviderKey:
    now, line = rooms.clock.now(), used.get(key.provider)
    return ProviderKey(
        id=key.id,
        provider=key.provider,
        host=key.host,
        mask=key.mask,
        version=key.version,
        added_by=key.added_by,
        set_at=key.set_at,
        last_used_at=key.last_used_at,
        checked_at=key.checked_at,
        verdict=key.verdict,
        reminder=key.reminder(now) if key.is_old(now) else None,
        is_serving=key.provider == FORGE or key.provider in rooms.gateway.providers,
        month_calls=line.calls if line else 0,
        month_nano_usd=line.cost_nano_usd if line else 0,
    )
