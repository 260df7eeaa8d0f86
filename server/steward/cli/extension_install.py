"""`steward extension install`, `update` and `enable`: nothing is allowed that nobody read."""

import argparse
import asyncio
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from steward.cli.extension import Answer, Rooms, in_rooms
from steward.cli.shell import Shell, say
from steward.core.errors import InvalidInputError, NotFoundError, StewardError
from steward.extensions.capability import Capability
from steward.extensions.finding import package_in
from steward.extensions.manifest import Manifest
from steward.extensions.packages.catalogue import Catalogue, Found, catalogue
from steward.extensions.packages.changes import kept_from, wants_more
from steward.extensions.packages.consent import Asked, consent_page
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.package import SUFFIX, Verified
from steward.extensions.packages.registries import checked
from steward.extensions.packages.statement import publisher_of


@dataclass(frozen=True, slots=True)
class _Package:
    """What is to be installed, and where it was found."""

    verified: Verified
    source: str
    known_ids: Collection[str]


def answer(shell: Shell, arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code, 1 where a person said no."""
    return in_rooms(shell, _ACTIONS[arguments.action], arguments)


async def _install(rooms: Rooms, arguments: argparse.Namespace) -> int:
    found = await _wanted(rooms, arguments)
    package = found.verified
    manifest = package.manifest
    before = await _replaced(rooms, package)
    if before is not None and not (arguments.without or arguments.allow):
        put, more = await rooms.packages.update(rooms.principal, package, source=found.source)
        say(f"{manifest.id}: {manifest.version} is installed in the place of")
        say(f" {before.manifest.version}, and what you allowed and set stays.\n")
        if more:
            await _ask_again(rooms, before, put, arguments)
        return 0
    known = await rooms.packages.publisher_key(rooms.principal, package.publisher)
    asked = Asked(package.key, is_known=known is not None, known_ids=found.known_ids)
    granted = await _agreed(manifest, asked, arguments)
    if granted is None:
        say("Nothing was installed.\n")
        return 1
    await rooms.packages.install(rooms.principal, package, granted, source=found.source)
    may = ", ".join(sorted(granted)) or "nothing"
    say(f"Installed {manifest.id} {manifest.version}. It may: {may}.\n")
    return 0


async def _replaced(rooms: Rooms, package: Verified) -> Installed | None:
    """The other release in whose place it comes; None if none is installed."""
    for each in await rooms.packages.installed(rooms.principal):
        is_other = each.digest != package.digest and not each.is_shipped
        if each.manifest.id == package.manifest.id and is_other:
            return each
    return None


async def _wanted(rooms: Rooms, arguments: argparse.Namespace) -> _Package:
    what: str = arguments.what
    own = await rooms.packages.ids(rooms.principal)
    if what.endswith(SUFFIX):
        content = await asyncio.to_thread(package_in, Path(what))
        return _Package(await checked(content), "file", own)
    extension, _, version = what.partition("@")
    if extension in await rooms.packages.shipped_ids():
        raise InvalidInputError(
            f"{extension!r} comes with Steward, so nothing is to be installed. `steward extension"
            f" enable {extension}` lets it run."
        )
    there = await catalogue(rooms.registries, rooms.principal, arguments.registry)
    _tell_problems(there)
    found = there.newest(extension, version or None)
    package = await rooms.registries.download(found.registry, found.release)
    return _Package(package, found.registry.address, own | there.ids())


async def _update(rooms: Rooms, arguments: argparse.Namespace) -> int:
    there = await catalogue(rooms.registries, rooms.principal)
    _tell_problems(there)
    mine = await rooms.packages.installed(rooms.principal)
    wanted: Sequence[str] = arguments.ids
    for each in wanted:
        if each not in {one.manifest.id for one in mine}:
            raise NotFoundError(
                f"{each!r} is not installed; `steward extension list` shows what is."
            )
    revoked = await _switch_off(rooms, there, mine)
    offers = [
        (before, found)
        for before, found in there.updates(mine)
        if not wanted or before.manifest.id in wanted
    ]
    told = [await _one_update(rooms, before, found, arguments) for before, found in offers]
    if arguments.json:
        say(json.dumps({"updates": told, "revoked": revoked}, indent=2) + "\n")
    elif not told:
        nothing = "There is nothing newer.\n"
        if not there.indexes and not there.problems:
            nothing = (
                "You look into no registry, so nothing newer is known. `steward extension registry"
                " add ADDRESS` adds one; a newer package in a file is installed over the old one.\n"
            )
        say(nothing)
    return 0


async def _one_update(
    rooms: Rooms, before: Installed, found: Found, arguments: argparse.Namespace
) -> dict[str, object]:
    release, manifest = found.release, before.manifest
    told: dict[str, object] = {"id": manifest.id, "from": manifest.version, "to": release.version}
    if arguments.check:
        if not arguments.json:
            say(f"{manifest.id}: {manifest.version}, and {release.version} is there.\n")
        return {**told, "state": "not installed"}
    try:
        package = await rooms.registries.download(found.registry, release)
        put, more = await rooms.packages.update(
            rooms.principal, package, source=found.registry.address
        )
    except StewardError as error:
        sys.stderr.write(f"{manifest.id} was not updated: {error}\n")
        return {**told, "state": "refused", "why": str(error)}
    if not arguments.json:
        say(f"{manifest.id}: {release.version} is installed.\n")
    if more:
        put = await _ask_again(rooms, before, put, arguments) or put
    return {**told, "state": put.state, "wants": list(more)}


async def _ask_again(
    rooms: Rooms, before: Installed, put: Installed, arguments: argparse.Namespace
) -> Installed | None:
    """Ask about an update that wants more; None where it goes on waiting."""
    extension = put.manifest.id
    asked = Asked(put.key, is_known=True, more=wants_more(before.manifest, put.manifest))
    is_asked = not getattr(arguments, "json", False)
    if is_asked and (arguments.yes or _is_at_terminal()):
        granted = await _agreed(put.manifest, asked, arguments, kept_from(before))
        if granted is not None:
            return await rooms.packages.set_granted(rooms.principal, put, granted)
    if is_asked:
        say(
            f"{extension} wants more than you said yes to, so it does not run:"
            f" {' '.join(asked.more)} `steward extension enable {extension}` asks you.\n"
        )
    return None


async def _switch_off(rooms: Rooms, there: Catalogue, mine: Sequence[Installed]) -> list[str]:
    """Disable what was signed with a key that is lost by now, and what was withdrawn."""
    lost: list[str] = []
    for each in mine:
        why = there.why_not(each)
        if why and each.state == "enabled":
            await rooms.packages.set_state(rooms.principal, each.manifest.id, "disabled", why=why)
            sys.stderr.write(f"{each.manifest.id} was disabled: {why.rstrip('.')}.\n")
            lost.append(each.manifest.id)
    return lost


async def _enable(rooms: Rooms, arguments: argparse.Namespace) -> int:
    extension: str = arguments.id
    each = await rooms.packages.one(rooms.principal, extension)
    is_new = extension not in await rooms.packages.ids(rooms.principal)
    if not each.is_shipped and not await _all_the_same(rooms, each):
        say("Nothing was changed.\n")
        return 1
    # Who enables what runs already wants to be asked about what they kept from it.
    is_asked = is_new or each.state == "asks" or (each.state == "enabled" and kept_from(each))
    if not (is_asked or arguments.without or arguments.allow):
        await rooms.packages.set_state(rooms.principal, extension, "enabled")
        say(f"{extension} is enabled.\n")
        return 0
    known_ids = await rooms.packages.ids(rooms.principal)
    pinned = await rooms.packages.publisher_key(rooms.principal, publisher_of(extension))
    asked = Asked(each.key, is_known=pinned == each.key, known_ids=known_ids - {extension})
    granted = await _agreed(each.manifest, asked, arguments)
    if granted is None:
        say("Nothing was changed.\n")
        return 1
    each = await rooms.packages.set_granted(rooms.principal, each, granted)
    if each.state != "enabled":
        await rooms.packages.set_state(rooms.principal, extension, "enabled")
    may = ", ".join(sorted(granted)) or "nothing"
    say(f"{extension} is enabled. It may: {may}.\n")
    return 0


async def _all_the_same(rooms: Rooms, each: Installed) -> bool:
    """Whether it may be enabled, though a registry says that nobody should have it."""
    why = (await catalogue(rooms.registries, rooms.principal)).why_not(each)
    if not why:
        return True
    say(f"Careful: {each.manifest.id} {each.manifest.version} was disabled: {why.rstrip('.')}.\n")
    return await asyncio.to_thread(_confirm, "Enable it all the same? y/N ")


async def _agreed(
    manifest: Manifest,
    asked: Asked,
    arguments: argparse.Namespace,
    kept_back: Collection[Capability] = (),
) -> list[Capability] | None:
    """What the person allows of what it wants, once they saw it; None where they said no.

    Raises:
        InvalidInputError: nobody is there to read it, and nobody said beforehand what is allowed.
    """
    wanted: list[Capability] = [grant.capability for grant in manifest.permission_scope]
    without = cast("tuple[str, ...]", getattr(arguments, "without", ()))
    if unknown := sorted(set(without) - set(wanted)):
        raise InvalidInputError(f"{manifest.id!r} does not ask for {', '.join(unknown)}.")
    without = (*without, *(each for each in kept_back if each not in arguments.allow))
    granted: list[Capability] = [each for each in wanted if each not in set(without)]
    say(consent_page(manifest, asked, without))
    if not arguments.yes:
        return granted if await asyncio.to_thread(_confirm, "Allow this? y/N ") else None
    missing = sorted(set(granted) - set(arguments.allow))
    if missing:
        raise InvalidInputError(
            f"`--yes` allows only what `--allow` names, and {manifest.id!r} also wants"
            f" {', '.join(missing)}. Name it there, or leave it out with `--without`."
        )
    return granted


def _confirm(question: str) -> bool:
    if not _is_at_terminal():
        raise InvalidInputError(
            "An extension is allowed by somebody who reads what it wants, at a terminal. In a"
            " script, say what is allowed with `--yes --allow CAP,…`."
        )
    say(question)
    sys.stdout.flush()
    return sys.stdin.readline(100).strip().lower() in ("y", "yes")


def _is_at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _tell_problems(there: Catalogue) -> None:
    for address, why in there.problems:
        sys.stderr.write(f"Left out, {address}: {why}\n")


_ACTIONS: Mapping[str, Answer] = {"enable": _enable, "install": _install, "update": _update}
