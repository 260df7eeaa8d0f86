"""The table of the measurements, as text and as a page of the documentation."""

import os
import platform
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import Samples, Work

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    steward: str
    floor: str
    limit: str
    is_held: bool
    reason: str = ""
    """Why it falls short where it does."""


_SLOW_TRIPS = (
    "a round trip is a few system calls and some parsing, and follows the speed of the machine at"
    " that moment; hold it against the floor of the same run"
)
_SLOW_GHOST_TEXT = (
    "the floor is what asking over httpx costs without doing anything else. What comes on top is"
    " mostly the reservation, which must be on the disk before anything is sent: a commit on the"
    " database's thread, about 2 ms on a machine like this. Plainer statements for the reservation"
    " and a quicker transport than httpx are the next steps"
)


def rows(times: Samples, sizes: Samples, trips: Samples, session: Work) -> list[Row]:
    """Every measurement beside its limit."""
    start, floor_start = times.medians()
    size, floor_size = sizes.medians()
    trip, floor_trip = trips.medians()
    late, floor_late = trips.p99()
    added, floor_added = session.added.medians()
    ratio = times.ratio()
    return [
        Row(
            "start until `initialize` is answered",
            f"{start:.0f} ms ({ratio:.2f} times)",
            f"{floor_start:.0f} ms",
            "1.2 times the floor",
            ratio <= 1.2,
        ),
        _size("memory when `initialize` is answered", size, 65, f"{floor_size:.0f} MB"),
        _size("memory idle, database open", session.idle_mb, 100),
        _size("memory after ghost text and an agent's run", session.after_mb, 130),
        Row(
            "round trip of a trivial request, p50",
            f"{trip:.3f} ms",
            f"{floor_trip:.3f} ms",
            "0.15 ms",
            trip <= 0.15,
            _SLOW_TRIPS,
        ),
        Row(
            "round trip of a trivial request, p99",
            f"{late:.3f} ms",
            f"{floor_late:.3f} ms",
            "",
            is_held=True,
        ),
        Row(
            "ghost text: what the server adds to the model, p50",
            f"{added:.1f} ms",
            f"{floor_added:.1f} ms",
            "3 ms",
            added <= 3,
            _SLOW_GHOST_TEXT,
        ),
    ]


def _size(what: str, size_mb: float, limit_mb: int, floor: str = "") -> Row:
    return Row(what, f"{size_mb:.0f} MB", floor, f"{limit_mb} MB", size_mb <= limit_mb)


def table(measured: list[Row]) -> str:
    """A Markdown table that also reads well as plain text."""
    head = ["", "Steward", "bare pygls", "limit", "held"]
    body = [
        [row.what, row.steward, row.floor, row.limit, "yes" if row.is_held else "**no**"]
        for row in measured
    ]
    widths = [max(len(line[at]) for line in [head, *body]) for at in range(len(head))]
    rule = ["-" * width for width in widths]
    return "".join(
        "| " + " | ".join(cell.ljust(at) for cell, at in zip(line, widths, strict=True)) + " |\n"
        for line in [head, rule, *body]
    )


def machine() -> str:
    """What it was measured on, in a sentence."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB; {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"pygls {version('pygls')}"
    )


def is_busy() -> bool:
    """Whether others keep the processor so busy that the page would tell of them."""
    return os.getloadavg()[0] > (os.cpu_count() or 1) / 2


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _misses(measured: list[Row]) -> str:
    missed = [f"- *{row.what}*: {row.reason}.\n" for row in measured if not row.is_held]
    return f"## What falls short, and why\n\n{''.join(missed)}\n" if missed else ""


def write(measured: list[Row], today: date) -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(
        f"""\
# Speed and memory

Written by `make bench WRITE=1` on {today.isoformat()}; do not edit.

{table(measured)}
Measured on: {machine()}. Other machines give other numbers; the ratios travel better.

{_misses(measured)}## How it is measured

- Steward and a server of bare pygls, the floor, take turns within one run; medians are shown.
- *Start* runs from the creation of the process until `initialize` is answered; the ratio is the
  median of the ratios of neighbouring starts.
- *Memory* is the resident set of the server process, in units of 2^20 bytes. It is read once the
  process has used no processor time for a second. Sandboxes are processes of their own.
- *A trivial request* asks for the code actions of a line: it is parsed, looked at and answered,
  without a model. The client blocks on its pipe and adds next to nothing.
- *What the server adds* is the time from the request to the answer without the time that the
  scripted model had the request in its hands. Ghost text is asked for by hand, which does not wait
  for a pause in the typing, and every question is a new one. The floor asks the same model over
  httpx, and reserves, books, checks and trims nothing.
""",
        encoding="utf-8",
    )
