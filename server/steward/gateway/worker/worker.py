"""The process that runs litellm for one provider: there when it is needed, and only then.

There is one for each provider that needs it, in each process of ours that calls it, and not one
for all: so it knows one key, belongs to one person, hears of one gateway's calls and dies with it,
and no socket exists to which another program could connect. The price is memory where one person
uses several such providers at once.
"""

import asyncio
import sys
from pathlib import Path

from pydantic import SecretStr

from steward.core.errors import UnavailableError
from steward.gateway.worker.process import Line, Process


class Worker:
    """Gives calls to the present process, or to a new one where that does not do."""

    def __init__(self, python: Path | None = None, idle_s: float = 600.0) -> None:
        self._python = python or Path(sys.executable)
        self._idle_s = idle_s
        self._starting = asyncio.Lock()
        self._process: Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._leaving: set[Process] = set()
        self._is_closed = False

    @property
    def process_id(self) -> int | None:
        """The number of the present process; None while there is none."""
        process = self._process
        return None if process is None or process.gone.is_set() else process.process_id

    async def call(self, key: SecretStr | None, order: bytes) -> tuple[Process, Line]:
        """Hand a call over; gives the process that makes it, and where the answer is heard.

        A process that knows another key finishes its calls and ends.

        Raises:
            UnavailableError: litellm is not installed, or cannot be loaded.
            RateLimitedError: too many calls are being made.
        """
        process = await self._present(key)
        return process, await process.call(order)

    async def close(self) -> None:
        """End the process, and break off its calls."""
        async with self._starting:
            self._is_closed = True
            self._stop_waiting()
            self._retire()
            for process in tuple(self._leaving):
                await process.end()

    async def _present(self, key: SecretStr | None) -> Process:
        async with self._starting:
            self._stop_waiting()
            if self._process is not None and self._process.takes(key):
                return self._process
            if self._is_closed:
                raise UnavailableError("Steward is about to end, so no more calls are made.")
            self._retire()
            process: Process = Process(key, lambda: self._wait_after(process))
            await process.start(self._python)
            self._process = process
            return process

    def _retire(self) -> None:
        process, self._process = self._process, None
        self._leaving = {leaving for leaving in self._leaving if not leaving.gone.is_set()}
        if process is not None:
            self._leaving.add(process)
            process.retire()

    def _wait_after(self, process: Process) -> None:
        """Its last call has ended: begin to wait for the next one."""
        if process is self._process:
            self._stop_waiting()
            self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._end_if_idle)

    def _stop_waiting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end_if_idle(self) -> None:
        if self._process is not None and self._process.is_idle:
            self._retire()
