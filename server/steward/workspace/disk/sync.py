"""Waits until many files are on the disk, for all of them at once: the disk joins what they ask."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

_THREADS = 8
_FEW = 4
"""So few are not worth any thread."""


def sync_each(files: Sequence[int]) -> list[OSError | None]:
    """What `fsync` said of each; `None` where the file is on the disk."""
    if len(files) <= _FEW:
        return [_sync(file) for file in files]
    with ThreadPoolExecutor(_THREADS, "steward-sync") as threads:
        return list(threads.map(_sync, files))


def _sync(file: int) -> OSError | None:
    try:
        os.fsync(file)
    except OSError as error:
        return error
    return None
