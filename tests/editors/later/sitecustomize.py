"""Time passes for a server under test when the file says so that `STORY_HOURS` names.

Python imports this by its name before the server, where this folder is on `PYTHONPATH`.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from steward.core.clock import SystemClock

_HOURS = Path(os.environ["STORY_HOURS"])
_now, _monotonic_s = SystemClock.now, SystemClock.monotonic_s


def _passed() -> timedelta:
    return timedelta(hours=float(_HOURS.read_text("ascii"))) if _HOURS.exists() else timedelta()


def _later(self: SystemClock) -> datetime:
    return _now(self) + _passed()


def _later_s(self: SystemClock) -> float:
    return _monotonic_s(self) + _passed().total_seconds()


SystemClock.now = _later
SystemClock.monotonic_s = _later_s
