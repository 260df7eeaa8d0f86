"""The days that a report is about."""

from datetime import UTC, date, timedelta
from typing import Annotated

from pydantic import BeforeValidator

from steward.core.errors import InvalidInputError
from steward.web.rooms import Rooms

Day = Annotated[date | None, BeforeValidator(lambda written: written or None)]
"""A day such as 2026-11-21 (UTC); a field of a form that was left empty is none."""
_DAYS_MAX = 3660


def days_of(rooms: Rooms, since: date | None, until: date | None) -> tuple[date, date]:
    """The first and the last day (UTC); from the first of this month to today without others.

    Raises:
        InvalidInputError: no day lies between the two, or too many do.
    """
    today = rooms.clock.now().astimezone(UTC).date()
    last = until or today
    first = since or min(today, last).replace(day=1)
    if first > last or (last - first).days > _DAYS_MAX or last >= date.max - timedelta(days=1):
        raise InvalidInputError(
            f"From {first} to {last} (UTC) is no day, or more than {_DAYS_MAX}. Name others."
        )
    return first, last
