"""The days that a report is about."""

from datetime import UTC, date

from steward.core.errors import InvalidInputError
from steward.web.rooms import Rooms

_DAYS_MAX = 3_660


def days_of(rooms: Rooms, since: date | None, until: date | None) -> tuple[date, date]:
    """The first and the last day (UTC); from the first of this month to today without others.

    Raises:
        InvalidInputError: no day lies between the two, or too many do.
    """
    today = rooms.clock.now().astimezone(UTC).date()
    last = until or today
    first = since or min(today, last).replace(day=1)
    if first > last:
        raise InvalidInputError(f"No day is from {first} to {last} (UTC). Name others.")
    if (last - first).days >= _DAYS_MAX:
        raise InvalidInputError(
            f"A report is about {_DAYS_MAX:,} days at the most. Name a later `since`."
        )
    return first, last
