"""Time, as a thing you are given."""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Two readings of time, and the name of the boot that the second one counts from."""

    def now(self) -> datetime:
        """The wall clock, in UTC. Use it for what is written down."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that only move forward, the same for every process of one boot."""
        ...

    def boot(self) -> str:
        """Which boot `monotonic_s` counts from; two readings compare only within one boot."""
        ...


class SystemClock:
    """The machine's own clock."""

    def __init__(self) -> None:
        self._boot: str | None = None

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds since the machine started, sleep included where the system can say."""
        if sys.platform == "linux":
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def boot(self) -> str:
        """The kernel's boot id; where there is none, one that never matches an older row."""
        if self._boot is None:
            try:
                self._boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
            except OSError:
                self._boot = f"unknown-{time.time_ns()}"
        return self._boot


class ManualClock:
    """A clock that moves only when told; for tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed_s = 0.0
        self._boot = "boot-1"

    def now(self) -> datetime:
        """The time last set."""
        return self._now

    def monotonic_s(self) -> float:
        """Seconds advanced so far."""
        return self._elapsed_s

    def boot(self) -> str:
        """The boot last set."""
        return self._boot

    def advance(self, by: timedelta) -> None:
        """Move both readings forward."""
        self._now += by
        self._elapsed_s += by.total_seconds()

    def set_wall(self, to: datetime) -> None:
        """Move the wall clock only, as a person or a time server would."""
        self._now = to

    def reboot(self, name: str) -> None:
        """Start counting from nought in a new boot."""
        self._boot = name
        self._elapsed_s = 0.0
