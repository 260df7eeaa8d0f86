"""What was done for a call, as it is told to people: which models were tried, why, at what cost."""

from dataclasses import dataclass, field

from steward.core.money import NOTHING, NanoUsd
from steward.ledger.charge import NO_USAGE, Usage


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, when it is over."""

    number: int
    model: str
    """`provider/model`."""
    reason: str
    """Why it was made; empty for the first one."""
    error: str
    """The code of the error that it ended with; empty if the model answered."""
    cost_nano_usd: NanoUsd
    usage: Usage = NO_USAGE
    """What was booked for it."""
    is_estimated: bool = False
    """Whether that was counted by us, because the provider did not say."""
    address: str = ""
    """Whom it was sent to, `host:port`; empty where that is not known."""
    started_s: float = 0.0
    """When it was ready to be sent, by the monotonic clock."""
    took_s: float = 0.0


@dataclass(slots=True)
class Trail:
    """What has been done so far; it grows while the call runs."""

    why: str = ""
    """Why the first model was chosen."""
    model: str = ""
    """`provider/model` that is asked now, or was last."""
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    lowered_to: int | None = None
    saved_nano_usd: NanoUsd = NOTHING
    """What a known answer would have cost; nought where the model was asked."""
    tells_why: bool = False
    """Whether a person is told why: it was not they who chose the model."""
    is_cached: bool = False
    is_by_contract: bool = False
    """Whether the model that is asked now was told of its tools in words."""

    @property
    def cost_nano_usd(self) -> NanoUsd:
        """What all attempts cost that are over."""
        return NanoUsd(sum(attempt.cost_nano_usd for attempt in self.attempts))

    def notes(self) -> tuple[str, ...]:
        """What a person should know of how the answer came about, in words; mostly nothing."""
        notes = [
            f"{attempt.model} was asked because {attempt.reason}"
            for attempt in self.attempts
            if attempt.reason
        ]
        if self.tells_why:
            notes.insert(0, f"{self.model} was chosen: {self.why}")
        if self.lowered_to is not None:
            notes.append(
                f"the answer was limited to {self.lowered_to} tokens, all that the budget covered"
            )
        return tuple(notes)
