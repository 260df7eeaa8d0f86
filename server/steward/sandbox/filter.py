"""The system calls that the jail refuses, as a program for the kernel's filter.

Namespaces do not cover everything. Sockets to the hypervisor (AF_VSOCK) know no network namespace,
and memory held by anonymous files, System V segments, message queues and large socket buffers
counts towards no limit of a process. These calls fail; all others are as ever.

Where there are no namespaces at all, Landlock guards the files that are opened, and nothing else.
So what reaches other processes, other programs' memory, the network, or a file without opening it
(its mode, owner, times and attributes) is refused here.
"""

import errno
import struct

from steward.sandbox.calls import ARCHITECTURES, machine, numbers

_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_UNKNOWN = 0x00050000 | errno.ENOSYS
_PRETEND = 0x00050000
"""The call does nothing and says that it worked: programs ask for it as a courtesy."""
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: all of these stay in the network namespace."""
_FAMILIES_OUTSIDE = (2, 10, 16)
"""The same without AF_UNIX: in the machine's own network, abstract names lead to its programs."""
_SOCKET_LEVEL = 1
_BUFFER_OPTIONS = (7, 8, 32, 33)
"""SO_SNDBUF, SO_RCVBUF and the two that may pass the system's maximum."""
_FOREIGN_CALLS = 0x40000000
"""On x86-64, where the second set of the same calls under other numbers begins."""
_NAMESPACES = 0x7E020000
"""The flags of `clone` that make a namespace."""
_AF_UNIX, _STREAM, _KIND = 1, 1, 0xF
_FILE_FLAGS = (0x40086602, 0x401C5820)
"""The requests that set a file's flags through a descriptor which was opened for reading."""

_HIDDEN_MEMORY = ("memfd_create", "memfd_secret", "shmget", "mq_open")
_BEYOND = (
    *("io_uring_setup", "bpf", "perf_event_open", "userfaultfd"),
    *("add_key", "request_key", "keyctl"),
)
_NETWORK = ("socket", "bind", "connect", "listen", "accept", "accept4")
_SHARED_WITH_HOST = (
    *("shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "mq_unlink"),
    *("semget", "semop", "semtimedop", "semctl"),
)
_OTHER_PROCESSES = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"),
    *("migrate_pages", "move_pages", "setpriority", "ioprio_set"),
)
_NAMESPACES_AND_MOUNTS = (
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount"),
    *("fsconfig", "fspick", "open_tree", "move_mount", "mount_setattr"),
)
_UNOPENED_FILES = (
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr"),
    *("fremovexattr", "removexattrat", "file_setattr", "quotactl", "acct"),
    *("name_to_handle_at", "open_by_handle_at", "inotify_init", "inotify_init1", "fanotify_init"),
)
_COURTESIES = (
    # Copying programs set these of what they have just written.
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat"),
    # Whoever leaves the session would be out of the sight of what ends the jail.
    *("setsid", "setpgid"),
)
_OF_OTHERS = (
    *("prlimit64", "sched_setaffinity", "sched_setparam", "sched_setscheduler", "sched_setattr"),
)
"""Their first argument says whose process it is about; zero is one's own."""

