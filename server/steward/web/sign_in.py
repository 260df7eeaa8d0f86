"""Who asks: the token in the header, and nothing else that a client says of itself."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from steward.core.clock import Clock
from steward.core.limits import (
    WEB_ADDRESSES_MAX,
    WEB_FAILURE_EVERY_S,
    WEB_FAILURES_BURST,
    WEB_TOKEN_CHARS_MAX,
)
from steward.web.errors import UnknownTokenError
from steward.web.exchange import Exchange


def shown_token(exchange: Exchange) -> str:
    """The token that a request shows, in either of the headers that clients use.

    Raises:
        UnknownTokenError: it shows none, or two that differ.
    """
    shown: set[str] = set()
    authorization = exchange.header("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        shown.add(token.strip() if scheme.lower() == "bearer" else "")
    key = exchange.header("x-api-key")
    if key is not None:
        shown.add(key)
    if len(shown) != 1 or not all(0 < len(each) <= WEB_TOKEN_CHARS_MAX for each in shown):
        raise UnknownTokenError(
            "This server asks for a personal token, as the API key of an OpenAI or Anthropic"
            " client (`Authorization: Bearer …` or `x-api-key: …`). `steward token create` makes"
            " one."
        )
    return shown.pop()


@dataclass(slots=True)
class _Failures:
    count: float
    at_s: float
    untold: int = 0


class FailedSignIns:
    """Counts failed sign-ins by address, so that a flood of guesses is told and not worked on.

    It never stands in the way of a token that holds: whoever shares an address with somebody who
    guesses gets in as before. What it bounds is what guesses cost: the audit trail.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_address: OrderedDict[str, _Failures] = OrderedDict()

    def note(self, address: str) -> int | None:
        """Count one more. How many to write down together, or None where this is one too many."""
        now_s = self._clock.monotonic_s()
        found = self._by_address.pop(address, None) or _Failures(0, now_s)
        self._by_address[address] = found
        if len(self._by_address) > WEB_ADDRESSES_MAX:
            self._by_address.popitem(last=False)
        forgotten = (now_s - found.at_s) / WEB_FAILURE_EVERY_S
        found.count, found.at_s = max(0.0, found.count - forgotten), now_s
        if found.count + 1 > WEB_FAILURES_BURST:
            found.untold += 1
            return None
        found.count += 1
        told, found.untold = 1 + found.untold, 0
        return told


def digest(token: str) -> str:
    """A few characters by which a token that was refused can be told from another, no more."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:12]
