"""`steward mcp`: the MCP servers of the settings, and what a person approved of their tools."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from steward.agents.definitions.toolbox import TOOLS
from steward.app.agents import open_launcher, open_servers
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.errors import InvalidInputError, NotFoundError
from steward.tools.mcp.described import Described, Listing, listing, page
from steward.tools.mcp.names import offered_name
from steward.tools.mcp.pins import Pin, Yes, approve, forget, pins
from steward.tools.mcp.servers import Place
from steward.tools.mcp.settings import McpServer
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.markdown import one_line

Confirm = Callable[[str], bool]


def answer(
    shell: Shell, action: str, arguments: argparse.Namespace, confirm: Confirm | None = None
) -> int:
    """Do what was asked for; returns the exit code, 1 where a person said no."""
    match action:
        case "show":
            _show(shell, arguments.server)
        case "approve":
            return _approve(shell, arguments, confirm or _at_terminal)
        case "forget":
            _forget(shell, arguments.server)
        case _:
            _list(shell, as_json=arguments.json)
    return 0


def _list(shell: Shell, *, as_json: bool) -> None:
    pinned, servers = _pinned(shell), shell.settings.mcp.servers
    if as_json:
        found = [
            {"server": name, "where": server.where(), "tools": _approved(name, server, pinned)}
            for name, server in sorted(servers.items())
        ]
        say(json.dumps(found, indent=2) + "\n")
        return
    if not servers:
        say("No MCP server is in your settings. Add one as [mcp.servers.NAME] to settings.toml.\n")
        return
    rows = [
        (name, server.where(), ", ".join(_approved(name, server, pinned)) or "none")
        for name, server in sorted(servers.items())
    ]
    say(table((("server", "runs", "approved tools"), *rows), are_numbers=False))


def _show(shell: Shell, name: str) -> None:
    server, found = _asked(shell, name)
    pinned = _pinned(shell)
    tools = [(each, _before(pinned, each)) for each in found.tools.values()]
    say(page(name, server.where(), tools) + "\n")
    for tool, reason in found.refused.items():
        say(f"\nNot used: {one_line(tool)[:100]!r}, because {reason}.\n")
    fit = {tool for tool, each in found.tools.items() if _fits(server, pinned, each)}
    for tool in found.tools:
        state = "approved" if tool in fit else "not approved"
        say(f"\n{offered_name(name, tool)}: {state}")
    say("\n")


def _approve(shell: Shell, arguments: argparse.Namespace, confirm: Confirm) -> int:
    name: str = arguments.server
    server, found = _asked(shell, name)
    wanted: list[str] = arguments.tools or list(found.tools)
    for tool in wanted:
        if tool not in found.tools:
            reason = found.refused.get(tool, "the server names none")
            raise NotFoundError(f"There is no tool {tool!r} to approve of {name!r}: {reason}.")
    pinned = _pinned(shell)
    fresh = [
        (each, _before(pinned, each))
        for each in map(found.tools.__getitem__, dict.fromkeys(wanted))
        if not _fits(server, pinned, each)
    ]
    if not fresh:
        say("There is nothing new: all of these were approved as they are.\n")
        return 0
    say(page(name, server.where(), fresh) + "\n\n")
    if not confirm(f"May agents that were given them use these {len(fresh)} tools? Type yes: "):
        say("Nothing was approved.\n")
        return 1
    said, seal, principal = Yes(server.identity(), shell.now), shell.seal, shell.principal
    tools = [each for each, _ in fresh]
    shell.write(lambda session: approve(session, seal, principal, tools, said))
    say(f"Approved: {', '.join(each.name for each in tools)}.\n")
    return 0


def _forget(shell: Shell, name: str) -> None:
    now, principal = shell.now, shell.principal
    count = shell.write(lambda session: forget(session, principal, name, now))
    tools = "1 tool" if count == 1 else f"{count} tools"
    say(f"Forgotten: {tools} of {name!r}. Runs under way notice it at their next call.\n")


def _asked(shell: Shell, name: str) -> tuple[McpServer, Listing]:
    """What the server says now; it runs in an empty folder for it."""
    launcher = open_launcher(shell.settings, shell.clock)
    servers = open_servers(shell.settings, shell.clock, launcher, _never)
    server = servers.of(name)

    async def main(folder: Path) -> Listing:
        place = Place(folder, IgnoreOracle(folder))
        async with servers.running(), servers.talking("shell", name, place) as session:
            heard = await session.tools(server.call_s)
        return listing(name, heard, tuple(TOOLS), server.tools)

    with tempfile.TemporaryDirectory(prefix="steward-mcp-") as folder:
        return server, asyncio.run(main(Path(folder)))


async def _never(_run_id: str) -> bool:
    return False


def _pinned(shell: Shell) -> Mapping[tuple[str, str], Pin]:
    return shell.read(lambda session: pins(session, shell.seal, shell.principal))


def _approved(name: str, server: McpServer, pinned: Mapping[tuple[str, str], Pin]) -> list[str]:
    identity = server.identity()
    return [
        offered_name(name, tool)
        for (of, tool), pin in pinned.items()
        if of == name and pin.identity == identity
    ]


def _before(pinned: Mapping[tuple[str, str], Pin], each: Described) -> Described | None:
    pin = pinned.get((each.server, each.tool))
    return None if pin is None else pin.described


def _fits(server: McpServer, pinned: Mapping[tuple[str, str], Pin], each: Described) -> bool:
    pin = pinned.get((each.server, each.tool))
    return pin is not None and pin.fits(each, server.identity())


def _at_terminal(question: str) -> bool:
    """Whether the person at the terminal types yes.

    Raises:
        InvalidInputError: there is no terminal, so there is nobody who read it.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInputError(
            "Tools are approved by somebody who reads what the server says of them, at a terminal."
            " Run this command in one."
        )
    say(question)
    sys.stdout.flush()
    return sys.stdin.readline(100).strip().lower() == "yes"
