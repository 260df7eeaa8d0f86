"""Other people's code: what is installed, what it may, and how it behaves.

Each person has extensions of their own, so everybody sees and changes theirs. What an extension is
allowed beyond what it is allowed already is a person's yes to the words that they read: no token
gives it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Annotated, cast

from fastapi import APIRouter, Path
from pydantic import JsonValue
from sqlmodel import Session

from steward.core.errors import InvalidInputError, NotPermittedError, StaleError
from steward.extensions.activity import ExtensionActivity, activity_of
from steward.extensions.capability import Capability
from steward.extensions.faults import Strike, strikes_of
from steward.extensions.packages.catalogue import catalogue
from steward.extensions.packages.changes import kept_from
from steward.extensions.packages.consent import Asked
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.signing import fingerprint
from steward.extensions.packages.standing import Broken
from steward.extensions.packages.statement import publisher_of
from steward.extensions.sums import ExtensionSum, sums_since
from steward.operations.performance import Asked as AskedTimes, Took, hour_of, took
from steward.web.rest import extension_answers as told
from steward.web.rest.caller import Caller, Deciding, Managing, Opened, Reading
from steward.web.rest.extension_answers import Extension, ExtensionShown, Granting, Registry
from steward.web.rest.performance import latency
from steward.web.rooms import Rooms
from steward.workspace.markdown import one_line

router = APIRouter(prefix="/extensions", tags=["extensions"])

Id = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9.-]+$")]
"""`publisher.name`."""


@router.get("")
async def list_extensions(caller: Reading, rooms: Opened) -> tuple[Extension, ...]:
    """What you installed, and what comes with Steward; by id."""
    return await extensions_of(caller, rooms)


@router.get("/registries")
async def list_registries(caller: Reading, rooms: Opened) -> tuple[Registry, ...]:
    """Where you look for extensions."""
    return await registries_of(caller, rooms)


@router.get("/{extension_id}")
async def show_extension(extension_id: Id, caller: Reading, rooms: Opened) -> ExtensionShown:
    """Everything about one of your extensions."""
    return await extension_of(caller, rooms, extension_id)


@router.post("/{extension_id}/enable", status_code=204)
async def enable_extension(extension_id: Id, caller: Managing, rooms: Opened) -> None:
    """Let it run again, with what you allowed it before."""
    await enable_of(caller, rooms, extension_id)


@router.post("/{extension_id}/disable", status_code=204)
async def disable_extension(extension_id: Id, caller: Managing, rooms: Opened) -> None:
    """Let it run no more; what you allowed it stays."""
    await disable_of(caller, rooms, extension_id)


@router.put("/{extension_id}/grants", status_code=204)
async def grant_extension(
    extension_id: Id, given: Granting, caller: Deciding, rooms: Opened
) -> None:
    """Say yes to what you read: let it do this and no more, and run."""
    await grant_of(caller, rooms, extension_id, given)


@router.delete("/{extension_id}/grants/{capability}", status_code=204)
async def revoke_grant(
    extension_id: Id, capability: Capability, caller: Managing, rooms: Opened
) -> None:
    """Let it do one thing less, at once."""
    await revoke_of(caller, rooms, extension_id, capability)


@router.delete("/{extension_id}", status_code=204)
async def remove_extension(extension_id: Id, caller: Managing, rooms: Opened) -> None:
    """Take it away with its grants, settings and data; a shipped one is as it was at first."""
    await remove_of(caller, rooms, extension_id)


async def extensions_of(caller: Caller, rooms: Rooms) -> tuple[Extension, ...]:
    """The extensions of a caller, and those that they are offered."""
    principal, first = caller.principal, rooms.clock.now().astimezone(UTC).date().replace(day=1)
    found = await rooms.packages.everything(principal)
    offered = await rooms.packages.offered(principal)
    sums = await rooms.database.read(lambda session: sums_since(session, principal, first))
    every = [_told(rooms, each, sums) for each in found]
    every += [_told(rooms, each, sums, is_offered=True) for each in offered]
    return tuple(sorted(every, key=lambda each: each.id))


async def registries_of(caller: Caller, rooms: Rooms) -> tuple[Registry, ...]:
    """The registries of a caller; none of them is asked for anything."""
    return tuple(
        Registry(address=one_line(each.address), key=fingerprint(each.key), sequence=each.sequence)
        for each in await rooms.registries.known(caller.principal)
    )


async def extension_of(caller: Caller, rooms: Rooms, extension: str) -> ExtensionShown:
    """One of a caller's extensions.

    Raises:
        NotFoundError: there is none of this id.
        UnavailableError: it is there and cannot be read.
    """
    principal, now = caller.principal, rooms.clock.now().astimezone(UTC)
    each = await rooms.packages.one(principal, extension)
    ids = await rooms.packages.ids(principal)
    pinned = await rooms.packages.publisher_key(principal, publisher_of(extension))
    week = AskedTimes(
        principal.tenant_id,
        hour_of(now - timedelta(days=7)),
        hour_of(now),
        part="extension",
        name=extension,
    )

    def work(
        session: Session,
    ) -> tuple[dict[str, ExtensionSum], ExtensionActivity, Sequence[Strike], Sequence[Took]]:
        return (
            sums_since(session, principal, now.date().replace(day=1)),
            activity_of(session, principal, extension, now.date().isoformat()),
            strikes_of(session, principal, extension),
            took(session, week),
        )

    sums, activity, strikes, times = await rooms.database.read(work)
    asked = Asked(each.key, is_known=pinned == each.key, known_ids=ids - {extension})
    return ExtensionShown(
        extension=_told(rooms, each, sums, is_offered=extension not in ids),
        brings=told.brings(each),
        settings=_settings(each),
        today=told.done(activity.today),
        total=told.done(activity.total),
        happened=told.happened(activity),
        faults_told=told.faults(strikes),
        times=tuple(map(latency, times)),
        consent=told.consent_told(each, asked, is_needed=extension not in ids or _asks(each)),
    )


async def enable_of(caller: Caller, rooms: Rooms, extension: str) -> None:
    """Let an extension of a caller run again.

    Raises:
        NotPermittedError: it needs a yes that nobody gave, the operator does not let it, or a
            registry says that nobody should have it.
    """
    each = await rooms.packages.one(caller.principal, extension)
    await _check_registries(caller, rooms, each)
    await rooms.packages.set_state(caller.principal, extension, "enabled")


async def disable_of(caller: Caller, rooms: Rooms, extension: str) -> None:
    """Let an extension of a caller run no more."""
    await _installed(caller, rooms, extension)
    await rooms.packages.set_state(caller.principal, extension, "disabled")


async def grant_of(caller: Caller, rooms: Rooms, extension: str, given: Granting) -> None:
    """Let an extension do what its person just said, and run.

    Raises:
        StaleError: it is not any more what they read.
        InvalidInputError: it does not want what it is granted.
        NotPermittedError: the operator does not let it, or a registry says that nobody should
            have it.
    """
    if not caller.is_person:
        raise NotPermittedError("An extension is allowed by a person who reads what it wants.")
    each = await rooms.packages.one(caller.principal, extension)
    if each.digest != given.digest:
        raise StaleError(
            f"Nothing was allowed: {extension!r} is not any more what you have read. Read it again."
        )
    await _check_registries(caller, rooms, each)
    put = await rooms.packages.set_granted(caller.principal, each, given.granted)
    if put.state != "enabled":
        await rooms.packages.set_state(caller.principal, extension, "enabled")


async def revoke_of(caller: Caller, rooms: Rooms, extension: str, capability: Capability) -> None:
    """Let an extension do one thing less.

    Raises:
        InvalidInputError: it is not allowed that.
    """
    each = await _installed(caller, rooms, extension)
    if capability not in each.granted:
        raise InvalidInputError(f"{extension!r} is not allowed {capability}, so it stays as it is.")
    await rooms.packages.take_back(caller.principal, extension, (capability,))


async def remove_of(caller: Caller, rooms: Rooms, extension: str) -> None:
    """Take an extension away.

    Raises:
        NotFoundError: it is not installed.
    """
    await rooms.packages.remove(caller.principal, extension)


async def _installed(caller: Caller, rooms: Rooms, extension: str) -> Installed:
    each = await rooms.packages.one(caller.principal, extension)
    if extension not in await rooms.packages.ids(caller.principal):
        raise InvalidInputError(f"{extension!r} was never enabled, so it stays as it is.")
    return each


async def _check_registries(caller: Caller, rooms: Rooms, each: Installed) -> None:
    """Who enables what was withdrawn reads why; that is for the terminal."""
    if each.is_shipped:
        return
    why = (await catalogue(rooms.registries, caller.principal)).why_not(each)
    if why:
        raise NotPermittedError(
            f"{each.manifest.id} {each.manifest.version} stays as it is: {one_line(why)} To enable"
            f" it all the same, run `steward extension enable {each.manifest.id}`."
        )


def _asks(each: Installed) -> bool:
    return each.state == "asks" or (each.state == "enabled" and bool(kept_from(each)))


def _told(
    rooms: Rooms,
    each: Installed | Broken,
    sums: Mapping[str, ExtensionSum],
    *,
    is_offered: bool = False,
) -> Extension:
    if isinstance(each, Broken):
        return told.broken_told(each, sums.get(each.id, ExtensionSum()))
    summed = sums.get(each.manifest.id, ExtensionSum())
    denied = rooms.extensions.deny_capabilities
    return told.extension_told(each, summed, denied, is_offered=is_offered)


def _settings(each: Installed) -> dict[str, str]:
    fields = cast(
        "Mapping[str, Mapping[str, JsonValue]]", each.manifest.config.get("properties", {})
    )
    return {
        one_line(name): one_line(
            json.dumps(each.config.get(name, field.get("default")), ensure_ascii=False)
        )
        for name, field in fields.items()
    }
