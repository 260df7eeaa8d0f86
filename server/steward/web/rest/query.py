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


After = Annotated[str | None, Field(max_length=CURSOR_CHARS_MAX)]
"""What a list gave as `next`."""
LIMIT = 50
"""How much of a list is given where nobody says."""


class Part(Sought):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=200)] | None = None
    """The most that are given; null for as many as is usual."""
    after: After = None


class Days(Sought):
    """Some days of UTC."""

    since: date | None = None
    until: date | None = None
    """The last day, included."""
