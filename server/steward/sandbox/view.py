"""What a command sees from inside: the argument list for bubblewrap, built from nothing up.

Everything is absent until a line here puts it there.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from steward.core.limits import (
    COMMAND_ADDRESS_BYTES_MAX,
    COMMAND_FILE_BYTES_MAX,
    COMMAND_PROCESSES_MAX,
    COMMAND_SCRATCH_BYTES_MAX,
)
from steward.sandbox.launcher import Command
from steward.sandbox.stage import Stage

_SYSTEM = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
_ETC = ("ld.so.cache", "alternatives", "localtime")
_FROM = Path("/from")
_NOBODY = "65534"

Bind = tuple[Path, Path]
"""What to mount read-only, and where."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Absolute paths of the programs that make the jail."""

    bwrap: str
    prlimit: str
    setpriv: str


@dataclass(frozen=True, slots=True)
class Pipes:
    """Descriptors that bubblewrap is given."""

    report: int
    """It writes here how the command ended."""
    filter: int
    """It reads from here which system calls to refuse."""


def argv(
    programs: Programs, stage: Stage, command: Command, prefixes: tuple[Path, ...], pipes: Pipes
) -> list[str]:
    """The whole command line."""
    binds = _binds(stage, prefixes)
    if os.geteuid() != 0:
        return _jail(programs, stage, binds, command, pipes, prefixes)
    return _as_nobody(programs, stage, binds, command, pipes, prefixes)


def _as_nobody(
    programs: Programs,
    stage: Stage,
    binds: list[Bind],
    command: Command,
    pipes: Pipes,
    prefixes: tuple[Path, ...],
) -> list[str]:
    """The same jail, entered from an account without rights when Steward runs as root.

    Root is given up before the jail is built, because a jail built by root leaves root's own
    files within reach of what runs there. But that account may not pass the folders above the
    workspace or the interpreter (often below /root). So root first makes a plain view in which
    everything the jail will mount lies in one open folder, and does nothing else.

    The view has a process namespace too, which ends with Steward: changing the account clears the
    wish to die with the parent, and a parent that has given up its rights may not kill another
    account's processes, not even by dying.
    """
    sources = list(dict.fromkeys(source for source, _ in binds))
    moved = {source: _FROM / str(number) for number, source in enumerate(sources)}
    inner = [(moved[source], target) for source, target in binds]
    return [
        *(programs.bwrap, "--die-with-parent", "--unshare-pid", "--tmpfs", "/tmp"),  # noqa: S108
        *("--perms", "0755", "--dir", str(_FROM)),
        *("--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev"),
        *_mount([*_system(), *((source, moved[source]) for source in sources)]),
        *_system_links(),
        *("--", programs.setpriv, "--reuid", _NOBODY, "--regid", _NOBODY, "--clear-groups"),
        *("--no-new-privs", "--"),
        *_jail(programs, stage, inner, command, pipes, prefixes),
    ]


def _jail(
    programs: Programs,
    stage: Stage,
    binds: list[Bind],
    command: Command,
    pipes: Pipes,
    prefixes: tuple[Path, ...],
) -> list[str]:
    """Every isolation that bubblewrap has, then the view, then the program under its limits.

    This is the comment that explains the jail in full. The user namespace makes it possible
    without rights and has exactly one account in it, which is not root; `--disable-userns` keeps
    the command from making another in which it would be. The network namespace holds nothing but
    a loopback of its own. The process namespace ends with its first process, so nothing started
    here outlives the command: no daemon, no double fork. `--new-session` takes away the terminal
    (TIOCSTI would type into it). The filter refuses the calls that no namespace and no limit
    covers. /proc and /dev are mounted read-only after they are made: the one leads to kernel
    settings, the other is memory without a limit. What can be written are /tmp and /dev/shm, both
    of a fixed size, both memory, both gone at the end.
    """
    namespaces = ("user", "pid", "net", "ipc", "uts", "cgroup-try")
    return [
        *(programs.bwrap, *(f"--unshare-{name}" for name in namespaces), "--disable-userns"),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--uid", "1000", "--gid", "1000", "--hostname", "jail"),
        *("--json-status-fd", str(pipes.report), "--seccomp", str(pipes.filter)),
        *_environment(prefixes),
        *("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"),
        *("--size", str(COMMAND_SCRATCH_BYTES_MAX), "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--remount-ro", "/dev"),
        *("--size", str(COMMAND_SCRATCH_BYTES_MAX), "--tmpfs", "/tmp"),  # noqa: S108
        *("--dir", "/tmp/home"),  # noqa: S108
        *_mount(binds),
        *_system_links(),
        *("--chdir", str(stage.cwd), "--remount-ro", "/", "--"),
        *(programs.prlimit, *_limits(command.wall_s), "--", *command.argv),
    ]


def _binds(stage: Stage, prefixes: tuple[Path, ...]) -> list[Bind]:
    outside = [path for path in prefixes if not path.is_relative_to(stage.workspace)]
    inside = [path for path in prefixes if path.is_relative_to(stage.workspace)]
    etc = [Path("/etc", name) for name in _ETC]
    return [
        *_system(),
        *((path.resolve(), path) for path in etc if path.exists()),
        *stage.etc,
        *((path.resolve(), path) for path in outside),
        (stage.source, stage.workspace),
        # A virtual environment within the workspace is shown even where the rest is a copy.
        *((path.resolve(), path) for path in inside),
        # Last, so that nothing can be mounted over what covers a secret.
        *stage.covers,
    ]


def _system() -> list[Bind]:
    folders = [Path("/", name) for name in _SYSTEM]
    real = [path for path in folders if path.is_dir() and not path.is_symlink()]
    return [(path, path) for path in (Path("/usr"), *real)]


def _system_links() -> list[str]:
    """/bin and its like, which on most systems are links into /usr."""
    links = [path for name in _SYSTEM if (path := Path("/", name)).is_symlink()]
    return [word for path in links for word in ("--symlink", str(path.readlink()), str(path))]


def _mount(binds: list[Bind]) -> list[str]:
    return [word for source, at in binds for word in ("--ro-bind", str(source), str(at))]


def _environment(prefixes: tuple[Path, ...]) -> list[str]:
    folders = [*(str(path / "bin") for path in prefixes), "/usr/local/bin", "/usr/bin", "/bin"]
    variables = {
        "PATH": ":".join(dict.fromkeys(folders)),
        "HOME": "/tmp/home",  # noqa: S108
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Thread pools sized to the machine run into the limit of processes.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    words = [word for name, value in variables.items() for word in ("--setenv", name, value)]
    return ["--clearenv", *words]


def _limits(wall_s: float) -> list[str]:
    # Set inside the jail: outside, the limit of processes would count all that the user has.
    return [
        f"--as={COMMAND_ADDRESS_BYTES_MAX}",
        f"--nproc={COMMAND_PROCESSES_MAX}",
        f"--fsize={COMMAND_FILE_BYTES_MAX}",
        f"--cpu={int(wall_s) + 2}",
        "--nofile=256",
        "--core=0",
        "--memlock=0",
    ]
