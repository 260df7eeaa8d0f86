"""How many calls a minute a person may make of a model: a token bucket for each pair.

A bucket holds a minute's calls and fills evenly, so a burst is possible and a steady stream is
held to the rate. Money is limited by the ledger; this keeps one person, or a program that runs
wild, from taking a provider's own limits away from everybody else.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from steward.core.clock import Clock
from steward.core.errors import RateLimitedError
from steward.core.limits import RATE_BUCKETS_MAX
from steward.core.principal import Principal

_MINUTE_S = 60.0


@dataclass(slots=True)
class Bucket:
    """What is left of one minute's calls. Times are monotonic seconds."""

    left: float
    at_s: float

    def wait_s(self, calls_a_minute: int, now_s: float) -> float:
        """Take one call; or take nothing, and say how long until there is one."""
        passed_s = max(0.0, now_s - self.at_s)
        self.left = min(calls_a_minute, self.left + passed_s * calls_a_minute / _MINUTE_S)
        self.at_s = now_s
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) * _MINUTE_S / calls_a_minute


class Rates:
    """The buckets of everybody who calls."""

    def __init__(self, clock: Clock, default: int | None, by_model: Mapping[str, int]) -> None:
        self._clock = clock
        self._default = default
        self._by_model = by_model
        self._buckets: OrderedDict[tuple[str, str, str], Bucket] = OrderedDict()

    def take(self, principal: Principal, model: str) -> None:
        """Count a call.

        Raises:
            RateLimitedError: it is one too many; `retry_after_s` says when there is room again.
        """
        most = self._by_model.get(model, self._default)
        if most is None:
            return
        now_s = self._clock.monotonic_s()
        key = (principal.tenant_id, principal.user, model)
        bucket = self._buckets.setdefault(key, Bucket(most, now_s))
        self._buckets.move_to_end(key)
        if len(self._buckets) > RATE_BUCKETS_MAX:
            # Who has not called for the longest time has the fullest bucket to lose.
            self._buckets.popitem(last=False)
        if wait_s := bucket.wait_s(most, now_s):
            raise RateLimitedError(
                f"{principal.user!r} may call the model {model!r} {most} times a minute, and has;"
                f" nothing was sent. Try again in {math.ceil(wait_s)} seconds, or have"
                " `calls_a_minute` in the [gateway] section raised.",
                wait_s,
            )
