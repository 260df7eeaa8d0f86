"""The commands about MCP servers."""

from collections.abc import Mapping
from typing import Any

from steward.lsp.rooms import Rooms
from steward.lsp.session import Session


async def list_servers(_session: Session, rooms: Rooms, _arguments: Mapping[str, Any]) -> object:
    """The MCP servers of the settings: `[{server, where, tools: [{name, tool, isCurrent}]}]`.

    `tools` are those that the person approved; one that is not current was approved of a server
    that the settings describe otherwise by now, and is not offered. None is started for it.
    """
    mcp = rooms.mcp
    if mcp is None:
        return []
    known = await mcp.known(rooms.principal)
    return [
        {
            "server": name,
            "where": server.where(),
            "tools": [
                {
                    "name": each.pin.described.name,
                    "tool": each.pin.described.tool,
                    "isCurrent": each.is_current,
                }
                for each in known
                if each.pin.described.server == name
            ],
        }
        for name, server in sorted(mcp.servers.configured.items())
    ]
