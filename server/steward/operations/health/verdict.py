"""What looking at a part of the product found: how it stands, why, and its figures."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

State = Literal["healthy", "degraded", "unhealthy"]
"""Works as it should; works, and somebody should look; does not work."""
Fact = int | float | str | bool | None
"""A figure or a word, whose name ends in its unit."""

STATES: tuple[State, ...] = ("healthy", "degraded", "unhealthy")
"""The best first."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found."""

    state: State = "healthy"
    cause: str = ""
    """Why it is not healthy, and what to do; empty where it is."""
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])


Look = Callable[[], Awaitable[Found]]
"""Looks at one part. What it raises is why the part is unhealthy."""


@dataclass(frozen=True, slots=True)
class Check:
    """A part, and how it is looked at."""

    name: str
    look: Look
    is_needed: bool = False
    """Whether nobody can be served without it."""


@dataclass(frozen=True, slots=True)
class Part:
    """How one part stands."""

    name: str
    found: Found
    took_ms: float
    """How long looking took."""


@dataclass(frozen=True, slots=True)
class Report:
    """How everything stands."""

    at: datetime
    parts: tuple[Part, ...]

    @property
    def state(self) -> State:
        """The worst of all parts."""
        return worst(part.found.state for part in self.parts)


def worst(states: Iterable[State]) -> State:
    """The worst of some states; healthy where there are none."""
    return STATES[max(map(STATES.index, states), default=0)]


def joined(facts: Mapping[str, Fact], *doubts: tuple[State, str] | None) -> Found:
    """A finding with these figures, as bad as the worst of the doubts; their causes as one text."""
    said = [each for each in doubts if each is not None]
    return Found(worst(state for state, _ in said), " ".join(cause for _, cause in said), facts)
