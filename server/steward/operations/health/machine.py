"""This machine and this process: room on the disk, memory, processors, and open sockets."""

import asyncio
import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

from steward.operations.health.verdict import Fact, Found, Look, State, joined

_LOW_DISK_BYTES, _NO_DISK_BYTES = 1 << 30, 100 << 20
_LOW_MEMORY, _NO_MEMORY = 0.05, 0.01
_BUSY_A_PROCESSOR = 4.0
_MANY_OPEN, _TOO_MANY_OPEN = 0.8, 0.95
_PROC = Path("/proc/self")


def of_machine(look: Callable[[], Found]) -> Look:
    """A look that asks the kernel, and so happens on a thread."""

    async def looked() -> Found:
        return await asyncio.to_thread(look)

    return looked


def disk(folder: Path) -> Found:
    """The room where the data folder is."""
    found = os.statvfs(folder)
    free, size = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    facts: dict[str, Fact] = {"free_bytes": free, "size_bytes": size}
    if found.f_files:
        facts["free_files"] = found.f_favail
    return joined(facts, free_doubt(free, str(folder)))


def free_doubt(free_bytes: int, folder: str) -> tuple[State, str] | None:
    """What to say of so much room on a disk."""
    if free_bytes >= _LOW_DISK_BYTES:
        return None
    state: State = "unhealthy" if free_bytes < _NO_DISK_BYTES else "degraded"
    return state, f"Only {free_bytes >> 20} MB are free for {folder!r}. Make room on that disk."


def memory() -> Found:
    """What this process holds, and what the machine has left."""
    known = _meminfo()
    facts: dict[str, Fact] = {"resident_bytes": _resident_bytes()}
    total, available = known.get("MemTotal"), known.get("MemAvailable")
    if total is None or available is None:
        return Found(facts=facts)
    facts |= {"available_bytes": available, "size_bytes": total}
    share = available / total
    if share >= _LOW_MEMORY:
        return Found(facts=facts)
    state: State = "unhealthy" if share < _NO_MEMORY else "degraded"
    told = (
        f"The machine has {available >> 20} MB of memory left. End what needs less than it holds."
    )
    return Found(state, told, facts)


def processor() -> Found:
    """How busy the machine is, and what this process took of it."""
    cores, (load, _, _) = os.cpu_count() or 1, os.getloadavg()
    used = resource.getrusage(resource.RUSAGE_SELF)
    facts: dict[str, Fact] = {
        "load_1m": round(load, 2),
        "cores": cores,
        "used_s": round(used.ru_utime + used.ru_stime, 1),
    }
    if load <= cores * _BUSY_A_PROCESSOR:
        return Found(facts=facts)
    told = f"{load:.0f} programs wait for {cores} processors; answers are late."
    return Found("degraded", told, facts)


def sockets() -> Found:
    """How many connections this process has open, of what the system lets it have."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = [name for name in os.listdir(_PROC / "fd") if name.isdecimal()]
    facts: dict[str, Fact] = {
        "sockets": sum(map(_is_socket, opened)),
        "open_files": len(opened),
        "open_files_max": most,
    }
    share = len(opened) / most
    if share < _MANY_OPEN:
        return Found(facts=facts)
    state: State = "unhealthy" if share >= _TOO_MANY_OPEN else "degraded"
    told = (
        f"{len(opened)} of at most {most} files and connections are open; soon nobody gets in."
        " Raise the limit (`ulimit -n`), or look who opens so many."
    )
    return Found(state, told, facts)


def _is_socket(descriptor: str) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(int(descriptor)).st_mode)
    except OSError:  # It was closed meanwhile.
        return False


def _resident_bytes() -> int:
    try:
        pages = int((_PROC / "statm").read_text("ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def _meminfo() -> dict[str, int]:
    """Name → bytes; empty where the kernel does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return {}
    parts = [line.split() for line in lines]
    return {each[0].rstrip(":"): int(each[1]) * 1024 for each in parts if len(each) == 3}
