"""The system calls that the jail refuses, as a program for the kernel's filter.

Namespaces do not cover everything. Sockets to the hypervisor (AF_VSOCK) know no network namespace,
and memory held by anonymous files, System V segments, message queues and large socket buffers
counts towards no limit of a process. These calls fail; all others are as ever.
"""

import errno
import platform
import struct
from dataclasses import dataclass

from steward.core.errors import SandboxUnavailableError

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_PRETEND = 0x00050000
"""The call does nothing and says that it worked: programs ask for larger buffers as a courtesy."""
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: all of these stay in the network namespace."""
_SOCKET_LEVEL = 1
_BUFFER_OPTIONS = (7, 8, 32, 33)
"""SO_SNDBUF, SO_RCVBUF and the two that may pass the system's maximum."""
_FOREIGN_CALLS = 0x40000000
"""On x86-64, where the second set of the same calls under other numbers begins."""

_Step = tuple[int, int, int, int]
"""What to do, how many steps to skip if so and if not, and the number it is about."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """The numbers that one kind of processor has for things."""

    architecture: int
    socket: int
    setsockopt: int
    refused: tuple[int, ...]
    """memfd_create, memfd_secret, shmget, mq_open, io_uring_setup, bpf, perf_event_open,
    userfaultfd, add_key, request_key, keyctl, in this order."""


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 41, 54, (319, 447, 29, 240, 425, 321, 298, 323, 248, 249, 250)),
    "aarch64": _Machine(
        0xC00000B7, 198, 208, (279, 447, 194, 180, 425, 280, 241, 282, 217, 218, 219)
    ),
}


def refused_calls() -> bytes:
    """The filter program for this machine.

    Raises:
        SandboxUnavailableError: nobody has written down this machine's call numbers.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise SandboxUnavailableError(
            f"The jail knows x86-64 and 64-bit ARM, not {platform.machine()!r}; no command runs."
        )
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _FOREIGN_CALLS),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for number in machine.refused:
        steps += _if_call(number, [(_RETURN, 0, 0, _REFUSE)])
    steps += _if_call(machine.socket, _by_argument(0, _FAMILIES, _ALLOW, _REFUSE))
    steps += _if_call(
        machine.setsockopt,
        [
            (_LOAD, 0, 0, _ARGUMENTS + 8),
            (_EQUAL, 1, 0, _SOCKET_LEVEL),
            (_RETURN, 0, 0, _ALLOW),
            *_by_argument(2, _BUFFER_OPTIONS, _PRETEND, _ALLOW),
        ],
    )
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _if_call(number: int, branch: list[_Step]) -> list[_Step]:
    """The branch for this call. It must end in a return: it may have loaded over the number."""
    return [(_EQUAL, 0, len(branch), number), *branch]


def _by_argument(index: int, values: tuple[int, ...], found: int, otherwise: int) -> list[_Step]:
    steps: list[_Step] = [(_LOAD, 0, 0, _ARGUMENTS + 8 * index)]
    for value in values:
        steps += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, found)]
    return [*steps, (_RETURN, 0, 0, otherwise)]
