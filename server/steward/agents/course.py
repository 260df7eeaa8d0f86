"""How far a run has come: what its recorded outcomes add up to, and nothing else.

What a called agent takes counts for whoever called it, too. What it reads, its caller has read, and
the other way round: a run's agents talk to each other.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from steward.agents.known import Known
from steward.agents.workflows.journal import JsonObject
from steward.permissions.decide import Mode

REPEATS_MAX = 3
"""So often may one call bring one result before a person is asked whether it should go on."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends."""

    state: str
    message: str
    capped: str = ""
    """The cap that it came to; empty where it came to none."""


@dataclass(slots=True)
class Common:
    """What all agents of one run have in common, whoever called them."""

    plan: JsonObject
    """The plan that holds now: approved, with the steps that were approved since."""
    origins: set[str] = field(default_factory=set[str])
    """Where the texts came from that any of their models was shown."""
    recorded: int = 0
    """Proposals that a dry run has kept."""
    called: int = 0
    """How often one of them called another."""


@dataclass(slots=True)
class Course:
    """The way so far of one agent in a run: the one that it was started with, or one called."""

    common: Common
    mode: Mode
    place: str = ""
    """What the names of its steps begin with; empty for the one that the run was started with."""
    caller: "Course | None" = None
    tokens_before: int = 0
    """What the run had used when this agent was called."""
    cost_before: int = 0
    """What the run had spent by then, in nano-dollars."""
    turns: list[JsonObject] = field(default_factory=list[JsonObject])
    work_s: dict[str, float] = field(default_factory=dict[str, float])
    """Step → seconds that it took, waiting for people included; with those of agents it called."""
    thoughts: int = 0
    """How often its model was asked, and the models of agents that it called."""
    output_chars: int = 0
    """What its tools gave back, and those of agents that it called."""
    told: set[str] = field(default_factory=set[str])
    """Files of instructions that it came upon: told, or left out with a reason."""
    known: Known = field(default_factory=Known)
    """The texts of files that it knows."""
    _seen: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])

    @property
    def chain(self) -> "Iterator[Course]":
        """This agent's, its caller's, and so on up to the one that the run was started with."""
        at: Course | None = self
        while at is not None:
            yield at
            at = at.caller

    def named(self, step: str) -> str:
        """A step's name in the whole run."""
        return f"{self.place}{step}"

    def took(self, step: str, outcome: JsonObject) -> None:
        """Count a step's time."""
        took_s = outcome.get("took_s")
        for each in self.chain:
            each.work_s[step] = float(took_s) if isinstance(took_s, int | float) else 0.0

    def thought(self) -> None:
        """Count an answer of its model."""
        for each in self.chain:
            each.thoughts += 1

    def add(self, thought: JsonObject, results: list[JsonObject]) -> None:
        """Take up one answer of the model and what its calls brought."""
        self.turns.append({"text": thought["text"], "calls": thought["calls"], "results": results})
        chars = sum(len(str(result["text"])) for result in results)
        for each in self.chain:
            each.output_chars += chars

    def saw(self, result: JsonObject) -> None:
        """Take up what a call brought, before the next one is decided about."""
        self.common.origins.add(str(result["origin"]))
        self.told.update(map(str, cast("list[str]", result.get("came_upon", []))))
        self.common.recorded += result["recorded"] is True
        self.known.read(result)

    def repeats(self, call: JsonObject, result: JsonObject) -> bool:
        """Count a call; whether it has brought the same too often. Then the count starts anew."""
        key = (str(call["name"]), _canonical(str(call["arguments"])), str(result["text"]))
        self._seen[key] += 1
        if self._seen[key] < REPEATS_MAX:
            return False
        self._seen.clear()
        return True


def _canonical(arguments: str) -> str:
    """The arguments without what only looks different: spaces, and the order of the names."""
    try:
        return json.dumps(json.loads(arguments or "{}"), sort_keys=True)
    except (ValueError, RecursionError):
        return arguments
