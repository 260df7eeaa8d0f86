"""A pause after a provider failed, which grows while it fails on."""

from steward.completion.reason import Because, Reason
from steward.core.clock import Clock
from steward.core.errors import (
    NotPermittedError,
    OverBudgetError,
    ProviderRefusedError,
    RateLimitedError,
    StewardError,
    UnavailableError,
    UnpricedError,
)

_FIRST_S = 1.0
_LONGEST_S = 30.0

_BECAUSE: tuple[tuple[type[StewardError], Because], ...] = (
    (OverBudgetError, "over_budget"),
    (UnpricedError, "no_model"),
    (NotPermittedError, "not_allowed"),
    (RateLimitedError, "rate_limited"),
    (ProviderRefusedError, "refused"),
    (UnavailableError, "provider_down"),
)
"""The narrower first."""


def reason_of(error: StewardError) -> Reason:
    """What a failed call means to whoever types."""
    for kind, because in _BECAUSE:
        if isinstance(error, kind):
            return Reason(because, str(error))
    return Reason("failed", str(error))


class Rest:
    """Keeps typing from asking a provider that just failed, again at each key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._until_s = 0.0
        self._why = Reason("provider_down")

    @property
    def why(self) -> Reason | None:
        """Why nobody should ask now; `None` if they may."""
        if not self._failures or self._clock.monotonic_s() >= self._until_s:
            return None
        return self._why

    def note_failure(self, error: StewardError) -> None:
        """A call failed. Only what the provider did counts: the rest passes by itself."""
        if not isinstance(error, UnavailableError):
            return
        pause_s = min(_LONGEST_S, _FIRST_S * 2 ** min(self._failures, 10))
        if isinstance(error, RateLimitedError) and error.retry_after_s is not None:
            pause_s = min(_LONGEST_S, max(pause_s, error.retry_after_s))
        self._failures += 1
        self._until_s = self._clock.monotonic_s() + pause_s
        self._why = reason_of(error)

    def note_success(self) -> None:
        """The provider answered."""
        self._failures = 0
