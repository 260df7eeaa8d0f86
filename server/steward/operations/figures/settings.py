"""What an operator may say about the estimate of the time that was saved."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from steward.core.described import Described

_DAY_S = 24 * 60 * 60


class MetricsSettings(Described):
    """The `[metrics]` section: what `steward metrics` takes for the time that work takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    character_s_low: float = Field(default=0.1, ge=0, le=60)
    """Seconds that typing an accepted character would have taken at the least: a fast typist."""
    character_s_high: float = Field(default=0.3, ge=0, le=60)
    """The same at the most: a slow one."""
    suggestion_s: float = Field(default=1.0, ge=0, le=60)
    """Seconds that reading a suggestion takes, accepted or not; they are taken off."""
    change_s_low: float = Field(default=60.0, ge=0, le=_DAY_S)
    """Seconds that an agent's change would have taken by hand at the least."""
    change_s_high: float = Field(default=600.0, ge=0, le=_DAY_S)
    """The same at the most."""
    answer_s_max: float = Field(default=120.0, ge=0, le=_DAY_S)
    """So much of the time until a question is answered counts as work at it; what is longer was a
    pause."""

    @model_validator(mode="after")
    def _has_ranges(self) -> Self:
        if self.character_s_low > self.character_s_high or self.change_s_low > self.change_s_high:
            raise ValueError("what is taken at the least must not be more than at the most")
        return self
