"""Tests a jail by trying what it promises to prevent, before the first command is let in.

That a jail starts says nothing: what counts is whether the host sees something that it should not.
"""

import asyncio
import json
import os
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.sandbox.jail import Confinement, Jail
from steward.sandbox.launcher import Command, Outcome
from steward.sandbox.level import Bounds

PROBE_BOUNDS = Bounds(wall_s=20.0, resident_bytes=64 << 20, processes=24)
"""Small, so that a protection that fails costs little."""
_HELD_BYTES = 100 << 20
_MORE = 16
_CANARY = "nothing of this may be seen"
_TRIES = 3
"""Where the kernel counts the processes of the whole account, others of it that end meanwhile make
room for more: then the count alone is taken again. A jail that does not count fails each time."""

_PROBE = """
import _thread, json, os, socket, sys, time
outside, port, forks, held = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
def tried(act):
    try: act()
    except OSError: return False
    return True
def write(path): os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
def reach(family, address):
    with socket.socket(family) as caller: caller.settimeout(2); caller.connect(address)
done = {
    'wrote outside': tried(lambda: write(outside + '/written')),
    'wrote to the workspace': tried(lambda: write('written')),
    'read outside': tried(lambda: open(outside + '/secret').read()),
    'reached the network': tried(lambda: reach(socket.AF_INET, ('127.0.0.1', port))),
    'reached a socket': tried(lambda: reach(socket.AF_UNIX, '\\0' + outside)),
    'reached its parent': tried(lambda: os.kill(int(sys.argv[5]), 0)),
}
def fork():
    if os.fork() == 0: os._exit(0)
started = 0
try:
    while started < forks: _thread.start_new_thread(time.sleep, (20,)); started += 1
except RuntimeError: pass
done['started too many threads'] = started >= forks
done['started too many processes'] = tried(fork)
print(json.dumps(done), flush=True)
kept = bytearray(held)
for place in range(0, held, 4096): kept[place] = 1
time.sleep(20)
"""


async def why_not(confinement: Confinement, clock: Clock) -> str | None:
    """What is wrong with the jail; `None`: it holds."""
    missing = await asyncio.to_thread(confinement.missing)
    if missing is not None:
        return missing
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="steward-jail-test-"))
    try:
        with socket.socket() as network, socket.socket(socket.AF_UNIX) as local:
            return await _tried(confinement, clock, folder, network, local)
    except (StewardError, OSError) as error:
        return str(error)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _tried(
    confinement: Confinement,
    clock: Clock,
    folder: Path,
    network: socket.socket,
    local: socket.socket,
) -> str | None:
    inside, outside = await asyncio.to_thread(_laid_out, folder)
    network.bind(("127.0.0.1", 0))
    local.bind(f"\0{outside}")
    for each in (network, local):
        each.listen()
    words = (str(outside), network.getsockname()[1], PROBE_BOUNDS.processes + _MORE, _HELD_BYTES)
    python = await asyncio.to_thread(confinement.interpreter)
    argv = (python, "-I", "-S", "-c", _PROBE, *map(str, words), str(os.getpid()))
    written = (outside / "written", inside / "written")
    reason = None
    for _ in range(_TRIES):
        outcome = await Jail(confinement, clock).run(Command(argv, inside, inside))
        if any(await asyncio.to_thread(lambda: [each.exists() for each in written])):
            return "it does not hold: a probe wrote outside of it"
        reason = _judged(outcome)
        if not _only_counted(outcome):
            break
    return reason


def _laid_out(folder: Path) -> tuple[Path, Path]:
    """A workspace, and a folder outside of it."""
    inside, outside = folder / "inside", folder / "outside"
    for each in (inside, outside):
        each.mkdir()
        # Others may do what they like here: only the jail can be what prevents it.
        each.chmod(0o777)
    folder.chmod(0o755)
    (outside / "secret").write_text(_CANARY)
    return inside, outside


def _done(outcome: Outcome) -> dict[str, Any]:
    """What the probe tried, and whether it succeeded; nothing where it did not run."""
    with suppress(ValueError):
        return json.loads(outcome.output.partition("\n")[0])
    return {}


def _only_counted(outcome: Outcome) -> bool:
    """Whether all that succeeded is what others of the same account can make room for."""
    broken = [name for name, succeeded in _done(outcome).items() if succeeded]
    return bool(broken) and all(name.startswith("started too many") for name in broken)


def _judged(outcome: Outcome) -> str | None:
    done = _done(outcome)
    if not done:
        return f"its test did not run: {outcome.verdict()} {outcome.output.strip()[:500]}"
    broken = [name for name, succeeded in done.items() if succeeded]
    if broken:
        return f"it does not hold: a probe {', '.join(broken)}"
    if outcome.ended_for != "memory":
        return "it does not hold: a probe used too much memory and was not ended for it"
    return None
