"""A process that lands changes on disk, and stops at every system call until it is told to go on.

Run as a program with the number of a socket. Each request comes with a socket of its own and is
answered by a fork, so that it is a new process for the price of one.
"""

import ctypes
import json
import os
import platform
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path
from typing import Any

from steward.core.errors import StewardError
from steward.workspace.disk.write import finish, write_all
from steward.workspace.proposal import FileChange

MESSAGE_BYTES_MAX = 1 << 20
WALL_S = 60
_CALLS = {
    "x86_64": (257, 1, 74, 264, 316, 265, 263, 258, 91, 93),
    "aarch64": (56, 64, 82, 38, 276, 37, 35, 34, 52, 55),
}
_NAMES = (
    *("openat", "write", "fsync", "renameat", "renameat2"),
    *("linkat", "unlinkat", "mkdirat", "fchmod", "fchown"),
)
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_NO_NEW_PRIVILEGES, _SET_FILTER, _NEW_LISTENER = 38, 1, 8
_NOTIFY, _ALLOW = 0x7FC00000, 0x7FFF0000


def call_names() -> dict[int, str]:
    """The calls at which it stops, by their numbers on this machine."""
    return dict(zip(_CALLS.get(platform.machine(), ()), _NAMES, strict=False))


def listen_to_own_calls() -> int:
    """A descriptor by which another process decides on this thread's calls (seccomp_unotify(2)).

    Raises:
        OSError: the system has no such thing, or forbids it.
    """
    library = ctypes.CDLL(None, use_errno=True)
    numbers = tuple(call_names())
    steps = [(0x20, 0, 0, 0)]  # Load the number of the call.
    steps += [(0x15, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    steps += [(0x06, 0, 0, _ALLOW), (0x06, 0, 0, _NOTIFY)]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    text = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(text))
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    number = _SECCOMP.get(platform.machine(), -1)
    listener = library.syscall(number, _SET_FILTER, _NEW_LISTENER, header)
    if listener < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return listener


def answer(request: dict[str, Any], own: socket.socket) -> None:
    """Do what is asked and say what came of it."""
    if request["is_watched"]:
        try:
            listener = listen_to_own_calls()
        except OSError as error:
            own.send(json.dumps({"unavailable": str(error)}).encode())
            return
        socket.send_fds(own, [str(os.getpid()).encode()], [listener])
        # Or else calls would wait for an answer when the other end has gone.
        os.close(listener)
        own.recv(1)
    root, mark = Path(request["root"]), request["mark"]
    changes = [FileChange(*change) for change in request["changes"]]
    outcome: dict[str, Any] = {"error": None}
    try:
        if request["is_finish"]:
            finished = finish(root, changes, mark)
            outcome |= {"did": finished.did, "others": finished.others}
        else:
            write_all(root, changes, mark)
    except StewardError as error:
        outcome = {"error": type(error).__name__, "message": str(error)}
    except Exception:  # noqa: BLE001  It must not be printed: that is a call, too.
        outcome = {"error": "a bug", "message": traceback.format_exc()}
    own.send(json.dumps(outcome).encode())


def main() -> None:
    """Answer requests until the other end is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    requests = socket.socket(fileno=int(sys.argv[1]))
    while True:
        message, given, _, _ = socket.recv_fds(requests, MESSAGE_BYTES_MAX, 1)
        if not message:
            return
        with socket.socket(fileno=given[0]) as own:
            if os.fork() == 0:
                requests.close()
                signal.alarm(WALL_S)
                try:
                    answer(json.loads(message), own)
                finally:
                    os._exit(0)


if __name__ == "__main__":
    main()
