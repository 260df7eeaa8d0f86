"""What passes between a server and the SDK: so much and no more, and nothing that asks us for ours.

Sampling would have our model work for the server, elicitation would put its words before the
person as if they were ours, and roots would tell it of folders. None of it is passed on: what a
server asks gets no answer but to a ping.
"""

from dataclasses import dataclass
from typing import Any

from anyio.streams.memory import MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCMessage, JSONRPCNotification, JSONRPCRequest

from steward.core.agent_limits import MCP_UNASKED_MAX
from steward.core.errors import LimitError

Item = SessionMessage | Exception


@dataclass(slots=True)
class Sieve:
    """Passes on what a server says, as long as it is an answer or next to nothing else."""

    into: MemoryObjectSendStream[Any]
    counts_answers: bool = True
    """Whether answers count, too; not where a way takes one alone for each thing that we ask."""
    unasked: int = 0
    """Messages since our last one."""

    async def take(self, item: Item) -> None:
        """Pass it on, or leave it out.

        Raises:
            LimitError: the server talks without being asked, and does not stop.
        """
        is_answer = isinstance(item, SessionMessage) and not _is_unasked(item.message)
        # An answer may be to nothing that anybody asked, and come without an end.
        self.unasked += not is_answer or self.counts_answers
        if self.unasked > MCP_UNASKED_MAX:
            raise LimitError("it talks without being asked and does not stop")
        if is_answer or (isinstance(item, SessionMessage) and _is_ping(item.message)):
            await self.into.send(item)


def _is_unasked(message: JSONRPCMessage) -> bool:
    return isinstance(message, (JSONRPCRequest, JSONRPCNotification))


def _is_ping(message: JSONRPCMessage) -> bool:
    return isinstance(message, JSONRPCRequest) and message.method == "ping"
