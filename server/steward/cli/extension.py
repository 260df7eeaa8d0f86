"""`steward extension`: what is installed, what it may do, and how it is switched and set."""

import argparse
import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from pydantic import JsonValue

from steward.app.packages import open_packages, open_registries
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.database import Database, open_database
from steward.core.errors import InvalidInputError
from steward.core.principal import Principal
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.registries import Registries
from steward.extensions.packages.store import Broken, PackageStore
from steward.workspace.markdown import one_line

_ELSEWHERE: Mapping[str, str] = {
    "enable": "extension_install:answer",
    "info": "extension_info:answer",
    "install": "extension_install:answer",
    "key": "extension_key:answer",
    "new": "extension_new:answer",
    "pack": "extension_key:answer",
    "rate": "extension_registry:answer",
    "registry": "extension_registry:answer",
    "search": "extension_registry:answer",
    "test": "extension_test:answer",
    "update": "extension_install:answer",
}
"""Action → module and function that answer it; those that are not here are answered below."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a command about packages stands on."""

    shell: Shell
    database: Database
    packages: PackageStore
    registries: Registries

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return self.shell.principal


Answer = Callable[[Rooms, argparse.Namespace], Coroutine[Any, Any, int]]


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code, 1 where a person said no."""
    if (place := _ELSEWHERE.get(action)) is not None:
        module, _, function = place.partition(":")
        found = getattr(import_module(f"steward.cli.{module}"), function)
        return cast("Callable[[Shell, argparse.Namespace], int]", found)(shell, arguments)
    return in_rooms(shell, _ACTIONS[action], arguments)


def in_rooms(shell: Shell, act: Answer, arguments: argparse.Namespace) -> int:
    """What an action gives that needs the rooms; they are closed behind it."""

    async def main() -> int:
        async with _opened(shell) as rooms:
            return await act(rooms, arguments)

    return asyncio.run(main())


@asynccontextmanager
async def _opened(shell: Shell) -> AsyncGenerator[Rooms]:
    async with open_database(shell.settings.database_place) as database:
        packages = open_packages(shell.settings, database, shell.clock, shell.seal)
        yield Rooms(shell, database, packages, open_registries(database, shell.clock, shell.seal))


async def _list(rooms: Rooms, arguments: argparse.Namespace) -> int:
    found = await rooms.packages.everything(rooms.principal)
    offered = await rooms.packages.offered(rooms.principal)
    if arguments.json:
        say(json.dumps([as_json(each) for each in (*found, *offered)], indent=2) + "\n")
        return 0
    rows = [_row(each) for each in (*found, *offered)]
    if not rows:
        say("No extension is installed. `steward extension search` finds some.\n")
        return 0
    say(table((("extension", "version", "state", "may", "from"), *rows), are_numbers=False))
    for each in found:
        if isinstance(each, Broken) or each.why_not:
            name = each.id if isinstance(each, Broken) else each.manifest.id
            say(f"\n{name}: {each.why if isinstance(each, Broken) else each.why_not}.\n")
    return 0


def _row(each: Installed | Broken) -> tuple[str, str, str, str, str]:
    if isinstance(each, Broken):
        return each.id, each.version, "broken", "", ""
    may = ", ".join(sorted(each.granted)) or "nothing"
    return each.manifest.id, each.manifest.version, each.state, may, each.source


def as_json(each: Installed | Broken) -> dict[str, object]:
    """An extension for a program."""
    if isinstance(each, Broken):
        return {"id": each.id, "version": each.version, "state": "broken", "why": each.why}
    return {
        "id": each.manifest.id,
        "name": each.manifest.name,
        "version": each.manifest.version,
        "publisher": each.manifest.publisher,
        "state": each.state,
        "why_not": each.why_not,
        "is_shipped": each.is_shipped,
        "granted": sorted(each.granted),
        "wanted": sorted(grant.capability for grant in each.manifest.permission_scope),
        "source": each.source,
        "digest": each.digest,
        "key": each.key,
        "config": dict(each.config),
    }


def settings_told(each: Installed) -> None:
    """Say what each setting is, and stands at."""
    for name, field in fields_of(each).items():
        value = json.dumps(each.config.get(name, field.get("default")), ensure_ascii=False)
        meaning = one_line(str(field.get("description", "")))
        say(f"setting {one_line(name)} = {one_line(value)}{f': {meaning}' if meaning else ''}\n")


def fields_of(each: Installed) -> Mapping[str, Mapping[str, JsonValue]]:
    """Setting → its schema."""
    return cast("Mapping[str, Mapping[str, JsonValue]]", each.manifest.config.get("properties", {}))


async def _config(rooms: Rooms, arguments: argparse.Namespace) -> int:
    each = await rooms.packages.one(rooms.principal, arguments.id)
    name: str | None = arguments.name
    if name is not None:
        if name not in fields_of(each):
            known = ", ".join(fields_of(each)) or "none"
            raise InvalidInputError(f"{arguments.id!r} has no setting {name!r}; it has {known}.")
        config = {key: value for key, value in each.config.items() if key != name}
        if arguments.value is not None:
            config[name] = _value(fields_of(each)[name], arguments.value)
        each = await rooms.packages.set_config(rooms.principal, arguments.id, config)
    if arguments.json:
        values = {
            key: each.config.get(key, field["default"]) for key, field in fields_of(each).items()
        }
        say(json.dumps(values, indent=2) + "\n")
    else:
        settings_told(each)
    return 0


def _value(field: Mapping[str, JsonValue], written: str) -> JsonValue:
    if field.get("type") == "string":
        return written
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        return written  # It will be refused, by its name.


async def _disable(rooms: Rooms, arguments: argparse.Namespace) -> int:
    await rooms.packages.set_state(rooms.principal, arguments.id, "disabled")
    say(f"{arguments.id} is disabled. What you allowed it stays.\n")
    return 0


async def _remove(rooms: Rooms, arguments: argparse.Namespace) -> int:
    await rooms.packages.remove(rooms.principal, arguments.id)
    say(f"{arguments.id} is gone, with what you allowed it and its settings.\n")
    return 0


async def _revoke(rooms: Rooms, arguments: argparse.Namespace) -> int:
    each = await rooms.packages.one(rooms.principal, arguments.id)
    taken = set(arguments.capabilities)
    if not taken <= each.granted:
        missing = ", ".join(sorted(taken - each.granted))
        raise InvalidInputError(f"{arguments.id!r} is not allowed {missing}, so it stays as it is.")
    left = await rooms.packages.take_back(rooms.principal, arguments.id, taken)
    may = ", ".join(sorted(left.granted)) or "nothing"
    say(f"Taken back. {arguments.id} may now: {may}.\n")
    return 0


_ACTIONS: Mapping[str, Answer] = {
    "config": _config,
    "disable": _disable,
    "list": _list,
    "remove": _remove,
    "revoke": _revoke,
}