_THREAD = 0x00010000
"""The flag of `clone` that makes a thread of this process and no other one."""
_COMPUTING = (
    *("brk", "madvise", "mmap", "mprotect", "mremap", "munmap"),
    *("futex", "rseq", "set_robust_list", "sched_yield", "sched_getaffinity", "membarrier"),
    *("read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg", "close"),
    *("poll", "ppoll", "fstat"),
    *("clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "restart_syscall"),
    *("getcpu", "getpid", "gettid", "getrandom", "getrusage"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"),
    *("exit", "exit_group"),
)
"""All that a process needs which computes, has threads, and speaks over a socket it was given."""

_Step = tuple[int, int, int, int]
"""What to do, how many steps to skip if so and if not, and the number it is about."""


def refused_calls() -> bytes:
    """The filter program for a jail that is made of namespaces.

    Raises:
        SandboxUnavailableError: nobody has written down this machine's call numbers.
    """
    return _with_sockets(_FAMILIES)


def refused_with_network() -> bytes:
    """The same for a jail in the machine's own network.

    Raises:
        SandboxUnavailableError: nobody has written down this machine's call numbers.
    """
    return _with_sockets(_FAMILIES_OUTSIDE)


def refused_without_namespaces() -> bytes:
    """The filter program for a jail that has nothing but this, Landlock and limits.

    Raises:
        SandboxUnavailableError: nobody has written down this machine's call numbers.
    """
    refused = (
        *(_HIDDEN_MEMORY + _BEYOND + _NETWORK + _SHARED_WITH_HOST),
        *(_OTHER_PROCESSES + _NAMESPACES_AND_MOUNTS + _UNOPENED_FILES),
    )
    steps = _refuse(refused)
    for name in _COURTESIES:
        steps += _if_call(name, [(_RETURN, 0, 0, _PRETEND)])
    for name in _OF_OTHERS:
        steps += _if_call(name, _by_argument(0, (0,), _ALLOW, _REFUSE))
    # The C library then asks for a process the older way, whose flags can be seen.
    steps += _if_call("clone3", [(_RETURN, 0, 0, _UNKNOWN)])
    steps += _if_call(
        "clone",
        [
            (_LOAD, 0, 0, _ARGUMENTS),
            (_HAS_BITS, 0, 1, _NAMESPACES),
            (_RETURN, 0, 0, _REFUSE),
            (_RETURN, 0, 0, _ALLOW),
        ],
    )
    steps += _if_call("ioctl", _by_argument(1, _FILE_FLAGS, _REFUSE, _ALLOW))
    steps += _if_call("socketpair", _only_streams())
    return _program([*steps, *_large_buffers()])


def only_computing() -> bytes:
    """The filter program for a process that may compute and do nothing else.

    Raises:
        SandboxUnavailableError: nobody has written down this machine's call numbers.
    """
    steps = [step for name in _COMPUTING for step in _if_call(name, [(_RETURN, 0, 0, _ALLOW)])]
    steps += _if_call("clone3", [(_RETURN, 0, 0, _UNKNOWN)])
    steps += _if_call(
        "clone",
        [
            (_LOAD, 0, 0, _ARGUMENTS),
            (_HAS_BITS, 0, 1, _THREAD),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _REFUSE),
        ],
    )
    return _program([*steps, (_RETURN, 0, 0, _REFUSE)])


def _with_sockets(families: tuple[int, ...]) -> bytes:
    return _program(
        [
            *_refuse(_HIDDEN_MEMORY + _BEYOND),
            *_if_call("socket", _by_argument(0, families, _ALLOW, _REFUSE)),
            *_large_buffers(),
        ]
    )


def _program(rules: list[_Step]) -> bytes:
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, ARCHITECTURES[machine()]),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _FOREIGN_CALLS),
        (_RETURN, 0, 0, _REFUSE),
        *rules,
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _refuse(names: tuple[str, ...]) -> list[_Step]:
    return [step for name in names for step in _if_call(name, [(_RETURN, 0, 0, _REFUSE)])]


def _large_buffers() -> list[_Step]:
    option = _by_argument(2, _BUFFER_OPTIONS, _PRETEND, _ALLOW)
    level: list[_Step] = [
        (_LOAD, 0, 0, _ARGUMENTS + 8),
        (_EQUAL, 1, 0, _SOCKET_LEVEL),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return _if_call("setsockopt", [*level, *option])


def _only_streams() -> list[_Step]:
    """A pair of datagram sockets could be turned to another socket of this machine."""
    return [
        (_LOAD, 0, 0, _ARGUMENTS),
        (_EQUAL, 1, 0, _AF_UNIX),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _ARGUMENTS + 8),
        (_AND, 0, 0, _KIND),
        (_EQUAL, 1, 0, _STREAM),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _if_call(name: str, branch: list[_Step]) -> list[_Step]:
    """The branch for this call. It must end in a return: it may have loaded over the number."""
    found = numbers([name])
    return [(_EQUAL, 0, len(branch), found[0]), *branch] if found else []


def _by_argument(index: int, values: tuple[int, ...], found: int, otherwise: int) -> list[_Step]:
    steps: list[_Step] = [(_LOAD, 0, 0, _ARGUMENTS + 8 * index)]
    for value in values:
        steps += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, found)]
    return [*steps, (_RETURN, 0, 0, otherwise)]
