"""`steward extension registry`, `search` and `rate`: where extensions are found."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from steward.app.packages import author_keys
from steward.cli.extension import Answer, Rooms, in_rooms
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.errors import InvalidInputError
from steward.core.package_limits import REVIEW_CHARS_MAX
from steward.extensions.finding import package_in
from steward.extensions.packages.catalogue import catalogue
from steward.extensions.packages.index import Rating, written_review
from steward.extensions.packages.registry_folder import (
    RegistryFolder,
    put_shared,
    send_review,
)
from steward.workspace.markdown import one_line


def answer(shell: Shell, arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    if arguments.action != "registry":
        return in_rooms(shell, _search if arguments.action == "search" else _rate, arguments)
    if (act := _LOOKED_INTO.get(arguments.registry_action)) is not None:
        return in_rooms(shell, act, arguments)
    _run_own(shell, arguments)
    return 0


async def _search(rooms: Rooms, arguments: argparse.Namespace) -> int:
    there = await catalogue(rooms.registries, rooms.principal, arguments.registry)
    for address, why in there.problems:
        sys.stderr.write(f"Left out, {address}: {why}\n")
    found = there.search(arguments.words)
    if arguments.json:
        said = [
            {
                **each.release.model_dump(mode="json"),
                "registry": each.registry.address,
                "stars": rating.stars,
                "votes": rating.count,
            }
            for each, rating in found
        ]
        say(json.dumps(said, indent=2) + "\n")
        return 0
    if not there.indexes:
        say("You look into no registry. `steward extension registry add ADDRESS` adds one.\n")
        return 0
    if not found:
        say("No extension in your registries has these words in its name or description.\n")
        return 0
    rows = [
        (
            each.release.id,
            each.release.version,
            _stars(rating),
            one_line(each.release.description)[:70],
        )
        for each, rating in found
    ]
    say(table((("extension", "version", "rated", "what it is"), *rows), are_numbers=False))
    return 0


def _stars(rating: Rating) -> str:
    return f"{rating.stars:.1f} ({rating.count})" if rating.count else "not yet"


async def _rate(rooms: Rooms, arguments: argparse.Namespace) -> int:
    each = await rooms.packages.one(rooms.principal, arguments.id)
    if len(arguments.text) > REVIEW_CHARS_MAX:
        raise InvalidInputError(f"A review has at most {REVIEW_CHARS_MAX} characters.")
    author = await asyncio.to_thread(author_keys().load, arguments.key)
    release = each.manifest.id, each.manifest.version
    review = written_review(author, release, arguments.stars, arguments.text, rooms.shell.now)
    if review.key == each.key:
        raise InvalidInputError("This is the publisher's own key, whose vote does not count.")
    address: str = arguments.registry or each.source
    if arguments.to is not None:
        content = review.spelled().encode()
        await asyncio.to_thread(put_shared, arguments.to.absolute(), content)
        say(f"{arguments.to} holds your review. Send it to whoever runs the registry.\n")
        return 0
    if not address.startswith("/"):
        raise InvalidInputError(
            f"{address!r} is no folder, so your review cannot be put there. Write it to a file with"
            " `--to FILE`, and send that to whoever runs the registry."
        )
    file = await asyncio.to_thread(send_review, Path(address), review)
    say(f"{file} holds your review. It counts when the registry is signed the next time.\n")
    return 0


async def _list(rooms: Rooms, arguments: argparse.Namespace) -> int:
    there = await catalogue(rooms.registries, rooms.principal)
    problems = dict(there.problems)
    names = {known.address: index.name for known, index in there.indexes}
    known = await rooms.registries.known(rooms.principal)
    if arguments.json:
        said = [
            {"address": each.address, "key": each.key, "sequence": each.sequence}
            | {"name": names.get(each.address), "problem": problems.get(each.address)}
            for each in known
        ]
        say(json.dumps(said, indent=2) + "\n")
    elif not known:
        say("You look into no registry. `steward extension registry add ADDRESS` adds one.\n")
    else:
        rows = [
            (each.address, names.get(each.address, ""), problems.get(each.address, "in order"))
            for each in known
        ]
        say(table((("address", "name", "state"), *rows), are_numbers=False))
    return 0


async def _add(rooms: Rooms, arguments: argparse.Namespace) -> int:
    address = _address(arguments.address)
    expected: str | None = arguments.fingerprint

    async def confirm(found: str) -> bool:
        if expected is not None:
            if expected.replace(" ", "").lower() == found.replace(" ", ""):
                return True
            raise InvalidInputError(
                f"The registry's key has the fingerprint {found}, and not the one that you gave."
            )
        return await asyncio.to_thread(_confirm, address, found)

    index = await rooms.registries.add(rooms.principal, address, confirm)
    say(f"You look into {one_line(index.name)!r} now: {len(index.releases)} releases.\n")
    return 0


async def _remove(rooms: Rooms, arguments: argparse.Namespace) -> int:
    address = _address(arguments.address)
    await rooms.registries.remove(rooms.principal, address)
    say(f"You do not look into {address} any more. What you installed from it stays.\n")
    return 0


def _confirm(address: str, found: str) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInputError(
            f"The key of {address!r} has the fingerprint {found}. If whoever runs it told you the"
            " same, say so with `--fingerprint`."
        )
    say(f"The key of {address} has the fingerprint\n    {found}\n")
    say("Is this what whoever runs it told you? y/N ")
    sys.stdout.flush()
    return sys.stdin.readline(100).strip().lower() in ("y", "yes")


def _address(written: str) -> str:
    """A folder as its absolute path; a URL as it is."""
    return written.rstrip("/") if "://" in written else str(Path(written).absolute())


def _run_own(shell: Shell, arguments: argparse.Namespace) -> None:
    author = author_keys().load(arguments.key)
    own = RegistryFolder(arguments.folder.absolute(), author, shell.now)
    match arguments.registry_action:
        case "init":
            index = own.init(arguments.name)
            say(f"{arguments.folder} is a registry, which counts until {index.expires_at}.\n")
        case "publish":
            release = own.publish(package_in(arguments.package))
            say(f"{release.id} {release.version} is published.\n")
        case "withdraw":
            own.withdraw(arguments.id, arguments.version, arguments.why)
            say(f"{arguments.id} {arguments.version} is withdrawn. Whoever updates hears of it.\n")
        case "revoke":
            count = own.revoke(arguments.publisher_key)
            say(f"The key is revoked; it signed {count} releases here.\n")
        case _:
            index = own.sign(arguments.days)
            count = len(index.reviews)
            reviews = "1 review" if count == 1 else f"{count} reviews"
            say(f"Signed: it counts until {index.expires_at}, with {reviews}.\n")


_LOOKED_INTO: Mapping[str, Answer] = {"add": _add, "list": _list, "remove": _remove}
