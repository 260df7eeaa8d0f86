"""How often an extension may do something: so many within a minute, whichever minute that is."""

from collections import deque

from steward.core.clock import Clock
from steward.core.errors import LimitError

_MINUTE_S = 60.0


class Rate:
    """Counts for each extension by itself."""

    def __init__(self, clock: Clock, a_minute: int, what: str) -> None:
        self._clock = clock
        self._a_minute = a_minute
        self._what = what
        self._taken: dict[str, deque[float]] = {}

    def take(self, extension: str) -> None:
        """Count one more.

        Raises:
            LimitError: there were enough within the last minute.
        """
        now_s = self._clock.monotonic_s()
        taken = self._taken.setdefault(extension, deque(maxlen=self._a_minute))
        if len(taken) == self._a_minute and now_s - taken[0] < _MINUTE_S:
            raise LimitError(
                f"An extension may have {self._a_minute} {self._what} a minute; try again later."
            )
        taken.append(now_s)

    def forget(self, extension: str) -> None:
        """It is gone."""
        self._taken.pop(extension, None)
