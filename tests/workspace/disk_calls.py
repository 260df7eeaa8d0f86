"""Stands between a landing and the kernel: at any call it can be refused, killed or raced."""

import errno
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from steward.workspace.proposal import FileChange
from tests.environment import ROOT
from tests.workspace.disk_child import MESSAGE_BYTES_MAX, call_names

DEADLINE_S = 20.0
KILL = -1
MARK = "a1b2c3"
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that is about to be made."""

    count: int
    """Counted from 1."""
    name: str
    arguments: tuple[int, ...]


At = Callable[[Call], int | None]
"""The error that a call gets instead of being made, `KILL`, or None to let it be made."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request."""

    is_killed: bool
    calls: int
    error: str | None = None
    message: str = ""
    did: str = ""
    others: tuple[str, ...] = ()


class Landings:
    """Lands and finishes in new processes."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests

    def write(self, root: Path, changes: Sequence[FileChange], at: At | None = None) -> Outcome:
        """Outcome of `write_all`."""
        return self._ask(root, changes, at, is_finish=False)

    def finish(self, root: Path, changes: Sequence[FileChange], at: At | None = None) -> Outcome:
        """Outcome of `finish`."""
        return self._ask(root, changes, at, is_finish=True)

    def _ask(
        self, root: Path, changes: Sequence[FileChange], at: At | None, *, is_finish: bool
    ) -> Outcome:
        request = {
            "root": str(root),
            "changes": [list(asdict(change).values()) for change in changes],
            "mark": MARK,
            "is_finish": is_finish,
            "is_watched": at is not None,
        }
        own, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with own:
            own.settimeout(DEADLINE_S)
            with theirs:
                message = json.dumps(request).encode()
                socket.send_fds(self._requests, [message], [theirs.fileno()])
            return _unwatched(own) if at is None else _watched(own, at)


def _unwatched(own: socket.socket) -> Outcome:
    return _outcome(own.recv(MESSAGE_BYTES_MAX), 0)


def _watched(own: socket.socket, at: At) -> Outcome:
    message, given, _, _ = socket.recv_fds(own, MESSAGE_BYTES_MAX, 1)
    if not given:
        reason = f"system calls cannot be watched here: {json.loads(message)['unavailable']}"
        if os.environ.get("STEWARD_REQUIRE_SANDBOX") == "1":
            pytest.fail(f"STEWARD_REQUIRE_SANDBOX=1, but {reason}")
        pytest.skip(reason)
    own.send(b"!")
    listener, pid, names, count = given[0], int(message), call_names(), 0
    try:
        while own not in (ready := _ready(own, listener)):
            assert ready, "The landing neither goes on nor ends."
            received = bytearray(80)
            fcntl.ioctl(listener, _RECEIVE, received)
            number, _, _, *arguments = struct.unpack_from("iIQ6Q", received, 16)
            count += 1
            verdict = at(Call(count, names[number], tuple(arguments)))
            if verdict == KILL:
                os.kill(pid, signal.SIGKILL)
                assert own.recv(1) == b""
                return Outcome(is_killed=True, calls=count)
            call_id = bytes(received[:8])
            reply = struct.pack("qiI", 0, -(verdict or 0), 0 if verdict else _CONTINUE)
            fcntl.ioctl(listener, _SEND, call_id + reply)
        return _outcome(own.recv(MESSAGE_BYTES_MAX), count)
    finally:
        os.close(listener)


def _ready(own: socket.socket, listener: int) -> list[socket.socket | int]:
    readable, _, _ = select.select([own, listener], [], [], DEADLINE_S)
    return readable


def _outcome(message: bytes, calls: int) -> Outcome:
    fields: dict[str, Any] = json.loads(message)
    assert fields["error"] != "a bug", fields["message"]
    fields["others"] = tuple(fields.get("others", ()))
    return Outcome(is_killed=False, calls=calls, **fields)


@contextmanager
def open_landings() -> Generator[Landings]:
    """Start the process from which all others are forked, and end it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            child = subprocess.Popen(
                [sys.executable, "-m", "tests.workspace.disk_child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                umask=0o022,
                env={"PYTHONPATH": f"{ROOT}:{ROOT / 'server'}"},
            )
        try:
            yield Landings(ours)
        finally:
            ours.close()
            child.wait(DEADLINE_S)


def without(*names: str) -> At:
    """A system that lacks these calls, or knows no flags for them."""
    missing = {"renameat2": errno.EINVAL, "linkat": errno.EPERM}
    return lambda call: missing[call.name] if call.name in names else None


def both(first: At, second: At) -> At:
    """The first verdict, or else the second."""

    def verdict(call: Call) -> int | None:
        return first(call) or second(call)

    return verdict


def at_call(count: int, verdict: int) -> At:
    """That verdict on that one call."""
    return lambda call: verdict if call.count == count else None


def from_call(count: int, verdict: int) -> At:
    """That verdict on every call from that one on."""
    return lambda call: verdict if call.count >= count else None
