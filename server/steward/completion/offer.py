"""A suggestion as it goes to the editor, with what is known of how it came about."""

from dataclasses import dataclass
from typing import Literal

from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor

Origin = Literal["model", "known", "flight", "speculative"]
"""Where it came from: a model that was asked for it; what was remembered; a request that was on
its way for a text before this one; a request made before anybody wanted it."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Where the time went from the editor's request to the answer, in milliseconds."""

    wait_ms: float = 0.0
    """For a pause in the typing."""
    context_ms: float = 0.0
    """For what else the model should see, beyond the wait."""
    network_ms: float = 0.0
    """From the request to the model until enough of its answer had come."""
    rest_ms: float = 0.0
    """All else."""

    @property
    def total_ms(self) -> float:
        """The whole time."""
        return self.wait_ms + self.context_ms + self.network_ms + self.rest_ms


NO_TIME = Latency()


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion for a cursor. It holds text of the document: keep it in memory only."""

    id: str
    """Fresh for each suggestion, and the same while somebody types along it: then `cursor` is
    where they have come to and `suggestion` what is left."""
    cursor: Cursor
    suggestion: Suggestion
    origin: Origin
    model: str = ""
    """`provider/model` that wrote it."""
    is_automatic: bool = True
    """Whether typing brought it about, and not a person's wish."""
    node_kind: str = "other"
    """What the cursor stands in, as `syntax` names it."""
    latency: Latency = NO_TIME
    """Of the first time it was offered."""

    @property
    def language(self) -> str:
        """The name of the document's language."""
        return self.cursor.language.name
