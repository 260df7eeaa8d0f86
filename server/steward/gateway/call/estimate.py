"""What a call would cost, before anything is sent: at most, and probably."""

from dataclasses import dataclass

from steward.core.money import NanoUsd
from steward.core.redact import redact
from steward.gateway.call import lower
from steward.gateway.call.answer import BYTES_PER_TOKEN
from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.request import Message, ModelRequest, Usage, Written
from steward.gateway.wire.openai import OpenAIChat

_LONGEST = OpenAIChat(limit_field="max_completion_tokens")


@dataclass(frozen=True, slots=True)
class Estimate:
    """The cost of one call, from both ends."""

    input_tokens_max: int
    """Every token takes a byte of what is sent at least; this bounds what is reserved."""
    input_tokens: int
    """By our own count: a token for every three bytes."""
    output_tokens_max: int
    output_tokens: int
    worst_nano_usd: NanoUsd
    """What would be reserved."""
    probable_nano_usd: NanoUsd


def estimate(
    price: Price, sent_bytes: int, output_tokens_max: int, output_tokens_usual: int | None
) -> Estimate:
    """The cost of a call that sends so much; where nobody knows better, it writes all it may."""
    usual = output_tokens_max if output_tokens_usual is None else output_tokens_usual
    input_tokens = -(-sent_bytes // BYTES_PER_TOKEN)
    output_tokens = min(usual, output_tokens_max)
    return Estimate(
        input_tokens_max=sent_bytes,
        input_tokens=input_tokens,
        output_tokens_max=output_tokens_max,
        output_tokens=output_tokens,
        worst_nano_usd=price.worst(sent_bytes, output_tokens_max),
        probable_nano_usd=price.cost(Usage(input_tokens, output_tokens)),
    )


def asked_of(task: Written, text: str, output_tokens_max: int) -> ModelRequest:
    """The request that puts this text before a model, secrets taken out."""
    return ModelRequest("estimate", task, (Message("user", redact(text)),), output_tokens_max)


def body_bytes(model: Model, request: ModelRequest) -> int:
    """How many bytes would be sent, in the longest spelling that providers take."""
    return _LONGEST.prepare(model, request).input_tokens_max


def shortened(price: Price, sent_bytes: int, request: ModelRequest, left: NanoUsd) -> int | None:
    """To how many tokens the answer would be limited where so little is left; None: refused."""
    least = lower.least(price, sent_bytes, request)
    if least is None or least > left:
        return None
    return lower.fitting(price, sent_bytes, request.output_tokens_max, left)
