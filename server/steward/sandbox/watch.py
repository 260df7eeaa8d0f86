"""Looks at what a command uses while it runs, where the kernel does not hold it within bounds."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from steward.core.limits import JAIL_ENTRIES_MAX
from steward.sandbox.cgroup import Group
from steward.sandbox.launcher import Ending
from steward.sandbox.level import Bounds
from steward.sandbox.memory import resident_bytes, resident_bytes_of_session

_UNSEEN = 4
"""So many times its bound may vanish from the disk before it no longer matters where it is: what a
command deletes and holds open cannot be seen in its folder."""
_LOOKS_A_WALK = 80


class Watch(Protocol):
    """One thing that is looked at."""

    @property
    def interval_s(self) -> float:
        """How long the pause between two looks is."""
        ...

    def look(self, process_id: int) -> Ending | None:
        """What there is too much of. Blocks: it is called on a thread.

        Args:
            process_id: the process that we started, and whose session it is.
        """
        ...


@dataclass(frozen=True, slots=True)
class TreeMemory:
    """The memory of a process and all that it started."""

    most: int
    interval_s: float = 0.1

    def look(self, process_id: int) -> Ending | None:
        """`memory` if there is too much of it."""
        return "memory" if resident_bytes(process_id) > self.most else None


@dataclass(frozen=True, slots=True)
class SessionMemory:
    """The memory of a session, whose processes may have lost their parents."""

    most: int
    interval_s: float = 0.1

    def look(self, process_id: int) -> Ending | None:
        """`memory` if there is too much of it."""
        return "memory" if resident_bytes_of_session(process_id) > self.most else None


@dataclass(frozen=True, slots=True)
class GroupMemory:
    """Whether the kernel had to end a process of the group."""

    group: Group
    interval_s: float = 0.1

    def look(self, process_id: int) -> Ending | None:
        """`memory` if it had to."""
        return "memory" if self.group.has_run_out() else None


@dataclass(slots=True)
class Disk:
    """What a command writes below a folder.

    Adding up a folder takes long and asking the disk how much is free does not, so the folder is
    added up when so much has vanished that it might be the command's, and now and then.
    """

    folder: Path
    bounds: Bounds
    interval_s: float = 0.025
    looks: int = 0
    at_first: int = field(init=False)
    free_at_first: int = field(init=False)
    look_below: int = field(init=False)
    """Add the folder up when less than this is free."""

    def __post_init__(self) -> None:
        self.at_first = _used(self.folder)
        self.free_at_first = self._free()
        self.look_below = self.free_at_first - self.bounds.disk_bytes

    def look(self, process_id: int) -> Ending | None:
        """`disk` if it wrote too much."""
        free, most = self._free(), self.bounds.disk_bytes
        if self.free_at_first - free > _UNSEEN * most:
            return "disk"
        self.looks += 1
        if free >= self.look_below and self.looks % _LOOKS_A_WALK:
            return None
        used = _used(self.folder) - self.at_first
        self.look_below = free - (most - used)
        return "disk" if used > most else None

    def _free(self) -> int:
        status = os.statvfs(self.folder)
        return status.f_bfree * status.f_frsize


def _used(folder: Path) -> int:
    """The bytes on disk below a folder; more files than may be there count as everything."""
    total, entries = 0, 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    entries += 1
                    status = entry.stat(follow_symlinks=False)
                    total += max(512 * status.st_blocks, 512)
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)
        except OSError:
            # It went away, was barred, or its path is too long: `_UNSEEN` bounds what it holds.
            continue
        if entries > 2 * JAIL_ENTRIES_MAX:
            return 1 << 62
    return total
