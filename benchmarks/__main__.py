"""`python -m benchmarks [--write]`: measure, print the table, and say what is over its limit."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    crowd,
    gateway_page,
    gateway_speed,
    ledger_page,
    ledger_speed,
    measure,
    page,
    typing_speed,
)


def main() -> None:
    """Measure everything once; leave with 1 when a limit is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"also write {page.PAGE.name}")
    parser.add_argument("--litellm-venv", type=Path, help="where litellm[proxy] is installed")
    options = parser.parse_args()
    if options.write and page.is_busy():
        sys.exit("The machine is busy with other things; what is written would tell of those.")
    print("Measuring takes about five minutes; leave the machine alone meanwhile.", flush=True)
    times, sizes = measure.starts()
    trips = measure.round_trips()
    session = asyncio.run(measure.work())
    keys = {lines: typing_speed.keystrokes(lines) for lines in (5_000, 20_000)}
    large = typing_speed.large_documents()
    cancels, beside = typing_speed.cancels(), typing_speed.beside_work()
    rows = page.rows(times, sizes, trips, session)
    rows.append(page.large_row(large))
    rows += page.typing_rows(keys, cancels, beside, crowd.crowd())
    booked, report = asyncio.run(ledger_speed.books(2)), asyncio.run(ledger_speed.report_ms())
    rows += ledger_page.ledger_rows(booked, ledger_speed.windows(), report)
    rows += gateway_page.gateway_rows(gateway_speed.measured(options.litellm_venv))
    print(page.table(rows))
    print(page.machine())
    if options.write:
        page.write(rows, datetime.now(UTC).date())
    sys.exit(any(not row.is_held for row in rows))


if __name__ == "__main__":
    main()
