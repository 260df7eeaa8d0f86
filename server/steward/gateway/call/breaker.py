"""Leaves a provider alone that keeps failing, and looks now and then whether it is back.

The circuit breaker after M. Nygard, "Release It!" (closed, open, half open). Refusals that are
the request's own fault, and rate limits, do not count: only a provider that fails us does.
"""

from collections import deque
from collections.abc import Iterable
from typing import Literal

from steward.core.limits import PROVIDER_WALL_S
from steward.gateway.settings import BreakerSettings

Admission = Literal["call", "probe"]
"""How a call was let through: as any other, or to see whether the provider is back."""


class Breaker:
    """One provider's. Times are monotonic seconds, handed in.

    Whoever was admitted says afterwards how it went, with exactly one of the notes.
    """

    def __init__(self, settings: BreakerSettings) -> None:
        self._rest_s = settings.rest.total_seconds()
        self._window_s = settings.window.total_seconds()
        self._failures = deque[float](maxlen=settings.failures)
        self._opened_s: float | None = None
        self._probing_s: float | None = None

    def is_open(self, now_s: float) -> bool:
        """Whether a call would not be admitted now."""
        if self._opened_s is None:
            return False
        if now_s < self._opened_s + self._rest_s:
            return True
        # A probe that was never heard of again does not keep the provider away for ever.
        return self._probing_s is not None and now_s < self._probing_s + 2 * PROVIDER_WALL_S

    def admit(self, now_s: float) -> Admission | None:
        """Let a call through, or not: after the rest, one at a time."""
        if self.is_open(now_s):
            return None
        if self._opened_s is None:
            return "call"
        self._probing_s = now_s
        return "probe"

    def note_success(self) -> None:
        """The provider answered."""
        self._failures.clear()
        self._opened_s = self._probing_s = None

    def note_failure(self, now_s: float, admission: Admission) -> None:
        """The provider failed."""
        self._failures.append(now_s)
        is_full = len(self._failures) == self._failures.maxlen
        if admission == "probe" or (is_full and self._failures[0] >= now_s - self._window_s):
            self._opened_s = now_s
        self.note_nothing(admission)

    def note_nothing(self, admission: Admission) -> None:
        """The call was not made, or ended without a word about the provider."""
        if admission == "probe":
            self._probing_s = None


class Breakers:
    """One breaker a provider."""

    def __init__(self, settings: BreakerSettings, providers: Iterable[str]) -> None:
        self.rest_s = settings.rest.total_seconds()
        """How long a provider is left alone."""
        self._by_provider = {name: Breaker(settings) for name in providers}

    def of(self, provider: str) -> Breaker:
        """The provider's own."""
        return self._by_provider[provider]
