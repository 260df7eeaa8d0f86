"""How errors are told: one shape for each of the two APIs, the same codes in both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    OverBudgetError,
    ProviderRefusedError,
    RateLimitedError,
    RepeatedError,
    StaleError,
    StewardError,
    UnavailableError,
    UnpricedError,
)
from steward.core.redact import redact
from steward.web.errors import (
    ForeignError,
    MethodError,
    TooManyFailuresError,
    UnknownTokenError,
    UnsupportedMediaError,
)

_LOCAL_FILE = re.compile(r"'/[^'\n]*'")
_INTERNAL = "Something went wrong in the server; its log has the details under this request's id."


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as it is sent."""

    status: int
    body: bytes
    event: bytes
    """The same as the last event of a stream."""
    headers: Mapping[str, str]


class Dialect(Protocol):
    """What errors look like in one of the APIs."""

    def fault(self, error: Exception, request_id: str) -> Fault:
        """The error as this API's clients understand it."""
        ...


_STATUSES: tuple[tuple[type[StewardError], int], ...] = (
    (UnknownTokenError, 401),
    (ForeignError, 403),
    (MethodError, 405),
    (UnsupportedMediaError, 415),
    (RepeatedError, 409),
    (StaleError, 409),
    (TooManyFailuresError, 429),
    (InvalidInputError, 400),
    # Not 429: clients answer that by asking again, and a budget is not fuller a second later.
    (OverBudgetError, 402),
    (NotPermittedError, 403),
    (UnpricedError, 403),
    (NotFoundError, 404),
    (LimitError, 413),
    (RateLimitedError, 429),
    (ProviderRefusedError, 502),
    (UnavailableError, 503),
)
"""The first that fits; the order is that of the classes, special ones first."""

_MAY_HELP = frozenset((429, 503))
"""Where asking again may help."""


def status_of(error: Exception) -> int:
    """The HTTP status that tells this error."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def code_of(error: Exception) -> str:
    """Our stable code."""
    return error.code if isinstance(error, StewardError) else "steward.internal"


def said(error: Exception) -> str:
    """What the client is told: never a bug's own words, a secret, or a place on this machine."""
    if not isinstance(error, StewardError):
        return _INTERNAL
    return redact(_LOCAL_FILE.sub("a file of the server", str(error)))


def details_of(error: Exception) -> Mapping[str, object]:
    """What a program wants to know besides."""
    return error.details if isinstance(error, OverBudgetError) else {}


def headers_of(error: Exception, status: int) -> dict[str, str]:
    """The headers of the answer.

    `x-should-retry` is how the openai and anthropic packages are told not to ask again: without
    it they repeat every 409 and 5xx, and each repetition could be billed.
    """
    headers = {"x-should-retry": "true" if status in _MAY_HELP else "false"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, MethodError):
        headers["allow"] = error.allowed
    if isinstance(error, RateLimitedError) and error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after_s)))
    if isinstance(error, TooManyFailuresError):
        headers["retry-after"] = str(max(1, round(error.retry_after_s)))
    return headers
