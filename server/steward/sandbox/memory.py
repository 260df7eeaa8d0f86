"""How much memory a jail holds, as the host sees it.

The kernel limits the address space of each process and not of all together, and a control group
that could is rarely ours to make. So it is looked at, some times a second, and can be overshot
for that long.
"""

import os
from pathlib import Path


def resident_bytes(process_id: int) -> int:
    """The resident memory of a process and all that it started. Blocks: call it on a thread.

    Pages that several share count for each of them: rather too much than too little.
    """
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    waiting = [process_id]
    while waiting:
        folder = Path("/proc", str(waiting.pop()))
        try:
            total += int((folder / "statm").read_text("ascii").split()[1]) * page
            for thread in (folder / "task").iterdir():
                waiting += [int(child) for child in (thread / "children").read_text().split()]
        except (OSError, IndexError, ValueError):
            # It ended while we looked.
            continue
    return total
