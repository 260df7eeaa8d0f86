"""A person at a real terminal: what a process writes there, and what is typed."""

import asyncio
import os
import pty
import struct
import termios
from fcntl import ioctl
from pathlib import Path
from typing import Self

from tests.person import DEADLINE_S


class Screen:
    """A terminal of this many rows, with one process in it."""

    def __init__(self, folder: Path, environment: dict[str, str], *, rows: int) -> None:
        self._folder = folder
        self._environment = environment | {"TERM": "xterm"}
        self._ours, self._theirs = pty.openpty()
        ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 100, 0, 0))
        os.set_blocking(self._ours, False)
        self._process: asyncio.subprocess.Process | None = None
        self._news = asyncio.Event()
        self._seen = 0
        self.text = ""
        """All that was written so far."""

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._ours, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    async def begin(self, *command: str) -> None:
        """Start a process there."""
        self._process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self._folder,
            env=self._environment,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
        )

    def type(self, keys: str) -> None:
        """As if typed."""
        os.write(self._ours, keys.encode())

    async def until(self, *wanted: str) -> str:
        """The first of these that appears behind what was waited for before."""
        async with asyncio.timeout(3 * DEADLINE_S):
            while True:
                at = {
                    each: found
                    for each in wanted
                    if (found := self.text.find(each, self._seen)) >= 0
                }
                if at:
                    first = min(at, key=lambda each: at[each])
                    self._seen = at[first] + len(first)
                    return first
                self._news.clear()
                await self._news.wait()

    async def left(self) -> int:
        """The exit code of the process."""
        assert self._process is not None
        async with asyncio.timeout(3 * DEADLINE_S):
            return await self._process.wait()

    def _read(self) -> None:
        try:
            self.text += os.read(self._ours, 65536).decode("utf-8", "replace")
        except (BlockingIOError, OSError):
            return
        self._news.set()
