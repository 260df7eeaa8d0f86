"""The ignore oracle's verdicts, remembered for a moment: typing asks about one file again."""

import asyncio
from collections.abc import Collection

from steward.core.clock import Clock
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.paths import WorkspacePath

_REMEMBERED_S = 1.0
"""So long may a change of an ignore file go unnoticed by ghost text, and by nothing else."""
_FILES_MAX = 256


class RecentVerdicts:
    """Asks the oracle on a thread, and not again within a second."""

    def __init__(self, oracle: IgnoreOracle, clock: Clock) -> None:
        self._oracle = oracle
        self._clock = clock
        self._known: dict[WorkspacePath, tuple[float, str | None]] = {}

    async def why_not(self, path: WorkspacePath) -> str | None:
        """Why a model may not see the file; `None` if it may."""
        return (await self.why_not_each((path,)))[path]

    async def why_not_each(
        self, paths: Collection[WorkspacePath]
    ) -> dict[WorkspacePath, str | None]:
        """The same for many files, in one go."""
        asked_s = self._clock.monotonic_s()
        found = {
            path: self._known[path][1]
            for path in paths
            if path in self._known and asked_s - self._known[path][0] < _REMEMBERED_S
        }
        unknown = [path for path in paths if path not in found]
        if unknown:
            verdicts = await asyncio.to_thread(self._oracle.why_not_each, unknown)
            for path, verdict in verdicts.items():
                self._remember(path, asked_s, verdict)
            found |= verdicts
        return found

    def _remember(self, path: WorkspacePath, asked_s: float, verdict: str | None) -> None:
        self._known.pop(path, None)
        self._known[path] = (asked_s, verdict)
        if len(self._known) > _FILES_MAX:
            del self._known[next(iter(self._known))]
