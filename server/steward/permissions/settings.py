"""What an operator may choose about questions."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class PermissionsSettings(BaseModel):
    """The `[permissions]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    answer_within: timedelta = Field(default=timedelta(hours=8), gt=timedelta(seconds=0))
    """How long a question stays open. Afterwards the answer is no, and the run says so."""
