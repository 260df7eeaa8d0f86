"""How well a command is confined here: the rungs of the ladder, and what each of them gives."""

from dataclasses import dataclass
from typing import Literal

from steward.core.agent_limits import COMMAND_DISK_BYTES_MAX
from steward.core.limits import (
    COMMAND_ADDRESS_BYTES_MAX,
    COMMAND_FILE_BYTES_MAX,
    COMMAND_OUTPUT_BYTES_MAX,
    COMMAND_PROCESSES_MAX,
    COMMAND_RESIDENT_BYTES_MAX,
    COMMAND_SCRATCH_BYTES_MAX,
    COMMAND_WALL_S_MAX,
    JAIL_COPY_BYTES_MAX,
)

Level = Literal["cgroup", "namespaces", "landlock"]
"""`cgroup`: bubblewrap, and the kernel counts memory and processes. `namespaces`: bubblewrap, and
we look at the memory some times a second. `landlock`: neither, but Landlock, a filter of system
calls and limits."""

LEVELS: tuple[Level, ...] = ("cgroup", "namespaces", "landlock")
"""The best first."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of everything a command may have."""

    wall_s: float = COMMAND_WALL_S_MAX
    output_bytes: int = COMMAND_OUTPUT_BYTES_MAX
    address_bytes: int = COMMAND_ADDRESS_BYTES_MAX
    """The address space of each process."""
    resident_bytes: int = COMMAND_RESIDENT_BYTES_MAX
    """What all its processes hold together."""
    processes: int = COMMAND_PROCESSES_MAX
    scratch_bytes: int = COMMAND_SCRATCH_BYTES_MAX
    """Its scratch space, where that is memory."""
    file_bytes: int = COMMAND_FILE_BYTES_MAX
    """One file that it writes."""
    copy_bytes: int = JAIL_COPY_BYTES_MAX
    """The workspace, where it works on a copy."""
    disk_bytes: int = COMMAND_DISK_BYTES_MAX
    """What it may write to the disk, where it has a copy of the workspace."""


def sentence(level: Level, *, writes: bool, wall_s: float) -> str:
    """What the jail of this level gives, for the person who is asked about a command."""
    bounds = Bounds()
    where = {
        (False, False): "the workspace read-only",
        (False, True): "a private copy of the workspace, whose differences you are shown",
        (True, False): "a private copy of the workspace at another path, read-only",
        (True, True): "a private copy of the workspace at another path, whose differences you are"
        " shown (without changes of a file's mode)",
    }[level == "landlock", writes]
    seen = (
        "no other file of yours can be read (that it exists can be seen)"
        if level == "landlock"
        else "nothing else of yours visible"
    )
    counted = "counted by the kernel" if level == "cgroup" else "looked at some times a second"
    return (
        f"It runs in a jail ({level}): no network, {where}, secrets masked, {seen}, at most"
        f" {min(wall_s, bounds.wall_s):.0f} seconds, {bounds.processes} processes and"
        f" {bounds.resident_bytes >> 20} MB of memory together ({counted})."
    )
