"""The ignore oracle's verdicts, remembered for a moment: typing asks about one file again."""

import asyncio

from steward.core.clock import Clock
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.paths import WorkspacePath

_REMEMBERED_S = 1.0
"""So long may a change of an ignore file go unnoticed by ghost text, and by nothing else."""
_FILES_MAX = 64


class RecentVerdicts:
    """Asks the oracle on a thread, and not again within a second."""

    def __init__(self, oracle: IgnoreOracle, clock: Clock) -> None:
        self._oracle = oracle
        self._clock = clock
        self._known: dict[WorkspacePath, tuple[float, str | None]] = {}

    async def why_not(self, path: WorkspacePath) -> str | None:
        """Why a model may not see the file; `None` if it may."""
        asked_s = self._clock.monotonic_s()
        known = self._known.get(path)
        if known is not None and asked_s - known[0] < _REMEMBERED_S:
            return known[1]
        verdict = await asyncio.to_thread(self._oracle.why_not, path)
        self._known.pop(path, None)
        self._known[path] = (asked_s, verdict)
        if len(self._known) > _FILES_MAX:
            del self._known[next(iter(self._known))]
        return verdict
