"""What a command sees from inside: the argument list for bubblewrap, built from nothing up.

Everything is absent until a line here puts it there.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from steward.core.agent_limits import COMMAND_FILES_OPEN_MAX
from steward.sandbox.launcher import Command
from steward.sandbox.level import Bounds
from steward.sandbox.stage import Stage

_SYSTEM = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
_ETC = ("ld.so.cache", "alternatives", "localtime")
_FROM = Path("/from")
NOBODY = 65534
"""The account without rights that a jail has where Steward runs as root."""

_MOVED = "The working folder was replaced while the jail was being built."
_UNMOVED = """
[ "$(/usr/bin/stat -c %d:%i .)" = "$1" ] || { echo "$2"; exit 125; }
shift 2; exec "$@"
"""

Bind = tuple[Path, Path, bool]
"""What to mount, where, and whether it can be written."""


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
    words: int
    """It reads from here what is not to stand in the list of processes."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything that goes into one jail."""

    programs: Programs
    pipes: Pipes
    stage: Stage
    command: Command
    bounds: Bounds
    prefixes: tuple[Path, ...]
    """The folders of Steward's own interpreter."""


def argv(view: View) -> list[str]:
    """The whole command line."""
    binds = [
        *_binds(view.stage, (*view.prefixes, *view.command.shown)),
        *(_network_files() if view.command.has_network else ()),
    ]
    return _jail(view, binds) if os.geteuid() != 0 else _as_nobody(view, binds)


def was_moved(exit_code: int | None, output: str) -> bool:
    """Whether the command was not started because its folder is not the one that was prepared.

    A command can say so of itself too, and is then not believed to have run.
    """
    return exit_code == 125 and output.startswith(_MOVED)


def _as_nobody(view: View, binds: list[Bind]) -> list[str]:
    """The same jail, entered from an account without rights when Steward runs as root.

    Root is given up before the jail is built, because a jail built by root leaves root's own
    files within reach of what runs there. But that account may not pass the folders above the
    workspace or the interpreter (often below /root). So root first makes a plain view in which
    everything the jail will mount lies in one open folder, and does nothing else.

    The view has a process namespace too, which ends with Steward: changing the account clears the
    wish to die with the parent, and a parent that has given up its rights may not kill another
    account's processes, not even by dying.
    """
    programs = view.programs
    sources = dict.fromkeys((source, writable) for source, _, writable in binds)
    moved = {source: _FROM / str(number) for number, source in enumerate(sources)}
    inner = [(moved[source, writable], target, writable) for source, target, writable in binds]
    outer = [(source, moved[source, writable], writable) for source, writable in sources]
    return [
        *(programs.bwrap, "--die-with-parent", "--unshare-pid", "--tmpfs", "/tmp"),  # noqa: S108
        *("--perms", "0755", "--dir", str(_FROM)),
        *("--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev"),
        *_mount([*_system(), *outer]),
        *_system_links(),
        *("--", programs.setpriv, "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
        *("--no-new-privs", "--"),
        *_jail(view, inner),
    ]


def _jail(view: View, binds: list[Bind]) -> list[str]:
    """Every isolation that bubblewrap has, then the view, then the program under its limits.

    This is the comment that explains the jail in full. The user namespace makes it possible
    without rights and has exactly one account in it, which is not root; `--disable-userns` keeps
    the command from making another in which it would be. The network namespace holds nothing but
    a loopback of its own, unless the command was given the machine's: then its filter refuses the
    sockets of this machine's other programs. The process namespace ends with its first process, so
    nothing started here outlives the command: no daemon, no double fork. `--new-session` takes away
    the terminal (TIOCSTI would type into it). The filter refuses the calls that no namespace and no
    limit covers. /proc and /dev are mounted read-only after they are made: the one leads to kernel
    settings, the other is memory without a limit. What can be written are /tmp and /dev/shm, both
    of a fixed size, both memory, both gone at the end; and the copy of the workspace, where the
    command has one. The last thing before the limits and the command is a look at the working
    folder: mounts are made by name, and what counts is which folder it is.
    """
    pipes, stage, bounds = view.pipes, view.stage, view.bounds
    scratch = str(bounds.scratch_bytes)
    network = () if view.command.has_network else ("net",)
    namespaces = ("user", "pid", *network, "ipc", "uts", "cgroup-try")
    return [
        *(view.programs.bwrap, *(f"--unshare-{name}" for name in namespaces), "--disable-userns"),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--uid", "1000", "--gid", "1000", "--hostname", "jail"),
        *("--json-status-fd", str(pipes.report), "--seccomp", str(pipes.filter)),
        *_environment(view.prefixes),
        *("--args", str(pipes.words)),
        *("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"),
        *("--size", scratch, "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--remount-ro", "/dev"),
        *("--size", scratch, "--tmpfs", "/tmp"),  # noqa: S108
        *("--dir", "/tmp/home"),  # noqa: S108
        *_mount(binds),
        *_system_links(),
        *("--chdir", str(stage.cwd), "--remount-ro", "/", "--"),
        *("/bin/sh", "-c", _UNMOVED, "jail", stage.identity, _MOVED),
        *(view.programs.prlimit, *_limits(view), "--", *view.command.argv),
    ]


def _binds(stage: Stage, prefixes: tuple[Path, ...]) -> list[Bind]:
    outside = [path for path in prefixes if not path.is_relative_to(stage.workspace)]
    inside = [path for path in prefixes if path.is_relative_to(stage.workspace)]
    etc = [Path("/etc", name) for name in _ETC]
    return [
        *_system(),
        *_shown((path.resolve(), path) for path in etc if path.exists()),
        *_shown(stage.etc),
        *_shown((path.resolve(), path) for path in outside),
        (stage.source, stage.workspace, stage.writable),
        # A virtual environment within the workspace is shown even where the rest is a copy.
        *_shown((path.resolve(), path) for path in inside),
        # Last, so that nothing can be mounted over what covers a secret.
        *_shown(stage.covers),
    ]


def _network_files() -> list[Bind]:
    """What names and certificates are looked up in, where there is a network."""
    names = ("resolv.conf", "nsswitch.conf", "ssl", "pki", "ca-certificates", "crypto-policies")
    found = [Path("/etc", name) for name in names]
    return _shown((path.resolve(), path) for path in found if path.exists())


def extra_words(command: Command) -> bytes:
    """The arguments for bubblewrap that may hold secrets, each ended by a NUL."""
    words = [w for name, value in command.environment.items() for w in ("--setenv", name, value)]
    return b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words)


def _shown(places: Iterable[tuple[Path, Path]]) -> list[Bind]:
    return [(source, target, False) for source, target in places]


def _system() -> list[Bind]:
    folders = [Path("/", name) for name in _SYSTEM]
    real = [path for path in folders if path.is_dir() and not path.is_symlink()]
    return _shown((path, path) for path in (Path("/usr"), *real))


def _system_links() -> list[str]:
    """/bin and its like, which on most systems are links into /usr."""
    links = [path for name in _SYSTEM if (path := Path("/", name)).is_symlink()]
    return [word for path in links for word in ("--symlink", str(path.readlink()), str(path))]


def _mount(binds: list[Bind]) -> list[str]:
    words: list[str] = []
    for source, target, writable in binds:
        words += ["--bind" if writable else "--ro-bind", str(source), str(target)]
    return words


def _environment(prefixes: tuple[Path, ...]) -> list[str]:
    variables = environment(prefixes, "/tmp/home", "/tmp")  # noqa: S108
    words = [word for name, value in variables.items() for word in ("--setenv", name, value)]
    return ["--clearenv", *words]


def environment(prefixes: tuple[Path, ...], home: str, scratch: str) -> dict[str, str]:
    """All variables that a command has; nothing of ours is among them."""
    folders = [*(str(path / "bin") for path in prefixes), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": ":".join(dict.fromkeys(folders)),
        "HOME": home,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Thread pools sized to the machine run into the limit of processes.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _limits(view: View) -> list[str]:
    # Set inside the jail: outside, the limit of processes would count all that the user has.
    bounds = view.bounds
    return [
        f"--as={bounds.address_bytes}",
        f"--nproc={bounds.processes}",
        f"--fsize={bounds.file_bytes}",
        f"--cpu={int(min(view.command.wall_s, bounds.wall_s)) + 2}",
        f"--nofile={COMMAND_FILES_OPEN_MAX}",
        "--core=0",
        "--memlock=0",
    ]
