"""What an operator may choose about agents."""

from decimal import Decimal

from pydantic import ConfigDict, Field

from steward.agents.agent import Caps
from steward.core.described import Described
from steward.core.money import NANO_PER_USD


class AgentsSettings(Described):
    """The `[agents]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turns_max: int = Field(default=30, ge=1, le=500)
    """How often a run may ask its model what to do next."""
    cost_limit_usd: Decimal = Field(default=Decimal("1.00"), ge=0)
    """US dollars after which a run stops with what it has."""
    tokens_max: int = Field(default=2_000_000, ge=1_000)
    """Tokens, in and out, after which a run stops with what it has."""
    work_minutes_max: int = Field(default=60, ge=1, le=10_000)
    """Minutes at work after which a run stops; waiting for a person does not count."""
    tool_output_chars_max: int = Field(default=2_000_000, ge=1_000)
    """Characters that a run's tools may give back together before it stops."""
    output_tokens_max: int = Field(default=4000, ge=64, le=64_000)
    """Tokens of one answer of the model."""
    keep_days: int = Field(default=90, ge=1, le=3650)
    """How many days after its end a run's steps and what it sent to models are kept."""
    keep_conversations_days: int = Field(default=90, ge=1, le=3650)
    """How many days after its last message a conversation is kept."""
    test_command: tuple[str, ...] = ()
    """The command that runs a workspace's tests, as a list; empty: found out from its files."""

    def caps(self) -> Caps:
        """How much a run may take here."""
        return Caps(
            tokens=self.tokens_max,
            cost_nano_usd=int(self.cost_limit_usd * NANO_PER_USD),
            steps=self.turns_max,
            wall_s=self.work_minutes_max * 60.0,
            output_chars=self.tool_output_chars_max,
        )
