"""Emacs in batch mode with eglot: its questions are printed, and answered by the next line."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_suffix(".el")
WITHIN_S = 40.0
"""How long a question may take to come, and Emacs to end."""


@dataclass(frozen=True, slots=True)
class Held:
    """What Emacs held in the buffer of its file when it ended."""

    text: str
    is_modified: bool


@dataclass(slots=True)
class Emacs:
    """One running Emacs, in which an agent was started or something is completed."""

    process: asyncio.subprocess.Process
    result: Path
    printed: str = ""

    async def is_asked(self, text: str) -> str:
        """Wait until Emacs asks with `text`; everything it printed since the last answer."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while text not in self.printed:
                    if not await self._read():
                        pytest.fail(f"Emacs ended and never asked {text!r}: {self.printed}")
        except TimeoutError:
            pytest.fail(f"never asked {text!r}: {self.printed}")
        return self.printed

    async def answer(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.printed = ""
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def ends(self) -> Held:
        """Wait until the run is over and Emacs has ended by itself."""
        async with asyncio.timeout(WITHIN_S):
            while await self._read():
                pass
            assert await self.process.wait() == 0, self.printed
        held = json.loads(self.result.read_text("utf-8"))
        return Held(held["text"], held["modified"])

    async def _read(self) -> bool:
        assert self.process.stdout is not None
        piece = await self.process.stdout.read(65_536)
        self.printed += piece.decode(errors="replace")
        return bool(piece)


@asynccontextmanager
async def open_emacs(
    program: Path, file: Path, home: Path, environment: Mapping[str, str], command: Sequence[str]
) -> AsyncGenerator[Emacs]:
    """Visit `file` with eglot and this server, and start an agent.

    With `STEWARD_TEST_TYPED` in the environment this is typed and completed instead, and with
    `STEWARD_TEST_POINTED` one of the code actions behind this text is picked.
    """
    home.mkdir(parents=True)
    result = home / "result.json"
    process = await asyncio.create_subprocess_exec(
        *(str(program), "--batch", "--quick", "--load", str(SCRIPT)),
        env={
            **environment,
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "STEWARD_TEST_COMMAND": json.dumps(command),
            "STEWARD_TEST_FILE": str(file),
            "STEWARD_TEST_RESULT": str(result),
        },
        cwd=file.parent,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield Emacs(process, result)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
