"""What a person asks for when they start a run. Light, so that front doors may import it."""

from dataclasses import dataclass

from steward.agents.agent import NO_CAPS, Caps
from steward.context.block import Block
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
    mentions: tuple[str, ...] = ()
    """What the person pointed at: `path`, `path:first-last`, `#symbol`."""
    caps: Caps = NO_CAPS
    """How much it may take, beside what the agent and the settings allow."""
    model: str = ""
    """`provider/model`, in place of the one that the agent prefers; empty leaves it at that."""
    blocks: tuple[Block, ...] = ()
    """What the person hands along, and what was said before: data."""
