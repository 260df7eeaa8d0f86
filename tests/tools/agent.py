"""An agent that was given everything, and how it calls a tool."""

import json

from steward.gateway.request import ToolCall
from steward.permissions.decide import EVERYTHING, Authority
from steward.tools.invoke import Result
from steward.tools.tool import Call
from tests.rooms import Rooms

TOOLS = frozenset(
    {"read_file", "list_files", "search", "edit_file", "change_files", "run_tests", "commit"}
    | {"git_status", "git_diff", "git_log", "git_blame", "create_branch", "run_command"}
)
UNLIMITED = Authority(TOOLS, EVERYTHING, EVERYTHING, plan_tools=TOOLS, is_trusted=True)


def surroundings(rooms: Rooms, step: str = "tool-0-0") -> Call:
    return Call(rooms.principal, "run-1", step, rooms.workspace, landed={})


async def use(
    rooms: Rooms, tool: str, authority: Authority = UNLIMITED, /, **arguments: object
) -> Result:
    """What becomes of the call, as the model learns it."""
    wanted = ToolCall("call-1", tool, json.dumps(arguments))
    return await rooms.invoker.invoke(wanted, authority, surroundings(rooms))
