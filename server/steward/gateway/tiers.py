"""Which model is meant where somebody says only how strong it must be."""

from pydantic import ConfigDict

from steward.core.described import Described
from steward.gateway.request import Tier


class TierModels(Described):
    """Models by strength, `[gateway.tiers]`; where one is not set, the task's own is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cheap: str | None = None
    """For what any model can do."""
    balanced: str | None = None
    """For most things."""
    strong: str | None = None
    """For what is hard."""

    def of(self, tier: Tier) -> str | None:
        """The model of this strength; None where nobody chose one."""
        match tier:
            case "cheap":
                return self.cheap
            case "balanced":
                return self.balanced
            case "strong":
                return self.strong
