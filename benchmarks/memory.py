"""Resident memory of a process, and when it has come to rest (Linux)."""

import os
import time
from pathlib import Path

QUIET_S = 1.0
WAIT_S = 30.0


def resident_mb(pid: int) -> float:
    """What the process holds in memory now, in megabytes of 2^20 bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def settle(pid: int) -> None:
    """Wait until the process has used no processor time for a while."""
    used, since = -1, time.monotonic()
    end = since + WAIT_S
    while time.monotonic() < end:
        now = _ticks(pid)
        if now > used + 1:
            used, since = now, time.monotonic()
        if time.monotonic() - since > QUIET_S:
            return
        time.sleep(0.05)


def used_s(pid: int) -> float:
    """The processor time that the process has used, in seconds."""
    return _ticks(pid) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
