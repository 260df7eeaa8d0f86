"""What one server lets its clients take, together in one value so that tests can be quick."""

from dataclasses import dataclass

from steward.core.limits import (
    WEB_ANSWERS_WITHIN_STOP_S,
    WEB_BODY_BYTES_MAX,
    WEB_BODY_S,
    WEB_CONNECTIONS_MAX,
    WEB_HEAD_BYTES_MAX,
    WEB_HEAD_S,
    WEB_IDLE_S,
    WEB_STALLED_S,
)

FORM_BYTES_MAX = 1024 * 1024
"""The body of one request to the API of our own, or of one form."""
FORM_FIELDS_MAX = 500
"""What one form holds."""
CORRELATION_CHARS_MAX = 64
"""A client's own name for what several of its requests belong to."""


@dataclass(frozen=True, slots=True)
class WebLimits:
    """The bounds of every connection, and of all of them."""

    connections_max: int = WEB_CONNECTIONS_MAX
    head_bytes_max: int = WEB_HEAD_BYTES_MAX
    body_bytes_max: int = WEB_BODY_BYTES_MAX
    head_s: float = WEB_HEAD_S
    """From a request's first byte (or the connection's start) to the end of its headers."""
    body_s: float = WEB_BODY_S
    """From there to the end of its body."""
    idle_s: float = WEB_IDLE_S
    """Between two requests."""
    stalled_s: float = WEB_STALLED_S
    """How long a client may leave an answer unread."""
    stop_s: float = WEB_ANSWERS_WITHIN_STOP_S
    """How long answers under way may take when the server stops."""
