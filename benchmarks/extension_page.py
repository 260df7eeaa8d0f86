"""`python -m benchmarks.extension_page [--write]`: how quick extensions are, and how large."""

import argparse
import asyncio
import statistics
import sys
from datetime import UTC, date, datetime

from benchmarks import page
from benchmarks.extension_host import MANY, Host, host
from benchmarks.measure import p99_of
from benchmarks.page import Row

_SAVE_MS, _SAVE_LATE_MS, _MANY_MS, _COLD_MS, _EACH_MB, _WORKER_MB = 0.3, 2.0, 20, 200, 3, 80
_FLOOR = "the same function in a child without a jail"
_BUSY = "see how busy the machine was"


def main() -> None:
    """Measure once; leave with 1 when a limit is not held."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.extension_page", description=__doc__
    )
    parser.add_argument("--write", action="store_true", help=f"also write into {page.PAGE.name}")
    options = parser.parse_args()
    if options.write and page.is_busy():
        sys.exit("The machine is busy with other things; what is written would tell of those.")
    rows = extension_rows(asyncio.run(host()))
    text = _section(rows, datetime.now(UTC).date())
    print(text)
    if options.write:
        page.write_section(page.EXTENSIONS_HEADING, text)
    sys.exit(not all(row.is_held for row in rows))


def extension_rows(seen: Host) -> list[Row]:
    """Every measurement beside its limit."""
    many, cold = statistics.median(seen.many_ms), statistics.median(seen.cold_ms)
    return [
        _save("a hook on save in Python, 20 remarks", seen.ours_ms, seen.plain_ms),
        _save("the same, beside an extension that computes for ever", seen.beside_ms, []),
        Row(
            f"{MANY} extensions told of one save",
            f"{many:.1f} ms (p99 {p99_of(seen.many_ms):.1f} ms)",
            "",
            f"{_MANY_MS} ms",
            many <= _MANY_MS,
            _BUSY,
        ),
        Row(
            "from nothing until the first extension is ready",
            f"{cold:.0f} ms (best {min(seen.cold_ms):.0f} ms)",
            "",
            f"{_COLD_MS} ms",
            cold <= _COLD_MS,
            "an interpreter is started, and the engine loaded into it; " + _BUSY,
        ),
        Row(
            "a worker with one extension, resident memory",
            f"{seen.worker_mb:.0f} MB",
            "",
            f"{_WORKER_MB} MB",
            seen.worker_mb <= _WORKER_MB,
            _BUSY,
        ),
        Row(
            "each further extension in Python, memory of its own",
            f"{seen.each_mb:.1f} MB",
            "",
            f"{_EACH_MB} MB",
            seen.each_mb <= _EACH_MB,
            _BUSY,
        ),
    ]


def _save(what: str, ours: list[float], plain: list[float]) -> Row:
    half, late = statistics.median(ours), p99_of(ours)
    floor = f"{statistics.median(plain):.2f} ms (p99 {p99_of(plain):.2f} ms)" if plain else ""
    return Row(
        f"{what}, p50",
        f"{half:.2f} ms (p99 {late:.2f} ms)",
        floor,
        f"{_SAVE_MS} ms (p99 {_SAVE_LATE_MS:.0f} ms)",
        half <= _SAVE_MS and late <= _SAVE_LATE_MS,
        "most of it is the hook's own Python, which is slower as WebAssembly; " + _BUSY,
    )


def _section(rows: list[Row], today: date) -> str:
    missed = "".join(f"- *{row.what}*: {row.reason}.\n" for row in rows if not row.is_held)
    short = f"\nWhat falls short, and why:\n\n{missed}" if missed else ""
    return f"""
Written by `make bench WRITE=1` on {today.isoformat()}; do not edit.

{page.table(rows, _FLOOR)}{short}
Each extension runs as WebAssembly in a worker behind its jail. A save is a whole round trip from \
the language server's loop to the extension and back; the function beside it gets the same event \
over pipes in a plain Python process. {page.machine()}.
"""


if __name__ == "__main__":
    main()
