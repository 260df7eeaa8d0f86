"""What is kept of turns that a conversation has no more room for: what was decided and done.

Nothing is summed up by a model. What a person said, what was changed and what was refused stands
here in the words of then; of all else that there was, only how often.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steward.context.block import Block, Frame
from steward.context.turn import Turn
from steward.core.agent_limits import DECISION_CHARS_MAX


@dataclass(frozen=True, slots=True)
class Record:
    """What turns came to."""

    turns: int
    said: tuple[str, ...]
    """What the person decided in words of their own, in order."""
    done: tuple[str, ...]
    """What else was decided and done, in order."""
    used: str
    """The tools that were used, and how often."""

    def message(self, frame: Frame) -> str:
        """The record as the model is shown it: a person's words for themselves, the rest as data.

        A path or a command in it is a model's own or a file's word.
        """
        lines = [
            f"Your first {self.turns} answers and what they brought were left out to save room."
        ]
        if self.said:
            lines += ["What I said in them, in order:", *(f"- {each}" for each in self.said)]
        done = "\n".join([*(f"- {each}" for each in self.done), self.used])
        block = Block("tool", "what was decided and done in them, in order", done)
        return "\n".join([*lines, frame.around(block)])


def record_of(turns: Sequence[Turn]) -> Record:
    """The turns in short."""
    decisions = [decision for turn in turns for decision in turn.decisions]
    used = Counter(call.name for turn in turns for call in turn.calls)
    told = ", ".join(f"{name} {_times(number)}" for name, number in used.items())
    return Record(
        len(turns),
        _each_once(decision.text for decision in decisions if decision.is_said),
        _each_once(decision.text for decision in decisions if not decision.is_said),
        f"Tools that were used: {told or 'none'}.",
    )


def _each_once(texts: Iterable[str]) -> tuple[str, ...]:
    counted = Counter(map(_bounded, texts))
    return tuple(f"{text} ({_times(n)})" if n > 1 else text for text, n in counted.items())


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _bounded(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= DECISION_CHARS_MAX else f"{line[:DECISION_CHARS_MAX]}…"
