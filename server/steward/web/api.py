"""The two APIs: which address is answered by what."""

import asyncio

from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.operations.exposition import CONTENT_TYPE
from steward.permissions.roles import why_no_report
from steward.web.anthropic.messages import messages_wish
from steward.web.anthropic.telling import MessageTelling
from steward.web.door import Routes
from steward.web.exchange import Exchange, as_json
from steward.web.json_body import read_json
from steward.web.labels import read_labels
from steward.web.openai.chat import chat_wish
from steward.web.openai.embeddings import embedded_told, embedding_wish
from steward.web.openai.fill import fill_wish
from steward.web.openai.models import models_told
from steward.web.openai.telling import ChatTelling, TextTelling
from steward.web.rooms import Rooms
from steward.web.telling import cost_header, tell, trail_headers
from steward.web.wish import request_id


async def chat(exchange: Exchange, rooms: Rooms, principal: Principal) -> None:
    """`POST /v1/chat/completions`."""
    body = await read_json(await exchange.body())
    id_ = request_id(exchange, principal)
    labels = read_labels(exchange)
    wish = labels.on(chat_wish(body, id_, rooms.settings.output_tokens_max))
    telling = ChatTelling(exchange.id, _now(rooms), is_usage_wanted=wish.is_usage_wanted)
    await tell(exchange, rooms, labels.of(principal), wish, telling)


async def completion(exchange: Exchange, rooms: Rooms, principal: Principal) -> None:
    """`POST /v1/completions`."""
    body = await read_json(await exchange.body())
    id_ = request_id(exchange, principal)
    labels = read_labels(exchange)
    wish = labels.on(fill_wish(body, id_, rooms.settings.output_tokens_max))
    telling = TextTelling(exchange.id, _now(rooms), is_usage_wanted=wish.is_usage_wanted)
    await tell(exchange, rooms, labels.of(principal), wish, telling)


async def message(exchange: Exchange, rooms: Rooms, principal: Principal) -> None:
    """`POST /v1/messages`."""
    body = await read_json(await exchange.body())
    labels = read_labels(exchange)
    wish = labels.on(messages_wish(body, request_id(exchange, principal)))
    await tell(exchange, rooms, labels.of(principal), wish, MessageTelling(exchange.id))


async def embeddings(exchange: Exchange, rooms: Rooms, principal: Principal) -> None:
    """`POST /v1/embeddings`."""
    body = await read_json(await exchange.body())
    wish = embedding_wish(body, request_id(exchange, principal))
    found = await rooms.gateway.embed(read_labels(exchange).of(principal), wish.request)
    told = trail_headers(found.trail, wish.ignored) | cost_header(found.trail)
    body = await asyncio.to_thread(embedded_told, found, is_packed=wish.is_packed)
    await exchange.answer(200, body, told)


async def models(exchange: Exchange, rooms: Rooms, principal: Principal) -> None:
    """`GET /v1/models`."""
    offered = rooms.gateway.models(principal)
    await exchange.answer(200, models_told(offered, rooms.gateway.chosen(principal)))


async def metrics(exchange: Exchange, rooms: Rooms, principal: Principal) -> None:
    """`GET /metrics`: for Prometheus; there is nobody's name in it."""
    if (refusal := why_no_report(principal)) is not None:
        raise NotPermittedError(refusal)
    text = await rooms.metrics.text()
    await exchange.answer(200, text, {"content-type": CONTENT_TYPE})


async def health(exchange: Exchange, rooms: Rooms) -> None:
    """`GET /healthz`: the server answers; of what is behind it nothing is said."""
    del rooms
    await exchange.answer(200, as_json({"status": "ok"}))


async def ready(exchange: Exchange, rooms: Rooms) -> None:
    """`GET /readyz`: whether anybody can be served now, in a word; why not is told to admins."""
    is_ready = await rooms.health.is_ready()
    said = as_json({"status": "ready" if is_ready else "unready"})
    await exchange.answer(200 if is_ready else 503, said)


def _now(rooms: Rooms) -> int:
    return int(rooms.clock.now().timestamp())


ROUTES = Routes(
    signed_in={
        "/v1/chat/completions": {"POST": chat},
        "/v1/completions": {"POST": completion},
        "/v1/embeddings": {"POST": embeddings},
        "/v1/messages": {"POST": message},
        "/v1/models": {"GET": models},
        "/metrics": {"GET": metrics},
    },
    open={"/healthz": {"GET": health}, "/readyz": {"GET": ready}},
    scopes={"/metrics": "reports"},
)
