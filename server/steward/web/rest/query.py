"""What stands behind the `?` of an address."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

from steward.web.rest.answer import Wanted
from steward.web.rest.cursor import CURSOR_CHARS_MAX

LIMIT = 50
"""How much of a list is given where nobody says."""
Limit = Annotated[int, Query(ge=1, le=200)]
"""How much of a list is given at the most."""
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A name or an id to look for; what no database takes is refused."""
After = Annotated[str | None, Field(max_length=CURSOR_CHARS_MAX)]
"""What a list gave as `next`."""
OPEN = BeforeValidator(lambda written: written or None)
"""A form that leaves a choice open sends an empty text."""
_FIRST, _LAST = date(1900, 1, 1), date(9000, 12, 31)
"""Days that both databases keep, with room for as many before and for the day after."""
Day = Annotated[Annotated[date, Field(ge=_FIRST, le=_LAST)] | None, OPEN]
"""A day such as 2026-11-21 (UTC); null, or left empty, for none."""


class Sought(Wanted):
    """A query. What is left empty, as forms leave it, is as if it was not there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_nothing(cls, value: object) -> object:
        return None if value == "" else value


class Part(Sought):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=200)] | None = None
    """The most that are given; null for as many as is usual."""
    after: After = None


class Days(Sought):
    """Some days of UTC."""

    since: Day = None
    until: Day = None
    """The last day, included."""
