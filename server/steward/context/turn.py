"""One answer of a model in a conversation, and what it brought."""

from dataclasses import dataclass

from steward.context.instructions.instruction import Instruction
from steward.core.origin import Origin
from steward.gateway.request import ToolCall


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that a long conversation must not forget: a landing, a refusal, a reason."""

    text: str
    is_said: bool = False
    """Whether it holds words of the person's own, which are no data."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the model, and what its tool calls brought."""

    text: str
    calls: tuple[ToolCall, ...]
    results: tuple[str, ...]
    """One a call, in the same order."""
    origins: tuple[Origin, ...] = ()
    """Where each result comes from; where it is not said, a tool."""
    decisions: tuple[Decision, ...] = ()
    """In their order."""
    instructions: tuple[Instruction, ...] = ()
    """Those that count where it went, and were not told before."""

    def origin(self, index: int) -> Origin:
        """Where one of the results comes from."""
        return self.origins[index] if index < len(self.origins) else "tool"
