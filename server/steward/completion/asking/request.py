"""One call of a model for ghost text: what it is shown, and what its answer comes to."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePath

from steward.completion.asking.along import accepted
from steward.completion.asking.flight import Flight, Landed
from steward.completion.asking.known import Entry
from steward.completion.reason import Reason
from steward.completion.settings import CompletionSettings
from steward.completion.shape.fit import fit
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.context.gather import Gatherer
from steward.context.ghost_prompt import ghost_request_parts
from steward.context.snippet import Snippet
from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.gateway.request import ModelRequest

_log = logging.getLogger(__name__)

_FENCE = "```"


class Asker:
    """Asks a model for what belongs at a cursor."""

    def __init__(
        self,
        gateway: Gateway,
        gatherer: Gatherer | None,
        clock: Clock,
        new_id: IdSource,
        settings: CompletionSettings,
    ) -> None:
        self._gateway = gateway
        self._gatherer = gatherer
        self._clock = clock
        self._new_id = new_id
        self._settings = settings

    async def ask(
        self,
        principal: Principal,
        flight: Flight,
        keep: Callable[[Entry], None],
        is_ready: Callable[[], None],
    ) -> None:
        """Carry out a flight; `keep` gets what is worth remembering of the answer.

        `is_ready` is called as soon as the request is put together: from there on it waits.

        Whoever waits is answered as soon as enough has come; the connection is closed after that.

        Raises:
            StewardError: as `Gateway.call`.
        """
        started_s = self._clock.monotonic_s()
        request = await asyncio.to_thread(self._request, principal, flight)
        is_ready()
        async with self._gateway.call(principal, request) as answer:
            is_whole = await flight.read(answer) and answer.finish_reason != "length"
            if flight.is_over:
                return
            suggestion = fit(flight.text, flight.target, is_whole=is_whole)
            model = answer.trail.model
            network_s = self._clock.monotonic_s() - started_s
            reason = None if suggestion else Reason("nothing_to_say")
            kind = flight.node_kind
            flight.land(Landed(suggestion, model, kind, reason, network_s))
            keep(Entry(flight.target, suggestion, flight.origin, model, kind))
            if suggestion is not None:
                for entry in behind(flight, suggestion, model, is_whole=is_whole):
                    keep(entry)

    async def look(self, cursor: Cursor, within_s: float) -> Sequence[Snippet]:
        """What may help of other files, found within so many seconds; for nought, what is known."""
        if self._gatherer is None:
            return ()
        try:
            if within_s <= 0:
                return await self._gatherer.latest(cursor)
            return await self._gatherer.gather(cursor, within_s)
        except StewardError as error:
            _log.info("no context: %s", error.code)
            return ()

    # On a thread: counting the tokens of a long document takes some milliseconds.
    def _request(self, principal: Principal, flight: Flight) -> ModelRequest:
        parts = ghost_request_parts(
            self._gateway.model_for(principal, "completion"),
            flight.target,
            flight.snippets,
            self._settings.prompt_tokens_max,
            repository=PurePath(principal.workspace).name,
        )
        return ModelRequest(
            request_id=self._new_id(),
            task="completion",
            messages=parts.messages,
            fill=parts.fill,
            output_tokens_max=self._settings.output_tokens_max,
            stop=parts.stop,
        )


def behind(flight: Flight, suggestion: Suggestion, model: str, *, is_whole: bool) -> list[Entry]:
    """What an answer says beyond what was made of it: it answers the next request.

    That comes from the same line, or from the beginning of the next one.
    """
    _, _, rest = flight.raw.partition(suggestion.text)
    if not rest.strip() or _FENCE in flight.raw:  # Behind a fence models explain themselves.
        return []
    target = accepted(flight.target, suggestion)
    body = rest.lstrip("\r\n")
    if body != rest:
        end = "\r\n" if "\r\n" in target.before or "\r\n" in target.after else "\n"
        target = replace(target, before=target.before + end, line=target.line + 1)
    further = fit(body, target, is_whole=is_whole)
    return [] if further is None else [Entry(target, further, flight.origin, model)]
