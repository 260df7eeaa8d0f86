"""What an operator may choose about agents."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class AgentsSettings(BaseModel):
    """The `[agents]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    turns_max: int = Field(default=30, ge=1, le=500)
    """How often a run may ask its model what to do next."""
    cost_limit_usd: Decimal = Field(default=Decimal("1.00"), ge=0)
    """US dollars after which a run stops with what it has."""
    output_tokens_max: int = Field(default=4000, ge=64, le=64_000)
    """Tokens of one answer of the model."""
    test_command: tuple[str, ...] = ()
    """The command that runs a workspace's tests, as a list; empty: found out from its files."""
