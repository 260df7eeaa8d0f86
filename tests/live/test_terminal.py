"""`steward live`: the same at a shell, from the database itself."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from steward.core.database import open_database
from steward.core.login import login_name
from tests.environment import ROOT
from tests.live.happenings import WORDS, put, run_row, step_row
from tests.places import Place


def _follow(place: Place, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    more = {"STEWARD_DATABASE": place} if isinstance(place, str) else {}
    return subprocess.run(
        [sys.executable, "-m", "steward", "live", *arguments],
        env={
            "PYTHONPATH": str(ROOT / "server"),
            "PATH": os.environ["PATH"],
            "STEWARD_DATA_DIR": str(folder),
            **more,
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


async def test_what_happened_is_written_line_by_line(place: Place, tmp_path: Path) -> None:
    async with open_database(place) as database:
        user = login_name()
        await put(database, run_row("run-1", user), step_row("run-1", "plan", ok=False))
    wanted = ("--after", "0", "--limit", "2")
    told = await asyncio.to_thread(_follow, place, tmp_path, *wanted, "--json")
    assert told.returncode == 0, told.stderr
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [each["detail"]["change"] for each in lines] == ["begun", "step"]
    words = await asyncio.to_thread(_follow, place, tmp_path, *wanted)
    assert [line.split()[2:5] for line in words.stdout.splitlines()] == [["run", user, "run-1"]] * 2
    assert WORDS not in told.stdout + words.stdout


async def test_a_kind_that_there_is_not_is_refused(tmp_path: Path) -> None:
    told = await asyncio.to_thread(_follow, tmp_path / "steward.db", tmp_path, "--kinds", "gossip")
    assert told.returncode == 2
    assert "approval, budget, cost, extension, run" in told.stderr
