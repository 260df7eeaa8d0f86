"""Confines where there are no namespaces: Landlock, a filter of system calls, and limits.

Nothing can be mounted and nothing is out of sight by itself. So the command is given a copy of the
workspace, in which secrets are blank, and a folder for scratch files; Landlock lets it open these
and the programs of the system and nothing else, and the filter refuses what Landlock does not
cover: sockets, other processes, and files that are changed without being opened.
"""

import json
import os
import signal
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import steward
from steward.core.agent_limits import COMMAND_FILES_OPEN_MAX
from steward.core.errors import SandboxUnavailableError
from steward.sandbox.filter import refused_without_namespaces
from steward.sandbox.jail import Entry, prefixes
from steward.sandbox.launcher import Command
from steward.sandbox.level import Bounds, Level
from steward.sandbox.memory import processes_of_session
from steward.sandbox.stage import Needs, Stage
from steward.sandbox.system import (
    CHANGE,
    FILE_WRITE,
    LANDLOCK_NEEDED,
    LOOK,
    READ,
    landlock_version,
)
from steward.sandbox.view import NOBODY, environment
from steward.sandbox.watch import Disk, SessionMemory

_SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/etc/alternatives")
_FILES = {
    "/etc/ld.so.cache": READ,
    "/etc/localtime": READ,
    "/dev/null": FILE_WRITE,
    "/dev/zero": FILE_WRITE,
    "/dev/full": FILE_WRITE,
    "/dev/random": READ,
    "/dev/urandom": READ,
}
_START = (
    "import sys; sys.path.insert(0, sys.argv[1])\nfrom steward.sandbox.guard import main; main()"
)
_SYSTEM_PYTHON = Path("/usr/bin/python3")
_LOOKS = 100


@dataclass(frozen=True, slots=True)
class Orders:
    """What the guard does; it is handed over in a file of its own."""

    argv: list[str]
    cwd: str
    identity: str
    environment: dict[str, str]
    rules: list[tuple[str, int]]
    filter: str
    """The file with the filter's program."""
    limits: dict[str, int]
    """Name of a limit in `resource` → its value."""
    account: int | None
    """Whom to become first; `None`: stay who we are."""
    report: int
    life: int
    """A pipe whose other end is ours; when it closes, all ends."""


class Landlock:
    """The level `landlock`."""

    level: Level = "landlock"

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds

    def missing(self) -> str | None:
        """A kernel that is too old, or an account that cannot be left."""
        version = landlock_version()
        if version < LANDLOCK_NEEDED:
            found = f"version {version}" if version else "none"
            return (
                f"it needs version {LANDLOCK_NEEDED} of Landlock (Linux 6.12) and finds {found};"
                " where a container's settings refuse it, allow it there"
            )
        if os.geteuid() == 0 and not _others_may_use(Path(self.interpreter())):
            return "no other account may run Python here; run Steward as an ordinary user"
        return None

    def needs(self) -> Needs:
        """Always a copy, which belongs to the account that the command runs under."""
        owner = NOBODY if os.geteuid() == 0 else None
        return Needs((), owner, self.bounds.copy_bytes, always_copy=True)

    def interpreter(self) -> str:
        """Steward's own, or the system's where Steward's is out of reach for others."""
        own = prefixes()[0] / "bin" / "python3"
        if os.geteuid() != 0 or _others_may_use(own):
            return str(own)
        return str(_SYSTEM_PYTHON)

    @contextmanager
    def enter(self, folder: Path, stage: Stage, command: Command) -> Generator[Entry]:
        """The command line of the guard, which gives up its rights and becomes the command."""
        if command.has_network:
            raise SandboxUnavailableError(
                "The level 'landlock' gives no network, and this program was to have it. Install"
                " 'bubblewrap' and allow user namespaces, or take the network from the program."
            )
        report, report_end = os.pipe()
        life, alive = os.pipe()
        opened = {report, report_end, life, alive}
        try:
            os.set_blocking(report, False)
            orders = self._orders(folder, stage, command, report_end, life)
            written = folder / "orders"
            written.write_text(json.dumps(asdict(orders)), "utf-8")
            source = str(Path(steward.__file__).parents[1])
            start = [sys.executable, "-I", "-S", "-B", "-c", _START, source, str(written)]
            yield Entry(
                argv=start,
                pass_fds=(report_end, life),
                report=report,
                watches=(
                    SessionMemory(self.bounds.resident_bytes),
                    Disk(folder, self.bounds),
                ),
                end=_end,
                has_run_out=lambda: False,
            )
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _orders(
        self, folder: Path, stage: Stage, command: Command, report: int, life: int
    ) -> Orders:
        account = NOBODY if os.geteuid() == 0 else None
        scratch = folder / "scratch"
        (scratch / "home").mkdir(parents=True)
        program = folder / "filter"
        program.write_bytes(refused_without_namespaces())
        if account is not None:
            # The folder itself stays shut for everybody else.
            for path in (folder, scratch, scratch / "home"):
                os.chown(path, account, account)
        return Orders(
            argv=list(command.argv),
            cwd=str(stage.source_cwd),
            identity=stage.identity,
            environment={
                **environment(prefixes(), str(scratch / "home"), str(scratch)),
                **command.environment,
            },
            rules=_rules(stage, scratch, command.shown),
            filter=str(program),
            limits=self._limits(command, account),
            account=account,
            report=report,
            life=life,
        )

    def _limits(self, command: Command, account: int | None) -> dict[str, int]:
        bounds = self.bounds
        others = _processes_of(os.getuid() if account is None else account)
        return {
            "RLIMIT_AS": bounds.address_bytes,
            # All that the account has counts, and not only what is in the jail.
            "RLIMIT_NPROC": others + bounds.processes,
            "RLIMIT_FSIZE": bounds.file_bytes,
            "RLIMIT_CPU": int(min(command.wall_s, bounds.wall_s)) + 2,
            "RLIMIT_NOFILE": COMMAND_FILES_OPEN_MAX,
            "RLIMIT_CORE": 0,
            "RLIMIT_MEMLOCK": 0,
        }


def _rules(stage: Stage, scratch: Path, shown: tuple[Path, ...]) -> list[tuple[str, int]]:
    """Path → what may be done there; what is not named is shut."""
    rules = dict.fromkeys(_SYSTEM, LOOK) | _FILES
    rules |= {str(path.resolve()): LOOK for path in (*prefixes(), *shown)}
    if stage.copy is not None:
        rules |= {str(stage.workspace / path): LOOK for path in stage.copy.apart}
    rules[str(stage.source)] = CHANGE if stage.writable else LOOK
    rules[str(scratch)] = CHANGE
    return [(path, rights) for path, rights in rules.items() if os.path.exists(path)]


def _others_may_use(program: Path) -> bool:
    """Whether an account without rights may run it: every folder on the way lets it pass."""
    try:
        path = program.resolve(strict=True)
    except OSError:
        return False
    above = all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))
    return above and bool(path.stat().st_mode & stat.S_IROTH)


def _processes_of(user: int) -> int:
    """Processes and threads of an account."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if folder.stat().st_uid == user:
                total += len(os.listdir(folder / "task"))
    return total


def _end(session: int) -> None:
    """End what is left of a jail, should its guard not have done so."""
    for _ in range(_LOOKS):
        left = processes_of_session(session)
        if not left:
            return
        for each in left:
            with suppress(OSError):
                _kill(each, session)


def _kill(process: int, session: int) -> None:
    handle = os.pidfd_open(process)
    try:
        # Its number may be another process's by now; what the handle holds is asked about again.
        if process in processes_of_session(session):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    finally:
        os.close(handle)
