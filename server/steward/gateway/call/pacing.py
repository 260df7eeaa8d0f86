"""When a call is tried again: after which pause, how often, and for how long."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from steward.core.clock import Clock
from steward.core.errors import RateLimitedError, UnavailableError
from steward.gateway.settings import RetrySettings

_GHOST_TEXT_S = 3.0
"""The latest that another model is asked for ghost text."""
PAUSE_S_MAX = 8.0
"""The longest pause that nobody asked us for."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """Time and chance, handed in."""

    clock: Clock
    pause: Callable[[float], Awaitable[None]]
    """Lets so many seconds pass."""
    dice: Callable[[], float]
    """A random number from 0 up to 1."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How much one call is worth waiting for."""

    most: int
    """Attempts in all."""
    tries: int
    """Attempts with one model."""
    pause_s: float
    within_s: float


def patience(task: str, settings: RetrySettings) -> Patience:
    """How long and how often a task is tried.

    Ghost text and next edits are not tried twice, and not late: when the answer came, the person
    would have typed on.
    """
    tries, within_s = settings.tries, settings.within.total_seconds()
    if task in ("completion", "next_edit"):
        tries, within_s = 1, min(_GHOST_TEXT_S, within_s)
    return Patience(settings.attempts, tries, settings.pause.total_seconds(), within_s)


def pause_s(
    tries: int, failure: UnavailableError, first_s: float, dice: Callable[[], float]
) -> float:
    """The pause after so many tries of a model, at least 1.

    It doubles with each, and is drawn from its upper half, so that those who failed together do
    not come back together. What the provider asks for is waited for in any case.
    """
    longest_s = min(PAUSE_S_MAX, first_s * 2 ** (tries - 1))
    own_s = longest_s * (0.5 + dice() / 2)
    asked_s = failure.retry_after_s if isinstance(failure, RateLimitedError) else None
    return own_s if asked_s is None else asked_s + own_s
