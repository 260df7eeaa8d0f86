"""What can be written at a place of an agent's front matter, taken from its schema."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steward.agents.definitions.agent_file import AgentFile, CapsFile
from steward.agents.definitions.toolbox import MEANINGS, TOOLS
from steward.permissions.decide import MODES

_KEY = re.compile(r"(?P<indent>[ ]*)(?P<key>[a-z_]+):(?P<rest>.*)")
_BEGUN = re.compile(r"[ ]*[a-z_]*\Z")
_MODES: Mapping[str, str] = {
    "normal": "asks before it changes or runs anything",
    "analysis_only": "reads, and changes and runs nothing",
    "dry_run": "writes down what it would do, and does nothing",
    "step": "asks about each step",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may be written."""

    word: str
    meaning: str
    is_key: bool = False


def offers(
    lines: Sequence[str], line: int, before: str, agents: Mapping[str, str]
) -> tuple[Offer, ...]:
    """What may be written in a line (from 0) of which `before` stands left of the cursor.

    Nothing outside of the front matter. `agents`: those that could be called, id → description.
    """
    if not _is_inside(lines, line):
        return ()
    key = _key_of(lines, line, before)
    if key is None:
        return tuple(_keys(AgentFile, _written(lines)))
    if key == "agents":
        return tuple(Offer(agent_id, meaning) for agent_id, meaning in agents.items())
    return tuple(_values(key))


def _is_inside(lines: Sequence[str], line: int) -> bool:
    marks = [number for number, text in enumerate(lines) if text.rstrip() == "---"]
    if not marks or marks[0] != 0 or line == 0:
        return False
    return len(marks) < 2 or line < marks[1]


def _key_of(lines: Sequence[str], line: int, before: str) -> str | None:
    """The field whose value is being written; None where a field begins."""
    own = _KEY.match(before)
    if own is not None and not own["indent"]:
        return own["key"]
    if not before.startswith((" ", "-")) and _BEGUN.fullmatch(before):
        return None
    for text in reversed(lines[:line]):
        found = _KEY.match(text)
        if found is not None and not found["indent"]:
            return found["key"]
    return None


def _written(lines: Sequence[str]) -> frozenset[str]:
    found = (_KEY.match(text) for text in lines)
    return frozenset(match["key"] for match in found if match and not match["indent"])


def _keys(model: type[AgentFile] | type[CapsFile], there: frozenset[str]) -> Iterator[Offer]:
    properties: Mapping[str, Mapping[str, Any]] = model.model_json_schema()["properties"]
    for name, body in properties.items():
        if name not in there:
            yield Offer(name, " ".join(str(body.get("description", "")).split()), is_key=True)


def _values(key: str) -> Iterator[Offer]:
    match key:
        case "tools" | "allow" | "ask" | "deny":
            yield from (Offer(name, f"May {tool.what}.") for name, tool in TOOLS.items())
        case "permissions":
            yield from (Offer(name, f"May {meaning}.") for name, meaning in MEANINGS.items())
        case "mode":
            yield from (Offer(name, f"It {_MODES[name]}.") for name in _MODES if name in MODES)
        case "caps":
            yield from _keys(CapsFile, frozenset())
        case _:
            return
