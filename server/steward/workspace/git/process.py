"""The only file that runs git: every call of it is one of these, bounded in time and output."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import IO, TYPE_CHECKING

from steward.core.agent_limits import (
    GIT_DRIVERS_MAX,
    GIT_OUTPUT_BYTES_MAX,
    PUSH_SAID_BYTES_MAX,
    PUSH_WALL_S,
)
from steward.core.errors import LimitError, NotFoundError, UnavailableError
from steward.core.limits import GIT_WALL_S
from steward.workspace.git.command import (
    git_command,
    git_environment,
    git_words,
    trusted_git,
)

if TYPE_CHECKING:
    from git.cmd import Git as GitCommand

_FILTER = re.compile(r"filter\..*\.(?:clean|smudge|process|required)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What git said."""

    status: int
    out: bytes
    error: str
    is_cut: bool
    """It said more than was wanted; the rest was thrown away."""


@dataclass(frozen=True, slots=True)
class GitProcess:
    """git in one folder. All of this blocks: call it on a thread."""

    root: Path

    def run(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> bytes:
        """What git printed.

        Raises:
            NotFoundError: there is no repository.
            UnavailableError: git failed.
            LimitError: it printed more than we take.
        """
        answer = self.attempt(*arguments, stdin=stdin, env=env)
        if answer.status != 0:
            raise failed(answer.error)
        if answer.is_cut:
            raise LimitError(f"git printed more than {GIT_OUTPUT_BYTES_MAX} bytes; ask for less.")
        return answer.out

    def attempt(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        bytes_max: int = GIT_OUTPUT_BYTES_MAX,
    ) -> Answer:
        """Run git to its end, whatever it says. Every call to git is this one."""
        kept = _Kept(bytes_max)
        with tempfile.TemporaryFile() as given:
            given.write(stdin or b"")
            given.seek(0)
            status, _, error = _git(self.root).execute(
                [*git_command(self.root, env or {}), *arguments],
                istream=given,
                output_stream=kept,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                kill_after_timeout=GIT_WALL_S,
            )
        return Answer(status, bytes(kept.content), str(error), kept.is_cut)

    def reach(
        self,
        apart: Path,
        *arguments: str,
        env: Mapping[str, str],
        wall_s: float = PUSH_WALL_S,
    ) -> Answer:
        """Run git against a remote, in a repository apart that has no configuration of anybody's.

        `env` may hold a token: it is given as it is, where `attempt` would spell it in the words
        of a command, which every process of the machine can read. Both outputs come as one.
        """
        program = trusted_git(self.root)
        # No home either: neither `.gitconfig` nor `.netrc` decides where something is sent.
        given = {**git_environment(program), "HOME": str(apart), "GIT_CONFIG_GLOBAL": os.devnull}
        words = [*git_words(program), f"--git-dir={apart}", *arguments]
        with subprocess.Popen(  # noqa: S603 - no shell, and an absolute program.
            words,
            cwd=apart,
            env={**given, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            timer = Timer(wall_s, _end, (process,))
            timer.daemon = True
            timer.start()
            try:
                kept = _drained(process.stdout)
                status = process.wait()
            finally:
                timer.cancel()
                if process.returncode is None:
                    _end(process)
        said = kept.content.decode(errors="replace")
        return Answer(status, bytes(kept.content), said, kept.is_cut)

    def without_filters(self) -> dict[str, str]:
        """Variables under which no filter of the repository runs, whatever it is called.

        Only git knows all its configuration (there may be includes), and a filter's name may hold
        any character, so the names are asked for and given back as variables, not as options.
        """
        listed = self.run("config", "--list", "--includes", "--name-only", "-z").decode(
            errors="surrogateescape"
        )
        names = sorted({name for name in listed.split("\0") if _FILTER.fullmatch(name)})
        if len(names) > GIT_DRIVERS_MAX:
            raise LimitError(f"The repository configures over {GIT_DRIVERS_MAX} filters.")
        variables = {"GIT_CONFIG_COUNT": str(len(names))}
        for number, name in enumerate(names):
            variables[f"GIT_CONFIG_KEY_{number}"] = name
            variables[f"GIT_CONFIG_VALUE_{number}"] = "false" if name.endswith("required") else ""
        return variables


@dataclass(slots=True)
class _Kept:
    """Takes what is written to it, up to its size; the rest goes nowhere."""

    size: int
    content: bytearray = field(default_factory=bytearray)
    is_cut: bool = False

    def write(self, piece: bytes) -> int:
        room = self.size - len(self.content)
        self.content += piece[:room]
        self.is_cut = self.is_cut or len(piece) > room
        return len(piece)


def _drained(stream: IO[bytes] | None) -> _Kept:
    """What comes until the end of it; git is not held up by what nobody wants to read."""
    kept = _Kept(PUSH_SAID_BYTES_MAX)
    while stream is not None and (piece := stream.read(65_536)):
        kept.write(piece)
    return kept


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End git and whatever it started; what is left of these may outlive it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def failed(error: str) -> NotFoundError | UnavailableError:
    """What to raise where git failed with these words."""
    if "not a git repository" in error:
        return NotFoundError("The workspace is not in a git repository; run `git init` first.")
    return UnavailableError(f"git failed: {error.strip()[:500]}")


def _git(root: Path) -> "GitCommand":
    # Imported on first use: it is slow, and it looks for git and fails without it.
    trusted_git(root)
    from git.cmd import Git as GitCommand

    return GitCommand(str(root))
