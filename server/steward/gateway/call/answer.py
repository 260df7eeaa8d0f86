"""A model's answer while it arrives, and the count of what it has consumed so far."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from steward.core.errors import LimitError
from steward.core.limits import ANSWER_CHARS_MAX, TOOL_CALLS_MAX
from steward.core.money import NanoUsd
from steward.gateway.call.trail import Attempt, Trail
from steward.gateway.provider import Billed, CallPart, Finished, Piece, SoFar, Text, Thought, Vector
from steward.gateway.request import ToolCall, Usage

BYTES_PER_TOKEN = 3
"""For our own count. Code takes about four bytes a token, so this counts rather too many."""


class Meter:
    """Counts what a call consumes, for when the provider never says.

    The count is an estimate: a token for every three bytes, and at least one for every piece
    that arrived, because providers send a piece for each token or for several. It stays within
    what was reserved. Tokens that a model thought and did not show cannot be counted.
    """

    def __init__(self, body_bytes: int, output_tokens_max: int) -> None:
        self._body_bytes = body_bytes
        self._output_tokens_max = output_tokens_max
        self._output_bytes = 0
        self._pieces = 0
        self._said = Usage(0, 0)
        self._reported: Usage | None = None
        self._is_finished = False
        self.is_sent = False
        """True once the provider may bill."""
        self.has_begun = False
        """True once anything of an answer has arrived."""
        self.is_refused = False
        """True once the provider refused before it began: it does not bill."""
        self.billed: NanoUsd | None = None
        """What a team's server booked for the call; None where nobody has said."""

    def note_sent(self) -> None:
        """The first byte is about to leave."""
        self.is_sent = True

    def note(self, piece: Piece) -> None:
        """A piece has arrived."""
        self.has_begun = True
        match piece:
            case Text(text) | Thought(text):
                self._add(text)
            case SoFar(usage):
                self._said = usage
            case Billed(cost):
                self.billed = cost
            case Vector():
                pass
            case CallPart(arguments=arguments):
                self._add(arguments)
            case Usage():
                self._reported = piece
            case Finished():
                self._is_finished = True

    def usage(self) -> tuple[Usage, bool]:
        """What the call consumed, and whether that is an estimate."""
        said = self._reported or self._said
        if self._reported is not None and self._is_finished and self._can_be(said):
            return said, False
        own_input = -(-self._body_bytes // BYTES_PER_TOKEN)
        own_output = max(self._pieces, -(-self._output_bytes // BYTES_PER_TOKEN))
        estimate = Usage(
            max(said.input_tokens, own_input),
            max(said.output_tokens, min(own_output, self._output_tokens_max)),
            said.cached_tokens,
            said.cache_write_tokens,
            said.reasoning_tokens,
        )
        return estimate, True

    def _can_be(self, said: Usage) -> bool:
        """Whether what the provider says fits what we saw; some say nought where they don't know.

        Something was sent, so something was read; and what arrived was written.
        """
        return said.input_tokens > 0 and (said.output_tokens > 0 or not self._pieces)

    def _add(self, text: str) -> None:
        self._pieces += 1
        self._output_bytes += len(text.encode("utf-8", "replace"))


@dataclass(slots=True)
class _CallParts:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


class Joined:
    """What the pieces of an answer come to, within bounds; the text is the reader's to keep."""

    def __init__(self) -> None:
        self._chars = 0
        self._calls: dict[int, _CallParts] = {}
        self.usage: Usage | None = None
        self.finish_reason: str | None = None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model wants to use, in its order."""
        return tuple(
            ToolCall(call.id or f"call_{index}", call.name, "".join(call.arguments))
            for index, call in sorted(self._calls.items())
        )

    def take(self, piece: Piece) -> str:
        """Add a piece; gives the text that it brings.

        Raises:
            LimitError: the answer is larger than we take.
        """
        match piece:
            case Text(text):
                self._count(text)
                return text
            case Thought(text):
                self._count(text)
            case Vector() | SoFar() | Billed():
                pass
            case CallPart():
                self._count(piece.arguments)
                self._join(piece)
            case Usage():
                self.usage = piece
            case Finished(reason):
                self.finish_reason = reason
        return ""

    def _join(self, part: CallPart) -> None:
        if part.index not in self._calls and len(self._calls) >= TOOL_CALLS_MAX:
            raise LimitError(
                f"The model asks for more than {TOOL_CALLS_MAX} tools at once; none was used."
                " Ask for smaller steps."
            )
        call = self._calls.setdefault(part.index, _CallParts())
        call.id, call.name = call.id or part.id, call.name or part.name
        call.arguments.append(part.arguments)

    def _count(self, text: str) -> None:
        self._chars += len(text)
        if self._chars > ANSWER_CHARS_MAX:
            raise LimitError(
                f"The model's answer is longer than {ANSWER_CHARS_MAX} characters and was cut off."
                " Ask for less."
            )


class Answer:
    """Iterate over it for the text; the rest is complete when the iteration ends."""

    def __init__(self, pieces: AsyncGenerator[Piece], trail: Trail) -> None:
        self._pieces = pieces
        self._joined = Joined()
        self.trail = trail
        """Which models were tried, why, and at what cost."""

    @property
    def usage(self) -> Usage | None:
        """What the provider says the call consumed; None until it does."""
        return self._joined.usage

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped; None while it has not."""
        return self._joined.finish_reason

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model wants to use, in its order."""
        return self._joined.tool_calls

    @property
    def cost_nano_usd(self) -> NanoUsd:
        """What was booked; known when the call's block has been left."""
        return self.trail.cost_nano_usd

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was tried; the last of it once the call's block has been left."""
        return tuple(self.trail.attempts)

    @property
    def lowered_to(self) -> int | None:
        """What the answer was shortened to, in tokens; None where the budget covered it all."""
        return self.trail.lowered_to

    def __aiter__(self) -> "Answer":
        """The pieces of the text, as they arrive."""
        return self

    async def __anext__(self) -> str:
        """The next piece of text.

        Raises:
            UnavailableError: the provider refused or broke off; see `Provider.stream`.
            OverBudgetError: an attempt failed, and the account does not cover another one.
            NotPermittedError: a hook objects to the answer.
            LimitError: the answer is larger than we take.
        """
        while True:
            if text := self._joined.take(await anext(self._pieces)):
                return text

    async def next_piece(self) -> Piece:
        """The next piece of whatever kind, for whoever passes the answer on as it comes.

        Raises what `__anext__` raises.
        """
        piece = await anext(self._pieces)
        self._joined.take(piece)
        return piece
