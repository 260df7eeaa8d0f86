"""Confines by bubblewrap: namespaces, and a view in which everything is absent but what we show."""

import os
import shutil
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from steward.core.errors import SandboxUnavailableError
from steward.sandbox.cgroup import Group, find_places
from steward.sandbox.filter import refused_calls, refused_with_network
from steward.sandbox.jail import Entry, prefixes
from steward.sandbox.launcher import Command
from steward.sandbox.level import Bounds, Level
from steward.sandbox.stage import Needs, Stage
from steward.sandbox.view import NOBODY, Pipes, Programs, View, argv, extra_words
from steward.sandbox.watch import Disk, GroupMemory, TreeMemory, Watch

_TRUSTED_PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"
"""Not the user's PATH: that may name the workspace."""


class Bubblewrap:
    """The levels `cgroup` and `namespaces`."""

    def __init__(self, bounds: Bounds, *, counts: bool) -> None:
        """Choose the level.

        Args:
            bounds: how much of everything a command may have.
            counts: whether a control group counts memory and processes.
        """
        self.bounds = bounds
        self.level: Level = "cgroup" if counts else "namespaces"

    def missing(self) -> str | None:
        """Programs that are not installed, or control groups that are not ours."""
        if _programs() is None:
            return "its parts are missing: install the packages 'bubblewrap' and 'util-linux'"
        if self.level == "cgroup":
            try:
                find_places()
            except SandboxUnavailableError as error:
                return str(error)
        return None

    def needs(self) -> Needs:
        """A copy where root's own files must be shown to an account without rights."""
        owner = NOBODY if os.geteuid() == 0 else None
        return Needs(prefixes(), owner, self.bounds.copy_bytes)

    def interpreter(self) -> str:
        """Steward's own, which the jail shows."""
        return str(prefixes()[0] / "bin" / "python3")

    @contextmanager
    def enter(self, folder: Path, stage: Stage, command: Command) -> Generator[Entry]:
        """The command line of bubblewrap, and a control group around it."""
        with ExitStack() as stack:
            report, pipes = stack.enter_context(_open_pipes(command))
            group = self._group(stack)
            line = self._line(stage, command, pipes)
            yield Entry(
                argv=group.entered(line) if group else line,
                pass_fds=(pipes.report, pipes.filter, pipes.words),
                report=report,
                watches=self._watches(stage, group),
                # Killing bubblewrap ends the process namespace; nothing is out of its reach.
                end=lambda _: None,
                has_run_out=group.has_run_out if group else lambda: False,
            )

    def _group(self, stack: ExitStack) -> Group | None:
        if self.level != "cgroup":
            return None
        group = find_places().make(self.bounds)
        stack.callback(group.end)
        return group

    def _line(self, stage: Stage, command: Command, pipes: Pipes) -> list[str]:
        programs = _programs()
        if programs is None:
            raise SandboxUnavailableError("bubblewrap is not installed any more; install it again.")
        shown = tuple(path for path in prefixes() if not path.is_relative_to("/usr"))
        return argv(View(programs, pipes, stage, command, self.bounds, shown))

    def _watches(self, stage: Stage, group: Group | None) -> tuple[Watch, ...]:
        memory = GroupMemory(group) if group else TreeMemory(self.bounds.resident_bytes)
        return (memory, Disk(stage.source, self.bounds)) if stage.writable else (memory,)


@contextmanager
def _open_pipes(command: Command) -> Generator[tuple[int, Pipes]]:
    """Where we read bubblewrap's report, and the ends that are bubblewrap's."""
    calls = refused_with_network() if command.has_network else refused_calls()
    with ExitStack() as stack:
        report, report_end = os.pipe()
        stack.callback(os.close, report)
        stack.callback(os.close, report_end)
        os.set_blocking(report, False)
        filter_end = stack.enter_context(_filled(calls))
        words_end = stack.enter_context(_filled(extra_words(command)))
        yield report, Pipes(report_end, filter_end, words_end)


@contextmanager
def _filled(content: bytes) -> Generator[int]:
    """A pipe's end to read this from."""
    end, start = os.pipe()
    try:
        # It is small: a pipe takes it before anybody reads.
        os.set_blocking(start, False)
        try:
            os.write(start, content)
        finally:
            os.close(start)
        yield end
    finally:
        os.close(end)


def _programs() -> Programs | None:
    found = [shutil.which(name, path=_TRUSTED_PATH) for name in ("bwrap", "prlimit", "setpriv")]
    bwrap, prlimit, setpriv = found
    if bwrap is None or prlimit is None or setpriv is None:
        return None
    return Programs(bwrap, prlimit, setpriv)
