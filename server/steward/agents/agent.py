"""Who acts: an agent's definition."""

from dataclasses import dataclass
from typing import Literal

from steward.permissions.decide import Capability, Mode
from steward.permissions.rules import Rule

Source = Literal["shipped", "stored", "workspace"]
"""Where a definition stands: in the product, in the database, in a file of the workspace."""


_PLACES: dict[Source, str] = {
    "shipped": "that comes with Steward",
    "stored": "of your organisation",
    "workspace": "of this folder",
}


@dataclass(frozen=True, slots=True)
class Caps:
    """How much one run may take, beside what the operator's settings allow; None: no less."""

    tokens: int | None = None
    """Tokens in and out, of all its model calls."""
    cost_nano_usd: int | None = None
    steps: int | None = None
    """How often it may ask its model."""
    wall_s: float | None = None
    """Seconds at work; waiting for a person does not count."""
    output_chars: int | None = None
    """Characters of all that its tools give back."""


NO_CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent, as a person or the product defined it."""

    agent_id: str
    name: str
    description: str
    persona: str
    """The system prompt. It is this agent's alone."""
    allowed_tools: frozenset[str]
    permission_scope: frozenset[Capability]
    created_by: str
    team_scope: str = ""
    """The team that may use it; empty for everybody."""
    model_preference: str | None = None
    """A model's name; the gateway's settings and policy have the last word."""
    rules: tuple[Rule, ...] = ()
    caps: Caps = NO_CAPS
    agents: tuple[str, ...] = ()
    """The ids of the agents that it may call, with no more rights than its own."""
    mode: Mode = "normal"
    """How its runs go about their work, unless the person who starts one says otherwise."""
    instructions: bool = True
    """Whether it is told what files such as AGENTS.md say to agents."""
    source: Source = "shipped"
    replaces: tuple[Source, ...] = ()
    """Where else an agent of this id is defined; this one takes their place."""

    def described(self) -> str:
        """Its name and where it comes from, for people who are about to rely on it."""
        place = _PLACES[self.source]
        taken = ", ".join(_PLACES[each] for each in self.replaces)
        return f"{self.name} ({place}{f', in place of the one {taken}' if taken else ''})"
