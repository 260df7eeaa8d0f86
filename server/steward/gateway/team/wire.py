"""OpenAI's format with what a team's server adds: labels going there, the bill coming back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from steward.core.limits import AMOUNT_NANO_USD_MAX
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Billed, Piece, Prepared
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.gateway.team.gap import TeamFill
from steward.gateway.team.refusal import TEAM_PLACE, team_refusal
from steward.gateway.wire.embeddings import Embeddings
from steward.gateway.wire.openai import OpenAIChat, bearer
from steward.gateway.wire.untrusted import as_count, as_object, as_text, parsed
from steward.gateway.wire.wire import Decoder, Dialect, Wire

Request = TypeVar("Request", ModelRequest, EmbeddingRequest)

_USD = re.compile(r"([0-9]{1,9})\.([0-9]{9})")
_REWRITTEN_TOKENS_MAX = 1024
"""What the server's own way to write the request, with another model's name, may add to it."""
_BILL = '"steward"'
"""Stands in every event that tells a bill; the others need not be read twice."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a team's server is told of every call of one window, so that it can be counted there."""

    workspace: str
    session: str


@dataclass(frozen=True, slots=True)
class TeamWire(Generic[Request]):
    """A format, as a team's server speaks it."""

    wire: Wire[Request]
    labels: Labels
    host: str

    @property
    def is_streamed(self) -> bool:
        """As the format."""
        return self.wire.is_streamed

    def prepare(self, model: Model, request: Request) -> Prepared:
        """The request as it will be sent, under its labels."""
        said = {
            "Idempotency-Key": request.request_id,
            "x-steward-task": "" if request.task == "embedding" else request.task,
            "x-steward-agent": request.agent,
            "x-steward-workspace": self.labels.workspace,
            "x-steward-session": self.labels.session,
        }
        named = tuple((name, value) for name, value in said.items() if value)
        prepared = self.wire.prepare(model, request)
        added = prepared.added_tokens_max + _REWRITTEN_TOKENS_MAX
        return replace(prepared, headers=named, added_tokens_max=added)

    def decoder(self) -> "TeamDecoder":
        """A reader for one answer."""
        return TeamDecoder(self.wire.decoder(), self.host)


class TeamDecoder:
    """Reads an answer, and the bill in it."""

    def __init__(self, inner: Decoder, host: str) -> None:
        self._inner = inner
        self._host = host

    @property
    def is_over(self) -> bool:
        """Whether the answer's end marker has come."""
        return self._inner.is_over

    def feed(self, event: str, data: str) -> Iterator[Piece]:
        """The pieces that one event carries, the bill first.

        Raises:
            StewardError: the server broke off; of the kind that it names.
        """
        if _BILL in data or '"error"' in data:
            body = parsed(data)
            if body.get("error"):
                raise team_refusal(self._host, TEAM_PLACE, 0, body, None)
            if (bill := _bill(body.get("steward"))) is not None:
                yield bill
        yield from self._inner.feed(event, data)


def team_dialect(url: str, labels: Labels) -> Dialect:
    """Everything that a team's server understands."""
    host = urlsplit(url).netloc
    return Dialect(
        bearer,
        TeamWire(OpenAIChat(), labels, host),
        TeamWire(TeamFill(), labels, host),
        TeamWire(Embeddings(), labels, host),
        team_refusal,
    )


def _bill(value: object) -> Billed | None:
    facts = as_object(value)
    found = _USD.fullmatch(as_text(facts.get("cost_usd")))
    if found is None:
        return None
    cost = int(found[1]) * NANO_PER_USD + int(found[2])
    if cost > AMOUNT_NANO_USD_MAX:
        return None
    return Billed(NanoUsd(cost), as_count(facts.get("output_tokens_max")))
