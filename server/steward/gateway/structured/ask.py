"""Asks a model until its answer has the shape that was wanted, and not often."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel

from steward.core.errors import UnstructuredError
from steward.gateway.request import Message
from steward.gateway.structured.read import Read, read

Shape = TypeVar("Shape", bound=BaseModel)

ASKED_MOST = 3
"""How often a model is asked before its answer is given up."""
_QUOTED_CHARS_MAX = 8_000

Say = Callable[[tuple[Message, ...], int], Awaitable[str]]
"""One call of a model: the messages, the number of the try from 0 → its text."""


async def ask(say: Say, messages: tuple[Message, ...], shape: type[Shape]) -> Read[Shape]:
    """The value that the model gives, after at most `ASKED_MOST` calls.

    Raises:
        UnstructuredError: none of its answers has the shape; the last one's error.
        StewardError: whatever `say` raises.
    """
    asked = messages
    for number in range(ASKED_MOST):
        answer = await say(asked, number)
        try:
            return await read(answer, shape)
        except UnstructuredError as error:
            if number == ASKED_MOST - 1:
                raise
            asked = (*messages, *again(answer, error))
    raise AssertionError("unreachable")


def again(answer: str, error: UnstructuredError) -> tuple[Message, ...]:
    """What is added to the conversation so that the model puts its answer right."""
    return (
        # An empty message is refused by providers.
        Message("assistant", answer[:_QUOTED_CHARS_MAX] or "(nothing)"),
        Message("user", f"{error} Answer again: the whole JSON, corrected, and nothing else."),
    )
