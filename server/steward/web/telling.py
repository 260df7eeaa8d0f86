"""A model's answer on its way to a client, in one piece or as it arrives."""

from collections.abc import Mapping
from typing import Protocol

from steward.core.principal import Principal
from steward.gateway.call.answer import Answer
from steward.gateway.call.trail import Trail
from steward.gateway.provider import CallPart, Piece, Text
from steward.web.exchange import Exchange, listed, usd
from steward.web.rooms import Rooms
from steward.web.wish import Wish


class Telling(Protocol):
    """How one API tells one answer. Streams are bytes of server-sent events."""

    def begin(self, answer: Answer) -> bytes:
        """Before the first piece."""
        ...

    def text(self, text: str) -> bytes:
        """A piece of text."""
        ...

    def call(self, part: CallPart) -> bytes:
        """A piece of a tool call."""
        ...

    def end(self, answer: Answer) -> bytes:
        """After the last piece: why it ended, and what it cost."""
        ...

    def whole(self, text: str, answer: Answer) -> bytes:
        """The whole answer."""
        ...


async def tell(
    exchange: Exchange, rooms: Rooms, principal: Principal, wish: Wish, telling: Telling
) -> None:
    """Call the model and pass on what it says.

    The client's leaving cancels this, and so closes the provider's connection at once.
    """
    if wish.is_streamed:
        await _stream(exchange, rooms, principal, wish, telling)
    else:
        await _whole(exchange, rooms, principal, wish, telling)


async def _stream(
    exchange: Exchange, rooms: Rooms, principal: Principal, wish: Wish, telling: Telling
) -> None:
    async with rooms.gateway.call(principal, wish.request) as answer:
        waiting = b""
        while True:
            try:
                piece = await answer.next_piece()
            except StopAsyncIteration:
                break
            if not exchange.has_begun:
                # Not before the first piece: until then an error still has a status of its own.
                await exchange.begin_stream(trail_headers(answer.trail, wish.ignored))
                waiting = telling.begin(answer)
            if events := waiting + _told(piece, telling):
                await exchange.send_events(events)
                waiting = b""
    if not exchange.has_begun:
        await exchange.begin_stream(trail_headers(answer.trail, wish.ignored))
        waiting = telling.begin(answer)
    await exchange.end_stream(waiting + telling.end(answer))


async def _whole(
    exchange: Exchange, rooms: Rooms, principal: Principal, wish: Wish, telling: Telling
) -> None:
    async with rooms.gateway.call(principal, wish.request) as answer:
        text = "".join([piece async for piece in answer])
    body = telling.whole(text, answer)
    told = trail_headers(answer.trail, wish.ignored) | cost_header(answer.trail)
    await exchange.answer(200, body, told)


def _told(piece: Piece, telling: Telling) -> bytes:
    match piece:
        case Text(text) if text:
            return telling.text(text)
        case CallPart():
            return telling.call(piece)
        case _:
            return b""


def trail_headers(trail: Trail, ignored: tuple[str, ...]) -> dict[str, str]:
    """What is known before the answer is over."""
    found = {"x-steward-model": trail.model}
    if trail.is_cached:
        found["x-steward-cache"] = "hit"
    if trail.lowered_to is not None:
        found["x-steward-output-tokens-max"] = str(trail.lowered_to)
    if ignored:
        found["x-steward-ignored"] = listed(ignored)
    return found


def cost_header(trail: Trail) -> dict[str, str]:
    """What a call cost that is over."""
    return {"x-steward-cost-usd": usd(trail.cost_nano_usd)}


def facts(trail: Trail) -> Mapping[str, object]:
    """What the call came to, for the last event of a stream and for whole answers."""
    found: dict[str, object] = {
        "cost_usd": usd(trail.cost_nano_usd),
        "model": trail.model,
        "why": trail.why,
        "attempts": [
            {
                "model": attempt.model,
                "reason": attempt.reason,
                "error": attempt.error,
                "cost_usd": usd(attempt.cost_nano_usd),
            }
            for attempt in trail.attempts
        ],
    }
    if trail.is_cached:
        found |= {"is_cached": True, "saved_usd": usd(trail.saved_nano_usd)}
    if trail.lowered_to is not None:
        found["output_tokens_max"] = trail.lowered_to
    return found
