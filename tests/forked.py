"""Servers that are forked by a zygote, driven like a process that was started."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.environment import ROOT, steward_environment

OWN = ("STEWARD_", "HOME")
"""What may differ from the zygote's environment: no module reads it when it is imported."""

_PR_SET_CHILD_SUBREAPER = 36


class ForkedProcess:
    """A server, with what asyncio's own `Process` has of it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._gone = asyncio.Event()
        self._pidfd = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)

    async def connect(self, ends: tuple[int, int, int]) -> None:
        """Take the ends of its pipes into the loop."""
        loop = asyncio.get_running_loop()
        writing = asyncio.StreamReaderProtocol(asyncio.StreamReader())
        to_it, _ = await loop.connect_write_pipe(lambda: writing, os.fdopen(ends[0], "wb", 0))
        self.stdin = asyncio.StreamWriter(to_it, writing, None, loop)
        self.stdout, self._from_it = await _reader(ends[1])
        self.stderr, _ = await _reader(ends[2])

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        await self._gone.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def stop_listening(self) -> None:
        """Close what it writes to."""
        self._from_it.close()

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        self._gone.set()


class Zygote:
    """The process that forks; it is made at the first need of it."""

    def __init__(self, process: subprocess.Popen[bytes], orders: socket.socket) -> None:
        self._process = process
        self._orders = orders

    def forks(self, environment: Mapping[str, str]) -> bool:
        """Whether a server with this environment would import what is imported already."""
        return _foreign(environment) == _foreign(_environment())

    async def start(
        self, *arguments: str, environment: Mapping[str, str], folder: Path
    ) -> ForkedProcess:
        """A server that begins as `python -m` with these arguments does."""
        pipes = [os.pipe() for _ in range(3)]
        ours = (pipes[0][1], pipes[1][0], pipes[2][0])
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        order = {
            "arguments": arguments,
            "environment": dict(environment),
            "folder": str(folder),
        }
        with _adopting():
            socket.send_fds(self._orders, [json.dumps(order).encode()], theirs)
            pid = int(self._orders.recv(64))
            assert self._orders.recv(64) == b"adopt"
        for end in theirs:
            os.close(end)
        process = ForkedProcess(pid)
        await process.connect(ours)
        return process


@contextmanager
def running_zygote() -> Generator[Zygote]:
    """A zygote that has imported everything."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote", str(theirs.fileno())],
            cwd=ROOT,
            env=_environment(),
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        assert ours.recv(64) == b"ready", "the zygote could not import what servers import"
        yield Zygote(process, ours)
        ours.close()
        process.wait()


def _environment() -> dict[str, str]:
    return steward_environment(Path(os.devnull), "")


def _foreign(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(OWN)}


@contextmanager
def _adopting() -> Generator[None]:
    """What loses its parent meanwhile becomes a child of this process."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


async def _reader(end: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(end, "rb", 0)
    )
    return reader, transport
