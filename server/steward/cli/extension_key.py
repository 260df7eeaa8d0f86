"""`steward extension pack` and `key`: what an author does before anybody installs anything."""

import argparse
from pathlib import Path

from steward.app.packages import author_keys
from steward.cli.extension import Rooms, in_rooms
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.errors import NotFoundError, StewardError
from steward.extensions.manifest import MANIFEST_NAME
from steward.extensions.packages.folder import read_folder
from steward.extensions.packages.manifest_file import read_manifest
from steward.extensions.packages.package import SUFFIX, pack, verified
from steward.extensions.packages.registry_folder import put_shared
from steward.extensions.packages.signing import fingerprint, public_of
from steward.extensions.packages.statement import publisher_of


def answer(shell: Shell, arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    if arguments.action == "pack":
        _pack(arguments)
        return 0
    match arguments.key_action:
        case "forget":
            return in_rooms(shell, _forget, arguments)
        case "list":
            _list()
        case "new":
            _made(arguments.name, author_keys().new(arguments.name).seed)
        case _:
            _made(arguments.name, author_keys().rotate(arguments.name).seed)
            say("The old key signed this one; packages that you make from now on say so.\n")
    return 0


def _pack(arguments: argparse.Namespace) -> None:
    found = read_folder(arguments.folder)
    if MANIFEST_NAME not in found.files:
        raise NotFoundError(
            f"There is no {MANIFEST_NAME} in {str(arguments.folder)!r}. `steward extension new`"
            " makes one."
        )
    manifest = read_manifest(found.files[MANIFEST_NAME])
    author = author_keys().load(arguments.key or publisher_of(manifest.id))
    content = pack(found.files, author, arguments.sequence)
    package = verified(content)
    out: Path = arguments.out or Path(f"{manifest.id}-{manifest.version}{SUFFIX}")
    put_shared(out.absolute(), content)
    say(f"{out}: {len(found.files)} files, {len(content)} bytes\nSHA-256 {package.digest}\n")
    say(f"signed with {fingerprint(package.key)}\n")
    if found.left_out:
        say(f"Left out: {', '.join(found.left_out[:20])}\n")


def _list() -> None:
    keys = author_keys()
    rows: list[tuple[str, str]] = []
    for name in keys.names():
        try:
            rows.append((name, fingerprint(public_of(keys.load(name).seed))))
        except StewardError as error:
            rows.append((name, f"cannot be used: {error}"))
    if rows:
        say(table((("key", "fingerprint"), *rows), are_numbers=False))
    else:
        say("You have no key. `steward extension key new NAME` makes one.\n")


def _made(name: str, seed: bytes) -> None:
    public = public_of(seed)
    say(f"The key {name!r} is made. Its fingerprint: {fingerprint(public)}\n{public}\n")
    say("Tell people the fingerprint. Keep a copy of the key's file where nobody else reads it.\n")


async def _forget(rooms: Rooms, arguments: argparse.Namespace) -> int:
    publisher: str = arguments.publisher
    if not await rooms.packages.forget_publisher(rooms.principal, publisher):
        raise NotFoundError(f"No key of {publisher!r} is known, so there is none to forget.")
    say(f"The next package of {publisher!r} brings its key. Compare the fingerprint with theirs.\n")
    return 0
