"""Who asks: the token in the header, and nothing else that a client says of itself."""

import asyncio
import hashlib
import ipaddress
from collections import OrderedDict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import NotPermittedError
from steward.core.limits import (
    TOKENS_REMEMBERED_MAX,
    WEB_ADDRESSES_MAX,
    WEB_FAILURE_EVERY_S,
    WEB_FAILURES_BURST,
    WEB_TOKEN_CHARS_MAX,
)
from steward.core.principal import Principal
from steward.core.recent import Recent
from steward.permissions.people import identified
from steward.permissions.tokens import Holder, Scope, Tokens
from steward.web.errors import TooManyFailuresError, UnknownTokenError
from steward.web.exchange import Exchange

_WHAT: Mapping[Scope, str] = {
    "models": "call models",
    "reports": "read reports",
    "manage": "change anything",
}
_EVERYBODY = ""
_EVERYBODYS_BURST, _EVERYBODYS_EVERY_S = 100, 1.0
_REMEMBERED_S = 1.0
"""So long may somebody be here what another process made them no longer."""
_LOOK_S = 0.25
"""How often the tokens of requests under way are looked at again."""


class SignIn:
    """Lets in whoever shows a token that holds, for as long as it does."""

    def __init__(self, tokens: Tokens, database: Database, clock: Clock) -> None:
        self._tokens = tokens
        self._database = database
        self._clock = clock
        self._people: Recent[Principal, Principal] = Recent(
            clock, _REMEMBERED_S, TOKENS_REMEMBERED_MAX
        )
        self._failures = FailedSignIns(clock, WEB_FAILURES_BURST, WEB_FAILURE_EVERY_S)
        self._all_failures = FailedSignIns(clock, _EVERYBODYS_BURST, _EVERYBODYS_EVERY_S)
        self._under_way: dict[str, set[Exchange]] = {}
        self._is_anybody_here = asyncio.Event()

    async def principal(self, exchange: Exchange, token: str, scope: Scope) -> Principal:
        """Whom the token belongs to, with the role and team that our own tables know.

        Raises:
            UnknownTokenError: it does not hold.
            TooManyFailuresError: nor did many before it.
            NotPermittedError: it is for something else.
        """
        holder = await self.holder(exchange, token)
        if scope not in holder.scopes:
            raise NotPermittedError(why_not_for(scope))
        return await self.identified(holder.principal())

    async def holder(self, exchange: Exchange, token: str) -> Holder:
        """Whom the token belongs to, as it says.

        Raises:
            UnknownTokenError: it does not hold.
            TooManyFailuresError: nor did many before it.
        """
        holder = await self._tokens.verify(token)
        if holder is None:
            await self.note_failure(exchange, token)
            raise UnknownTokenError(
                "This token does not hold: it was never made here, has run out, or was revoked."
                " Make another with `steward token create`."
            )
        return holder

    async def holds(self, token: str) -> bool:
        """Whether a token that was shown a while ago still opens anything."""
        holder = await self._tokens.verify(token)
        return holder is not None and (await self.identified(holder.principal())).role is not None

    async def identified(self, asking: Principal) -> Principal:
        """The principal with the role and team that our own tables know, a second old at most."""
        known = self._people.get(asking)
        if known is not None:
            return known[0]
        asked_s, age = self._clock.monotonic_s(), self._people.age
        found = await self._database.read(lambda session: identified(session, asking))
        self._people.put(asking, found, asked_s, age)
        return found

    @contextmanager
    def under_way(self, exchange: Exchange, token: str) -> Generator[None]:
        """A block that ends when its token no longer holds."""
        here = self._under_way.setdefault(token, set())
        here.add(exchange)
        self._is_anybody_here.set()
        try:
            yield
        finally:
            here.discard(exchange)
            if not here:
                self._under_way.pop(token, None)

    async def watch(self) -> None:
        """End requests whose token was revoked or has run out; never returns."""
        while True:
            if not self._under_way:
                self._is_anybody_here.clear()
            await self._is_anybody_here.wait()
            await asyncio.sleep(_LOOK_S)
            for token in tuple(self._under_way):
                if await self._tokens.verify(token) is None:
                    for exchange in tuple(self._under_way.get(token, ())):
                        exchange.end(UnknownTokenError("The token was revoked, or has run out."))

    async def note_failure(self, exchange: Exchange, token: str) -> None:
        """Count a failed sign-in, and write it down.

        Raises:
            TooManyFailuresError: it is one of too many to be written down.
        """
        address = _network(exchange.address)
        count = self._failures.note(address)
        if count is None or self._all_failures.note(_EVERYBODY) is None:
            raise TooManyFailuresError(
                "Too many sign-ins from this address failed. Wait a little, and check the token.",
                WEB_FAILURE_EVERY_S,
            )
        at = self._clock.now()
        detail = {"address": address, "count": count, "token": _digest(token) if token else None}

        def work(session: Session) -> None:
            audit.append(
                session,
                at=at,
                actor=address or "unknown",
                action="sign_in.failed",
                subject="web",
                detail=detail,
            )

        await self._database.run(work)


def why_not_for(scope: Scope) -> str:
    """Why a token without this scope is refused, in words for whoever shows it."""
    return f"This token may not {_WHAT[scope]}. Make one with the scope `{scope}`."


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

    def __init__(self, clock: Clock, burst: int, every_s: float) -> None:
        self._clock = clock
        self._burst = burst
        self._every_s = every_s
        self._by_address: OrderedDict[str, _Failures] = OrderedDict()

    def note(self, address: str) -> int | None:
        """Count one more. How many to write down together, or None where this is one too many."""
        now_s = self._clock.monotonic_s()
        found = self._by_address.pop(address, None) or _Failures(0, now_s)
        self._by_address[address] = found
        if len(self._by_address) > WEB_ADDRESSES_MAX:
            self._by_address.popitem(last=False)
        forgotten = (now_s - found.at_s) / self._every_s
        found.count, found.at_s = max(0.0, found.count - forgotten), now_s
        if found.count + 1 > self._burst:
            found.untold += 1
            return None
        found.count += 1
        told, found.untold = 1 + found.untold, 0
        return told


def _digest(token: str) -> str:
    """A few characters by which a token that was refused can be told from another, no more."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _network(address: str) -> str:
    """The address as failures are counted: IPv4 in either spelling is one, IPv6 by its network."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
