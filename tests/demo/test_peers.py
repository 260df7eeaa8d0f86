"""The measure that is laid on other people's agents and ours holds all that they start."""

import os
import sys
import threading
from pathlib import Path

from benchmarks.peers.processes import run

MEMORY_MB = 40
CHILD = f"held = bytearray({MEMORY_MB} * 2**20); import time; time.sleep(0.3)"
ORPHAN = """
import os, pathlib, sys, time
if os.fork():
    while not pathlib.Path("left").exists():
        time.sleep(0.01)
    sys.exit(7)
os.setsid()
pathlib.Path("begun").write_text(str(os.getpid()))
pathlib.Path("begun").rename("left")
time.sleep(30)
"""


def started(program: str, folder: Path, enough: threading.Event | None = None):
    command = [sys.executable, "-I", "-c", program]
    return run(command, folder, dict(os.environ), 20, enough or threading.Event())


def test_the_memory_of_children_counts(tmp_path: Path) -> None:
    two = f"import subprocess, sys; c = [sys.executable, '-c', {CHILD!r}]\n"
    two += "for each in [subprocess.Popen(c) for _ in range(2)]: each.wait()"

    used = started(two, tmp_path)

    assert used.exit_code == 0, used.said
    assert used.peak_mb > 2 * MEMORY_MB


def test_what_is_left_running_is_ended(tmp_path: Path) -> None:
    used = started(ORPHAN, tmp_path)

    assert used.exit_code == 7, used.said
    assert not Path(f"/proc/{(tmp_path / 'left').read_text()}").exists()


def test_a_program_is_ended_when_there_was_enough(tmp_path: Path) -> None:
    enough = threading.Event()
    enough.set()

    assert started("import time; time.sleep(30)", tmp_path, enough).exit_code is None
