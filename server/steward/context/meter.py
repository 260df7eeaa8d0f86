"""How much of its room a conversation takes, for whoever wants to see it."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Meter:
    """What one request of a run takes, in tokens as we count them, beside what it may take."""

    tokens: int
    """All of the request: messages and tools."""
    room: int
    """What it may take before something is shortened."""
    fixed: int
    """Of `tokens`, what every request of the run carries: persona, tools, instructions, goal, what
    was gathered at the start, and plan."""
    tools: int = 0
    """Of `fixed`, what is said of tools."""
    instructions: int = 0
    """Of `fixed`, the instructions of files."""
    shortened: int = 0
    """Answers of the model that stand there shortened, with their results."""
    left_out: int = 0
    """Answers that are left out; what was decided in them stands in a record."""

    def kept(self) -> str:
        """For a column; `meter_from` reads it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def in_words(self) -> str:
        """For people, in a line."""
        gone = [
            *([f"{self.shortened} answers shortened"] if self.shortened else []),
            *([f"{self.left_out} left out"] if self.left_out else []),
        ]
        percent = round(100 * self.tokens / self.room) if self.room else 0
        return (
            f"{self.tokens:,} of {self.room:,} tokens ({percent} %), {self.fixed:,} of them fixed"
            + (f"; {', '.join(gone)}" if gone else "")
        )


def meter_from(kept: str) -> Meter | None:
    """The meter in a column; None where there is none, or none that we can read."""
    try:
        value: object = json.loads(kept) if kept else None
    except ValueError:
        return None
    if not isinstance(value, dict) or "tokens" not in value:
        return None
    held = cast("dict[str, Any]", value)
    known = {each.name: held.get(each.name, 0) for each in fields(Meter)}
    return Meter(**known) if all(type(each) is int for each in known.values()) else None


def context_as_json(meter: Meter | None) -> dict[str, int] | None:
    """For an editor: `{tokens, room, fixed, tools, instructions, shortened, leftOut}`."""
    if meter is None:
        return None
    value = asdict(meter)
    return {name: value[name] for name in value if name != "left_out"} | {"leftOut": meter.left_out}


def meter_as_json(meter: Meter | None) -> dict[str, int] | None:
    """For a program, by the names of its fields; None where there is none."""
    return None if meter is None else asdict(meter)
