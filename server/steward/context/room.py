"""How much a model may be shown at once."""

import json
from collections.abc import Sequence
from functools import lru_cache

from steward.context.tokens import at_most, count
from steward.gateway.request import Message, ToolSpec

ROOM_TOKENS_MAX = 100_000
"""No conversation of an agent takes more, however much the model can read: each turn pays for it
again."""
_UNKNOWN_WINDOW = 64_000
"""What a model is taken to read where nobody has said."""
_ROOM_MIN = 2_000
_MESSAGE_TOKENS = 8


def room_for(
    window_tokens: int | None, output_tokens_max: int, tools: Sequence[ToolSpec] = ()
) -> int:
    """The tokens that the messages of a request may take.

    Args:
        window_tokens: What the model reads and writes together (`Model.input_tokens_max`); None if
            nobody has said.
        output_tokens_max: What it may write.
        tools: What it is told of tools.
    """
    window = _UNKNOWN_WINDOW if window_tokens is None else window_tokens
    # Another vocabulary may count more than ours does.
    room = window * 3 // 4 - output_tokens_max - at_most(tokens_of_tools(tools))
    return max(_ROOM_MIN, min(room, ROOM_TOKENS_MAX))


def tokens_of(messages: Sequence[Message]) -> int:
    """About how many tokens messages without calls have."""
    return sum(_count(message.content) + _MESSAGE_TOKENS for message in messages)


def tokens_of_tools(tools: Sequence[ToolSpec]) -> int:
    """About how many tokens a model reads of tools."""
    return sum(
        _count(json.dumps([tool.name, tool.description, dict(tool.parameters)], ensure_ascii=False))
        for tool in tools
    )


@lru_cache(maxsize=64)
def _count(text: str) -> int:
    return count(text)
