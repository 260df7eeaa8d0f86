"""A control group for one command: the kernel counts what all its processes have together.

In the second version of control groups one folder does it, in the first there is a hierarchy for
each resource. Either way it is made below a group that we are in and may write to, or beside one;
where neither is ours there is no group. All of this blocks: call it on a thread.
"""

import itertools
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import SandboxUnavailableError
from steward.sandbox.level import Bounds

_NEEDED = ("memory", "pids")
_PREFIX = "steward-jail-"
_OVERHEAD = 8
"""Processes of the jail itself, which the group counts too."""
_LOOKS, _PAUSE_S = 500, 0.01
_ENTER = 'for group in $1; do echo 0 > "$group/cgroup.procs" || exit 125; done; shift; exec "$@"'
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Group:
    """One command's group, on one or two hierarchies."""

    folders: Mapping[str, Path]
    """Resource → the folder that counts it."""

    def entered(self, argv: list[str]) -> list[str]:
        """The command line that joins the group and then becomes this one."""
        folders = " ".join(dict.fromkeys(str(folder) for folder in self.folders.values()))
        return ["/bin/sh", "-c", _ENTER, "jail", folders, *argv]

    def has_run_out(self) -> bool:
        """Whether the kernel has ended a process for want of memory."""
        folder = self.folders["memory"]
        for name in ("memory.events", "memory.oom_control"):
            with suppress(OSError):
                words = (folder / name).read_text("ascii").split()
                if "oom_kill" in words:
                    return int(words[words.index("oom_kill") + 1]) > 0
        return False

    def end(self) -> None:
        """End every process in it, and take it away once they are gone."""
        folder = self.folders["pids"]
        for _ in range(_LOOKS):
            with suppress(OSError):
                (folder / "pids.max").write_text("0", "ascii")
            if not _killed(folder):
                break
            time.sleep(_PAUSE_S)
        for each in dict.fromkeys(self.folders.values()):
            _removed(each)


@dataclass(frozen=True, slots=True)
class Places:
    """Where groups can be made."""

    folders: Mapping[str, Path]

    def make(self, bounds: Bounds) -> Group:
        """A new group with these bounds, and nothing in it.

        Raises:
            SandboxUnavailableError: it could not be made.
        """
        name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        group = Group({resource: folder / name for resource, folder in self.folders.items()})
        try:
            for folder in dict.fromkeys(group.folders.values()):
                folder.mkdir()
            _bound(group, bounds)
        except OSError as error:
            group.end()
            raise SandboxUnavailableError(
                f"The control group of a command could not be made: {error}."
            ) from error
        return group


def find_places() -> Places:
    """Where this process may make groups; what dead processes have left there is taken away.

    Raises:
        SandboxUnavailableError: nowhere; says why.
    """
    own = Path("/proc/self/cgroup").read_text("utf-8")
    mounts = Path("/proc/self/mountinfo").read_text("utf-8")
    for places in candidates(own, mounts):
        if all(os.access(folder, os.W_OK | os.X_OK) for folder in places.folders.values()):
            _sweep(places)
            return places
    raise SandboxUnavailableError(
        "no control group with memory and processes may be written to; start Steward with"
        " `systemd-run --user --scope`, or have them delegated"
    )


def candidates(own: str, mounts: str) -> Iterator[Places]:
    """Where groups might be made, the likeliest first.

    Args:
        own: what `/proc/self/cgroup` says.
        mounts: what `/proc/self/mountinfo` says.
    """
    mounted = _mounted(mounts)
    first: dict[str, Path] = {}
    for line in own.splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            yield from _second(mounted.get(""), path)
        for name in set(controllers.split(",")) & set(_NEEDED) & set(mounted):
            first[name] = _within(mounted[name], path)
    if len(first) == len(_NEEDED):
        yield Places(first)


def _mounted(mounts: str) -> dict[str, tuple[str, str]]:
    """Controller (none for the second version) → the path within it and where it is mounted."""
    found: dict[str, tuple[str, str]] = {}
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if kind[0] == "cgroup2":
            found.setdefault("", (fields[3], fields[4]))
        elif kind[0] == "cgroup":
            for name in kind[2].split(","):
                found.setdefault(name, (fields[3], fields[4]))
    return found


def _within(mounted: tuple[str, str], path: str) -> Path:
    root, place = mounted
    below = path.removeprefix(root) if root != "/" and path.startswith(root) else path
    return Path(place, below.lstrip("/"))


def _second(mounted: tuple[str, str] | None, path: str) -> Iterator[Places]:
    """Groups that hand both resources down: our own, and those above it."""
    if mounted is None:
        return
    folder, top = _within(mounted, path), Path(mounted[1])
    while folder.is_relative_to(top):
        with suppress(OSError):
            handed = (folder / "cgroup.subtree_control").read_text("ascii").split()
            if set(_NEEDED) <= set(handed):
                yield Places(dict.fromkeys(_NEEDED, folder))
        folder = folder.parent


def _bound(group: Group, bounds: Bounds) -> None:
    memory, count = str(bounds.resident_bytes), str(bounds.processes + _OVERHEAD)
    (group.folders["pids"] / "pids.max").write_text(count, "ascii")
    folder = group.folders["memory"]
    if (folder / "memory.max").exists():
        (folder / "memory.max").write_text(memory, "ascii")
        wishes = {"memory.swap.max": "0", "memory.oom.group": "1"}
    else:
        (folder / "memory.limit_in_bytes").write_text(memory, "ascii")
        wishes = {"memory.memsw.limit_in_bytes": memory}
    for name, value in wishes.items():
        # A kernel without swap accounting has no such file.
        with suppress(OSError):
            (folder / name).write_text(value, "ascii")


def _killed(folder: Path) -> bool:
    """Whether there was anybody to end."""
    try:
        members = (folder / "cgroup.procs").read_text("ascii").split()
    except OSError:
        return False
    if members:
        with suppress(OSError):
            (folder / "cgroup.kill").write_text("1", "ascii")
    for member in members:
        with suppress(OSError):
            _kill(folder, member)
    return bool(members)


def _kill(folder: Path, member: str) -> None:
    handle = os.pidfd_open(int(member))
    try:
        # Its number may be another process's by now; what the handle holds is asked about again.
        if member in (folder / "cgroup.procs").read_text("ascii").split():
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    finally:
        os.close(handle)


def _removed(folder: Path) -> None:
    for _ in range(_LOOKS):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(_PAUSE_S)
        else:
            return


def _sweep(places: Places) -> None:
    """Take away the groups of processes that are dead; their jails ended with them."""
    for folder in dict.fromkeys(places.folders.values()):
        for left in folder.glob(f"{_PREFIX}*"):
            owner = left.name.removeprefix(_PREFIX).partition("-")[0]
            if owner.isdigit() and not Path("/proc", owner).exists():
                with suppress(OSError):
                    left.rmdir()
