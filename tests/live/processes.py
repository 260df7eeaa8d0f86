"""Other processes at work on a test's database."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from tests.environment import ROOT


@contextmanager
def running(module: str, *arguments: Sequence[str]) -> Generator[list[subprocess.Popen[bytes]]]:
    """The module, once for each list of arguments; killed at the end where they still run."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", module, *each],
            env={"PYTHONPATH": f"{ROOT / 'server'}:{ROOT}", "PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        for each in arguments
    ]
    try:
        yield children
    finally:
        for child in children:
            child.kill()
            child.communicate()


async def ended(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Return when all have ended, and well."""
    for child in children:
        assert await asyncio.to_thread(child.wait, 50) == 0
