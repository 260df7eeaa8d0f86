"""`python -m benchmarks.cli_page [--write]`: how soon a command answers somebody at a shell."""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks import page
from benchmarks.page import Row
from demo.editor import STEWARD
from steward.core.database import open_database

_TIMES = 20
_HELP_MS, _STATUS_MS, _COMPLETE_MS = 150.0, 400.0, 300.0
_IMPORTS = "most of it is the interpreter and what it imports; see how busy the machine was"


def main() -> None:
    """Measure once; leave with 1 when a limit is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cli_page", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"also write into {page.PAGE.name}")
    options = parser.parse_args()
    if options.write and page.is_busy():
        sys.exit("The machine is busy with other things; what is written would tell of those.")
    rows = measured_rows()
    text = _section(rows, datetime.now(UTC).date())
    print(text)
    if options.write:
        page.write_section(page.CLI_HEADING, text)
    sys.exit(not all(row.is_held for row in rows))


def measured_rows() -> list[Row]:
    """Whole processes, from their start to their end, on a database that is there."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "STEWARD_DATA_DIR": folder}
        asyncio.run(_made(Path(folder) / "steward.db"))
        floor = _samples((sys.executable, "-c", "pass"), environment)
        return [
            _row("`steward --help`", ("--help",), environment, floor, _HELP_MS),
            _row("`steward status`", ("status",), environment, floor, _STATUS_MS),
            _row(
                "a press of the key that completes a run's id",
                ("complete", "run", "show", ""),
                environment,
                floor,
                _COMPLETE_MS,
            ),
        ]


async def _made(file: Path) -> None:
    async with open_database(file):
        pass


def _row(
    what: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    floor: Sequence[float],
    limit_ms: float,
) -> Row:
    samples = _samples((*STEWARD[:-1], *words), environment)
    median = statistics.median(samples)
    return Row(
        what,
        f"{median:.0f} ms (worst {max(samples):.0f} ms)",
        f"{statistics.median(floor):.0f} ms",
        f"{limit_ms:.0f} ms",
        median <= limit_ms,
        _IMPORTS,
    )


def _samples(argv: Sequence[str], environment: Mapping[str, str]) -> list[float]:
    """Milliseconds of each run, the first of which is not counted."""
    found: list[float] = []
    for _ in range(_TIMES + 1):
        began_s = time.perf_counter()
        subprocess.run(argv, env=environment, stdout=subprocess.DEVNULL, check=False)
        found.append((time.perf_counter() - began_s) * 1000)
    return found[1:]


def _section(rows: list[Row], today: date) -> str:
    return (
        f"\nWritten by `python -m benchmarks.cli_page --write` on {today.isoformat()}.\n\n"
        f"{page.table(rows, floor='an empty Python program')}\n"
        f"Whole processes, medians of {_TIMES} after one that is not counted, with the files in the"
        f" system's memory. Measured on: {page.machine()}.\n"
    )


if __name__ == "__main__":
    main()
