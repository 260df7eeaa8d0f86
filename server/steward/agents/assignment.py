"""What a person asks for when they start a run. Light, so that front doors may import it."""

from dataclasses import dataclass

from steward.permissions.decide import Mode


@dataclass(frozen=True, slots=True)
class Assigned:
    """An agent, a goal, and where it was asked."""

    agent_id: str
    goal: str
    place: str = ""
    """`path:line`, relative to the workspace."""
    observations: str = ""
    """What the editor reports there: data, not instructions."""
    mode: Mode = "normal"
