"""Gives up every right that the program does not need, and tries whether it is gone."""

import base64
import ctypes
import errno
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from typing import Any

_DEATH_SIGNAL, _DUMPABLE, _SECCOMP, _NO_NEW_PRIVILEGES, _FILTER = 1, 4, 22, 38, 2
_EVERY_RIGHT = struct.pack("=QQQ", (1 << 16) - 1, 0b11, 0b11)
"""Over files, TCP, and the reach beyond this process: all are handled, and none is given back."""
_RING_SETUP = 425
_TRACE_NOBODY = 16


def confine(orders: dict[str, Any]) -> dict[str, str]:
    """Carry out the orders; layer → why it is not there.

    Everything here must be called before a second thread exists: two of the rights are given up
    for the calling thread and those that it starts.

    Raises:
        OSError: the account could not be changed; nothing may run.
    """
    failed: dict[str, str] = {}
    _become(orders["account"])
    for name, most in orders["limits"].items():
        _lower(name, most)
    if sys.platform != "linux":
        return failed
    # After the change of account, which clears both.
    _control(_DEATH_SIGNAL, signal.SIGKILL)
    _control(_DUMPABLE, 0)
    _control(_NO_NEW_PRIVILEGES, 1)
    if os.getppid() == 1:
        os._exit(0)
    for layer, give_up in (("landlock", _shut_files), ("seccomp", _refuse_calls)):
        if orders[{"landlock": "landlock", "seccomp": "filter"}[layer]] is None:
            continue
        try:
            give_up(orders)
        except OSError as error:
            failed[layer] = str(error)
    return failed


def succeeded() -> list[str]:
    """What can be done that must not. Each is tried so that it does no harm where it works."""
    tries: dict[str, Callable[[], object]] = {
        "list a folder": lambda: os.listdir("/"),
        "read a file": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
        "open a socket": lambda: socket.socket(socket.AF_INET).close(),
        "open a local socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "start a process": _forked,
        "run a program": lambda: _allowed(_replaced, errno.ENOENT),
        "signal its parent": lambda: os.kill(os.getppid(), 0),
        "hold memory in a file": lambda: os.close(os.memfd_create("probe")),
        "trace a process": lambda: _allowed(_traced, errno.ESRCH),
        "set up a ring": lambda: _allowed(_ringed, errno.EFAULT, errno.EINVAL),
        "gain rights": lambda: os.setresuid(0, 0, 0),
    }
    return [name for name, act in tries.items() if _works(act)]


def _become(account: int | None) -> None:
    if account is not None:
        os.setgroups([])
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)
    if os.geteuid() == 0:
        raise OSError("with the rights of the system's account nothing may run")


def _lower(name: str, most: int) -> None:
    number = getattr(resource, name, None)
    if number is not None:
        least = min(most, resource.getrlimit(number)[1])
        most = most if least < 0 else least
        resource.setrlimit(number, (most, most))


def _shut_files(orders: dict[str, Any]) -> None:
    create, restrict = orders["landlock"]
    ruleset = _call(create, _EVERY_RIGHT, len(_EVERY_RIGHT), 0)
    try:
        _call(restrict, ruleset, 0)
    finally:
        os.close(ruleset)


def _refuse_calls(orders: dict[str, Any]) -> None:
    program = base64.b64decode(orders["filter"])
    steps = ctypes.create_string_buffer(program, len(program))
    listed = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    _control(_SECCOMP, _FILTER, listed)


def _works(act: Callable[[], object]) -> bool:
    try:
        act()
    except (OSError, AttributeError):
        return False
    return True


def _allowed(act: Callable[[], object], *complaints: int) -> None:
    """Let a complaint about the arguments pass: then the call itself was allowed."""
    try:
        act()
    except OSError as error:
        if error.errno not in complaints:
            raise


def _forked() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _replaced() -> None:
    os.execv("/nowhere/at/all", ["none"])  # noqa: S606  There is none: what counts is the refusal.


def _traced() -> None:
    library = _library()
    if library.ptrace(_TRACE_NOBODY, 0, None, None) != 0:
        _raise()


def _ringed() -> None:
    _call(_RING_SETUP, 0, 0)


def _control(option: int, *arguments: int | bytes) -> None:
    if _library().prctl(option, *_words((*arguments, 0, 0, 0, 0)[:4])) != 0:
        _raise()


def _call(number: int, *arguments: int | bytes) -> int:
    result: int = _library().syscall(ctypes.c_long(number), *_words(arguments))
    if result < 0:
        _raise()
    return result


def _raise() -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


def _words(values: Iterable[int | bytes]) -> list[Any]:
    return [
        ctypes.c_ulong(value) if isinstance(value, int) else ctypes.c_char_p(value)
        for value in values
    ]


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library
