"""A team's server as this window knows it: what it offers, and why it takes no call just now.

Its list of models is asked for after the start, again after some minutes, and at once when a call
failed; while it cannot be had, AI is off, and comes back by itself.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import NoReturn

from steward.core.clock import Clock
from steward.core.errors import (
    OverBudgetError,
    ProviderRefusedError,
    StewardError,
    UnavailableError,
)
from steward.core.limits import ERROR_BODY_BYTES_MAX, TEAM_MODELS_BYTES_MAX
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import KeySource
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.http_provider import limited_body
from steward.gateway.team.offer import offered
from steward.gateway.team.refusal import TEAM_PLACE, team_refusal
from steward.gateway.team.settings import TEAM
from steward.gateway.wire.openai import bearer
from steward.gateway.wire.untrusted import JsonObject, parsed

_log = logging.getLogger(__name__)

_FRESH_S = 300.0
_AGAIN_S = 3.0
"""How soon a server is asked again that could not be reached."""
_REFUSED_AGAIN_S = 60.0
"""How soon a server is asked again that did not accept the token: it counts such failures."""
_LIST_S = 15.0
"""How long the list of models may take."""
_REST_S = 10.0
"""How long ghost text rests after the team's budget refused a call; the next one tries again."""


class Team:
    """The server's standing with this window."""

    def __init__(self, url: str, keys: KeySource, client: HttpClient, clock: Clock) -> None:
        self._url = url
        self._keys = keys
        self._client = client
        self._clock = clock
        self._host = url.partition("://")[2].partition("/")[0]
        self._models: dict[str, Model] = {}
        self._failure: UnavailableError | None = None
        self._next_s = 0.0
        """From when on the list is asked for again."""
        self._asking = asyncio.Lock()
        self._wake = asyncio.Event()
        self._refusal: tuple[OverBudgetError, float] | None = None

    @property
    def models(self) -> Mapping[str, Model]:
        """`team/model` → model; the same mapping, whose content changes."""
        return self._models

    @property
    def is_known(self) -> bool:
        """Whether the server has ever said what it offers."""
        return bool(self._models)

    @property
    def why_off(self) -> str | None:
        """Why no call can be made, in words for people; None where one may be tried."""
        return None if self._failure is None else str(self._failure)

    @property
    def over_budget(self) -> str | None:
        """What the server said when its budget did not cover the last call; None if it did."""
        return None if self._refusal is None else str(self._refusal[0])

    @property
    def is_resting(self) -> bool:
        """Whether its budget refused a call a moment ago."""
        if self._refusal is None:
            return False
        return self._clock.monotonic_s() - self._refusal[1] < _REST_S

    def note(self, failure: StewardError | None) -> None:
        """A call was answered, or ended with this error."""
        match failure:
            case None:
                self._refusal = None
            case OverBudgetError():
                self._refusal = failure, self._clock.monotonic_s()
            case UnavailableError():
                self._next_s = 0.0
                self._wake.set()
            case _:
                pass

    async def refresh(self) -> None:
        """Know what the server offers; it is asked only if that was long ago, or may have changed.

        Raises:
            UnavailableError: it cannot be reached, or does not accept the token.
        """
        async with self._asking:
            if self._clock.monotonic_s() >= self._next_s:
                await self._ask()
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncGenerator[None]:
        """A block during which it is refreshed whenever that is due."""
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(self._keep_fresh())
            try:
                yield
            finally:
                watch.cancel()

    async def _keep_fresh(self) -> NoReturn:
        while True:
            self._wake.clear()
            try:
                await self.refresh()
            except UnavailableError as error:
                _log.info("the team's server takes no calls: %s", error.code)
            due_s = max(0.0, self._next_s - self._clock.monotonic_s())
            try:
                async with asyncio.timeout(due_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(_LIST_S):
                found = offered(await self._list())
            if not found:
                raise UnavailableError(
                    f"The team's server {self._host} offers you no model. Whoever runs it can"
                    " configure one, or change the policy."
                )
        except (TimeoutError, StewardError) as error:
            self._failure = self._told(error)
            is_refused = isinstance(self._failure, ProviderRefusedError)
            self._next_s = self._clock.monotonic_s() + (
                _REFUSED_AGAIN_S if is_refused else _AGAIN_S
            )
            return
        self._failure, self._next_s = None, self._clock.monotonic_s() + _FRESH_S
        self._models.clear()
        self._models.update(found)

    async def _list(self) -> JsonObject:
        headers = bearer(await self._keys.key(TEAM, self._url)) | {"Accept": "application/json"}
        async with self._client.request("GET", f"{self._url}/models", headers) as response:
            if response.status != 200:
                said = await limited_body(response, ERROR_BODY_BYTES_MAX) or ""
                retry_after = response.header("Retry-After")
                body = _parsed(said)
                raise team_refusal(self._host, TEAM_PLACE, response.status, body, retry_after)
            return self._read(await limited_body(response, TEAM_MODELS_BYTES_MAX) or "")

    def _read(self, body: str) -> JsonObject:
        try:
            return parsed(body)
        except UnavailableError:
            raise ProviderRefusedError(
                f"{self._host} answers, but not as a team's server does. Check {TEAM_PLACE.url}; it"
                " is the address of `steward serve`."
            ) from None

    def _told(self, error: Exception) -> UnavailableError:
        if isinstance(error, UnavailableError) and type(error) is not UnavailableError:
            return error
        if isinstance(error, StewardError) and not isinstance(error, UnavailableError):
            return ProviderRefusedError(str(error))
        return unreachable(self._host)


def unreachable(host: str) -> UnavailableError:
    """What a person is told while nobody answers at the server's address."""
    return UnavailableError(
        f"AI is off: the team's server {host} cannot be reached. Everything else goes on, and AI"
        f" comes back by itself when the server does. Check the network and {TEAM_PLACE.url}."
    )


def _parsed(said: str) -> JsonObject:
    try:
        return parsed(said)
    except UnavailableError:
        return {}
