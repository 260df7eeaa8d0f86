"""A model that takes its time as real ones do, in a process of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from demo.replies import JsonObject, Reply
from demo.script import play
from demo.scripted_model import ScriptedModel
from tests.environment import ROOT, clean_environment

FIRST_PIECE_S = 0.2
PIECE_S = 0.02
PIECES = 150


@contextmanager
def slow_model() -> Generator[str]:
    """The base URL of a slow model, as long as the block lasts."""
    paths = os.pathsep.join([str(ROOT / "server"), str(ROOT)])
    child = subprocess.Popen(
        (sys.executable, "-m", "benchmarks.slow_model"),
        env=clean_environment() | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        yield child.stdout.readline().strip()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def _script(request: JsonObject) -> Reply:
    if "[task: completion]" in str(request["messages"][0]["content"]):
        reply = Reply(pieces=("word ",) * PIECES)
    else:
        reply = play(request)
    return replace(reply, delay_s=FIRST_PIECE_S, piece_delay_s=PIECE_S)


async def _main() -> None:
    async with ScriptedModel(_script) as model:
        print(model.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
