"""What stands behind the `?` of an address."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, field_validator

from steward.web.rest.answer import Wanted
from steward.web.rest.cursor import CURSOR_CHARS_MAX


class Sought(Wanted):
    """A query. What is left empty, as forms leave it, is as if it was not there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_nothing(cls, value: object) -> object:
        return None if value == "" else value


class Days(Sought):
    """Some days of UTC."""

    since: date | None = None
    until: date | None = None
    """The last day, included."""


After = Annotated[str | None, Field(max_length=CURSOR_CHARS_MAX)]
"""What a list gave as `next`."""
