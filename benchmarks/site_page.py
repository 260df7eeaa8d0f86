"""`python -m benchmarks.site_page [--write]`: how quick the site is over a million entries."""

import argparse
import asyncio
import statistics
import sys
from datetime import UTC, date, datetime

from benchmarks import page
from benchmarks.measure import p99_of
from benchmarks.page import Row
from benchmarks.site_speed import LISTS, PAGES, site_ms

_CALLS, _ASKS = 500_000, 200
_PAGE_MS, _LIST_MS = 50, 30
_BUSY = "see how busy the machine was"
_WHY = {
    "/usage?by=session": "2,000 windows are added up, drawn by day and written as a table",
    "/api/v1/requests?user=user-7": "a filter looks through up to 5,000 calls for a page",
    "/api/v1/requests?model=custom/none": "a filter looks through up to 5,000 calls for a page",
}


def main() -> None:
    """Measure once; leave with 1 when a limit is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.site_page", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"also write into {page.PAGE.name}")
    parser.add_argument("--calls", type=int, default=_CALLS, help="how many; two entries each")
    options = parser.parse_args()
    if options.write and page.is_busy():
        sys.exit("The machine is busy with other things; what is written would tell of those.")
    found = asyncio.run(site_ms(options.calls, _ASKS))
    rows = [_row(address, found[address], _PAGE_MS) for address in PAGES]
    rows += [_row(address, found[address], _LIST_MS) for address in LISTS]
    text = _section(rows, options.calls, datetime.now(UTC).date())
    print(text)
    if options.write:
        page.write_section(page.SITE_HEADING, text)
    sys.exit(not all(row.is_held for row in rows))


def _row(address: str, took: list[float], most: int) -> Row:
    """A page's limit is for most of them, a list's for nearly all."""
    half, late = statistics.median(took), p99_of(took)
    held = half if most == _PAGE_MS else late
    which = "p50" if most == _PAGE_MS else "p99"
    return Row(
        f"`{address}`",
        f"{half:.1f} ms (p99 {late:.1f} ms)",
        "",
        f"{most} ms, {which}",
        held <= most,
        _WHY.get(address, _BUSY),
    )


def _section(rows: list[Row], calls: int, today: date) -> str:
    missed = "".join(f"- *{row.what}*: {row.reason}.\n" for row in rows if not row.is_held)
    short = f"What falls short, and why:\n\n{missed}\n" if missed else ""
    return f"""
Written by `make bench WRITE=1` on {today.isoformat()}; do not edit.

{page.table(rows)}
Measured on: {page.machine()}.

{short}- {2 * calls:,} entries of {calls:,} calls stand in the books, of 50 people in 2,000 windows
  over 20 days, sealed as the ledger seals them, on SQLite.
- The time runs from the request until the whole answer is there, over a connection that stays open;
  the client's own part, about a millisecond, is in it.
"""


if __name__ == "__main__":
    main()
