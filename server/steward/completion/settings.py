"""What an operator may choose about ghost text."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class CompletionSettings(BaseModel):
    """The `[completion]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    enabled: bool = True
    """Whether ghost text is offered at all."""
    wait: timedelta = Field(
        default=timedelta(milliseconds=75), ge=timedelta(0), le=timedelta(seconds=5)
    )
    """How long typing must pause before an automatic suggestion asks the model. Whose keys follow
    each other a little more slowly is waited for longer, up to four times this."""
    output_tokens_max: int = Field(default=160, ge=8, le=2000)
    """Tokens of one suggestion."""
