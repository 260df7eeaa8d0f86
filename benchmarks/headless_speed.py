"""What a cold `steward agent run` takes: a one-word edit that a policy approves, in a new process.

The model answers at once, the data folder has been used before, and Python has compiled the
modules, as an installation does.
"""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.agent_speed import FILE, edit_script
from demo.scripted_model import ScriptedModel
from demo.shop import open_shop
from tests.environment import steward_environment

RUNS = 7
_POLICY = """
version = 1
[[rules]]
name = "benchmark"
agents = ["fix"]
workspaces = ["{}"]
plans = ["edit_file"]
edits = ["edit(shop/**)"]
"""


@dataclass(frozen=True, slots=True)
class ColdRun:
    """One process, from its start to its end."""

    wall_s: float
    cpu_s: float
    """User and system, of the process and all that it started."""
    peak_mb: float
    calls: int
    """Requests that reached the model."""


async def cold_runs(runs: int = RUNS) -> list[ColdRun]:
    """The same edit, made and taken back, each time by a process of its own."""
    seen: list[ColdRun] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shop = await asyncio.to_thread(open_shop, folder / "shop")
        policy = folder / "policy.toml"
        policy.write_text(_POLICY.format(shop.folder))
        async with ScriptedModel(edit_script) as model:
            own = {
                "STEWARD_POLICY_FILE": str(policy),
                "STEWARD_CONFIG_DIR": str(folder / "config"),
                "PYTHONDONTWRITEBYTECODE": "",
                "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
            }
            environment = steward_environment(folder / "data", model.url, own)
            for number in range(runs + 1):
                (shop.folder / FILE).write_text('COLOUR = "red"\n')
                known = len(model.exchanges)
                took = await asyncio.to_thread(_run, shop.folder, environment)
                assert "green" in (shop.folder / FILE).read_text()
                if number:  # The first makes the database and the compiled modules.
                    seen.append(ColdRun(*took, len(model.exchanges) - known))
    return seen


def _run(folder: Path, environment: Mapping[str, str]) -> tuple[float, float, float]:
    """Wall and CPU seconds, and the peak in MB."""
    command = (sys.executable, "-m", "steward", "agent", "run", "fix", "Make red into green.")
    began = time.perf_counter()
    with subprocess.Popen(
        (*command, "--json"), cwd=folder, env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        told = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    assert process.returncode == 0, told.decode()
    return took, _cpu_s(used), used.ru_maxrss / 1024


def _cpu_s(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime
