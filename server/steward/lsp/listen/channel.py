"""A conversation with one client of the listener, and how much of everything it may use."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from steward.core.limits import (
    LISTENER_CLOSES_S,
    LISTENER_EDITORS_MAX,
    LISTENER_HELLO_BYTES_MAX,
    LISTENER_PING_S,
    LISTENER_SERVER_ENDS_S,
    LISTENER_STALLED_S,
    LISTENER_STRANGER_S,
    LISTENER_STRANGERS_MAX,
    MESSAGE_BYTES_MAX,
)


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """What a listener and its clients may use; `core/limits.py` says what each means."""

    editors_max: int = LISTENER_EDITORS_MAX
    strangers_max: int = LISTENER_STRANGERS_MAX
    stranger_s: float = LISTENER_STRANGER_S
    hello_bytes_max: int = LISTENER_HELLO_BYTES_MAX
    message_bytes_max: int = MESSAGE_BYTES_MAX
    stalled_s: float = LISTENER_STALLED_S
    ping_s: float = LISTENER_PING_S
    closes_s: float = LISTENER_CLOSES_S
    server_ends_s: float = LISTENER_SERVER_ENDS_S


class Channel(Protocol):
    """Whole messages in both directions, whatever carries them."""

    async def receive(self) -> bytes | None:
        """The next message's body; `None` when the client has hung up.

        Raises:
            LimitError: what came cannot be a message that we take.
        """
        ...

    async def send(self, body: bytes) -> bool:
        """Whether the client is still there; waits while it leaves too much unread."""
        ...

    async def gone(self) -> None:
        """Return when the connection is lost, also while nobody receives or sends."""
        ...


Attend = Callable[[Channel, bytes | None], Awaitable[None]]
"""Serves an editor, whose first message was read already or not, until either side ends."""
