"""What one server lets those who follow it take, together in one value so that tests are quick."""

from dataclasses import dataclass

from steward.core.live_limits import (
    LIVE_CLOSES_S,
    LIVE_KEPT_MAX,
    LIVE_PING_S,
    LIVE_SOCKETS_A_USER_MAX,
    LIVE_SOCKETS_MAX,
    LIVE_UNREAD_S,
)


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """The bounds of every socket, and of all; `core/live_limits.py` says what each means."""

    sockets_max: int = LIVE_SOCKETS_MAX
    sockets_a_user_max: int = LIVE_SOCKETS_A_USER_MAX
    kept_max: int = LIVE_KEPT_MAX
    ping_s: float = LIVE_PING_S
    unread_s: float = LIVE_UNREAD_S
    closes_s: float = LIVE_CLOSES_S
