"""What may look at the pieces of a model's context on their way, and what it may wish of them.

A stage sees the pieces that would be shown and says what should become of them. It never touches
them itself: what it wishes is looked at in `steward.context.staging` before any of it counts. It
sees no instructions, no system prompt and no secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from steward.context.block import Block
from steward.gateway.request import Hint

Position = Literal["gathered", "chosen", "final"]
"""When a stage looks: after the pieces were found, after the room was divided among them, and at
last, when what others hand along is there too."""


Task = Literal["agent", "chat"]
"""What the model is asked for."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What a stage is shown."""

    task: Task
    goal: str
    """What the person said, without secrets."""
    pieces: tuple[Block, ...]
    tokens: tuple[int, ...]
    """What each of the pieces takes."""


@dataclass(frozen=True, slots=True)
class Added:
    """A piece that a stage brings along."""

    title: str
    text: str
    path: str = ""
    """The file that it is about; empty where it is about none."""


@dataclass(frozen=True, slots=True)
class StageWish:
    """What a stage would have become of the pieces, which it calls by their places."""

    keep: tuple[int, ...] | None = None
    """Those that stay, in their new order; None: as they were."""
    shorter: Mapping[int, str] = field(default_factory=dict[int, str])
    add: tuple[Added, ...] = ()
    hint: Hint | None = None


class Stage(Protocol):
    """Looks at the pieces of a model's context."""

    @property
    def name(self) -> str:
        """Whose it is, in words that go into a heading: `the extension acme.tests`."""
        ...

    @property
    def position(self) -> Position:
        """When it looks."""
        ...

    @property
    def order(self) -> int:
        """Lower looks first."""
        ...

    async def look(self, staged: Staged) -> StageWish:
        """What it wishes. Raises `StewardError` where it cannot say."""
        ...
