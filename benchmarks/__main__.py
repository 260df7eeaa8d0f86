"""`python -m benchmarks [--write]`: measure, print the table, and say what is over its limit."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    agent_page,
    crowd,
    gateway_page,
    gateway_speed,
    ghost_page,
    ghost_speed,
    ledger_page,
    ledger_speed,
    live_page,
    live_speed,
    measure,
    page,
    recall,
    typing_speed,
)
from benchmarks.peers import page as peers_page


def main() -> None:
    """Measure everything once; leave with 1 when a limit is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"also write {page.PAGE.name}")
    parser.add_argument("--litellm-venv", type=Path, help="where litellm[proxy] is installed")
    parser.add_argument("--peers", type=Path, help="what scripts/peers.sh made")
    options = parser.parse_args()
    if options.write and page.is_busy():
        sys.exit("The machine is busy with other things; what is written would tell of those.")
    minutes = "nine minutes" if options.peers is None else "a quarter of an hour"
    print(f"Measuring takes about {minutes}; leave the machine alone meanwhile.", flush=True)
    times, sizes = measure.starts()
    trips = measure.round_trips()
    session = asyncio.run(measure.work())
    seen = asyncio.run(ghost_speed.ghost_text())
    keys = {lines: typing_speed.keystrokes(lines) for lines in (5_000, 20_000)}
    large = typing_speed.large_documents()
    cancels, beside = typing_speed.cancels(), typing_speed.beside_work()
    rows = page.rows(times, sizes, trips, session)
    rows += ghost_page.ghost_rows(seen)
    rows += agent_page.agent_rows()
    rows.append(page.large_row(large))
    rows += page.typing_rows(keys, cancels, beside, crowd.crowd())
    booked, report = asyncio.run(ledger_speed.books(2)), asyncio.run(ledger_speed.report_ms())
    rows += ledger_page.ledger_rows(booked, ledger_speed.windows(), report)
    rows += gateway_page.gateway_rows(gateway_speed.measured(options.litellm_venv))
    rows += live_page.live_rows(live_speed.told())
    rows += recall.measured_rows()
    print(page.table(rows))
    print(page.machine())
    if options.write:
        page.write(rows, datetime.now(UTC).date())
    is_held = all(row.is_held for row in rows)
    if options.peers is not None:
        is_held &= peers_page.measured(options.peers, is_written=options.write)
    sys.exit(not is_held)


if __name__ == "__main__":
    main()
