"""How much memory a jail holds, as the host sees it.

The kernel limits the address space of each process and not of all together, and a control group
that could is not always ours to make. So it is looked at, some times a second, and can be overshot
for that long.
"""

import os
from pathlib import Path


def resident_bytes(process_id: int) -> int:
    """The resident memory of a process and all that it started. Blocks: call it on a thread.

    Pages that several share count for each of them: rather too much than too little.
    """
    total = 0
    waiting = [process_id]
    while waiting:
        folder = Path("/proc", str(waiting.pop()))
        total += _resident(folder)
        try:
            for thread in (folder / "task").iterdir():
                waiting += [int(child) for child in (thread / "children").read_text().split()]
        except (OSError, ValueError):
            # It ended while we looked.
            continue
    return total


def own_bytes(process_id: int) -> int:
    """The resident memory of a process that is no file's: what would be free without it. Blocks.

    Where many copies of one file's contents are mapped, each of them counts as resident, and this
    does not.
    """
    try:
        status = Path("/proc", str(process_id), "status").read_text("ascii", "replace")
    except OSError:
        return 0
    for row in status.splitlines():
        if row.startswith("RssAnon:"):
            return int(row.split()[1]) << 10
    return _resident(Path("/proc", str(process_id)))


def resident_bytes_of_session(session_id: int) -> int:
    """The same of a session, whoever started its processes. Blocks."""
    return sum(_resident(Path("/proc", str(each))) for each in processes_of_session(session_id))


def processes_of_session(session_id: int) -> list[int]:
    """The processes of a session that have not ended. Blocks."""
    found: list[int] = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            # The program's name stands in brackets and may hold anything.
            fields = Path("/proc", name, "stat").read_text("utf-8", "replace").rpartition(")")[2]
        except OSError:
            continue
        state, *numbers = fields.split()
        if int(numbers[2]) == session_id and state not in "ZX":
            found.append(int(name))
    return found


def _resident(folder: Path) -> int:
    try:
        return int((folder / "statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
