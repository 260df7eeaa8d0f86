"""What a program takes, with everything that it starts: time, processor and memory."""

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_S = 0.025
_SAID_CHARS_MAX = 2_000
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Used:
    """One program, from its start to its end."""

    wall_s: float
    cpu_s: float
    """User and system, of the process and all that it started."""
    peak_mb: float
    """Of all its processes at one time; what they share counts once."""
    exit_code: int | None
    """None where it had to be ended."""
    said: str
    """The end of its output."""


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    limit_s: float,
    enough: threading.Event,
) -> Used:
    """Run a program to its end, or end it after `limit_s` or when there was `enough`."""
    known = _children(os.getpid())
    with _adopted_orphans(), tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        peak_mb, has_ended = _watch(process.pid, began + limit_s, enough)
        if not has_ended:
            _kill(_tree(process.pid))
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu_s = _cpu_s(used) + _end_what_is_left(known)
        output.seek(max(0, output.seek(0, os.SEEK_END) - _SAID_CHARS_MAX))
        said = output.read().decode(errors="replace")
    code = process.returncode if has_ended else None
    return Used(wall_s, cpu_s, max(peak_mb, used.ru_maxrss / 1024), code, said)


def _watch(pid: int, until_s: float, enough: threading.Event) -> tuple[float, bool]:
    """The most memory at one time in MB, and whether the process ended by itself."""
    peak_mb = 0.0
    ended = os.pidfd_open(pid)
    try:
        while not select.select([ended], [], [], _SAMPLE_S)[0]:
            peak_mb = max(peak_mb, _resident_mb(_tree(pid)))
            if enough.is_set() or time.perf_counter() > until_s:
                return peak_mb, False
    finally:
        os.close(ended)
    return peak_mb, True


def _resident_mb(pids: set[int]) -> float:
    own = shared = 0
    for pid in pids:
        with contextlib.suppress(OSError, IndexError):
            _, resident, of_files = Path(f"/proc/{pid}/statm").read_text().split()[:3]
            own += int(resident) - int(of_files)
            shared = max(shared, int(of_files))
    return (own + shared) * _PAGE_MB


def _tree(pid: int) -> set[int]:
    found, waiting = set[int](), [pid]
    while waiting:
        found.add(next_pid := waiting.pop())
        waiting += _children(next_pid) - found
    return found


def _children(pid: int) -> set[int]:
    found = set[int]()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found |= {int(each) for each in (task / "children").read_text().split()}
    return found


@contextlib.contextmanager
def _adopted_orphans() -> Generator[None]:
    """Have what outlives its parents become a child of ours, so that it is counted and ended."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _end_what_is_left(known: set[int]) -> float:
    """End what the program left behind; gives its CPU seconds."""
    taken = 0.0
    while left := _children(os.getpid()) - known:
        _kill(set[int]().union(*map(_tree, left)))
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                taken += _cpu_s(os.wait4(pid, 0)[2])
    return taken


def _kill(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _cpu_s(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime
