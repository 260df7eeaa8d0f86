"""Notice when the editor's process has died, also where its pipes stay open.

LSP 3.18, `InitializeParams.processId`: a server whose parent is gone exits. Pipes usually say so
first; they do not where another child of the editor has inherited them.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOOK_AGAIN_S = 1.0
_ANCESTORS_MAX = 64


@contextmanager
def watching(process_id: int | None, on_gone: Callable[[], None]) -> Generator[None]:
    """Call `on_gone` when the process ends, once, as long as the block lasts.

    Only an ancestor of ours is watched: an editor in another container or on another machine names
    a process that is none here, or somebody else's.
    """
    if process_id is None or not _is_ancestor(process_id):
        yield
    elif sys.platform == "linux":
        with _watching_exactly(process_id, on_gone):
            yield
    else:
        with _looking(process_id, on_gone):
            yield


@contextmanager
def _watching_exactly(process_id: int, on_gone: Callable[[], None]) -> Generator[None]:
    loop = asyncio.get_running_loop()
    try:
        process = os.pidfd_open(process_id)
    except OSError:  # It died this moment, or the kernel cannot watch: then the pipes must do.
        yield
        return

    def gone() -> None:
        loop.remove_reader(process)
        on_gone()

    loop.add_reader(process, gone)
    try:
        yield
    finally:
        loop.remove_reader(process)
        os.close(process)


@contextmanager
def _looking(process_id: int, on_gone: Callable[[], None]) -> Generator[None]:
    """Where a process cannot be waited for: an orphan has another parent."""
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal timer
        if os.getppid() == process_id:
            timer = loop.call_later(_LOOK_AGAIN_S, look)
        else:
            on_gone()

    look()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()


def _is_ancestor(process_id: int) -> bool:
    """Whether we descend from it. Process 1 is everybody's ancestor and says nothing."""
    found, looked_at = os.getppid(), 0
    while found > 1 and looked_at < _ANCESTORS_MAX:
        if found == process_id:
            return True
        found, looked_at = _parent(found), looked_at + 1
    return False


def _parent(process_id: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        # The name in the second field may hold spaces and brackets of its own.
        fields = Path(f"/proc/{process_id}/stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[1])
    return 0
