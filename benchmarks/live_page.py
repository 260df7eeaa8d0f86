"""The lines of the table about those who follow what happens."""

from benchmarks.live_speed import SOCKETS, Told
from benchmarks.page import Row

_LATE_MS, _GROWS_MB = 500, 60

_SLOW = (
    "the server, the process that commits and the thousand clients share two cores, and a happening"
    " waits for the next look at SQLite, a twentieth of a second at most"
)
_LARGE = "each socket keeps its request's scope, its parser and its place; none keeps messages"


def live_rows(found: list[Told]) -> list[Row]:
    """Every measurement beside its limit."""
    rows: list[Row] = []
    for told in found:
        name = f"{SOCKETS:,} sockets, 20 commits a second by another process on {told.database}"
        grown = told.after_mb - told.before_mb
        rows += [
            Row(
                f"{name}: from handing in to arrival, p99",
                f"{told.p99_ms:.0f} ms (p50: {told.p50_ms:.0f} ms)",
                "",
                f"{_LATE_MS} ms",
                told.p99_ms <= _LATE_MS,
                _SLOW,
            ),
            Row(
                f"{name}: what the server's memory grows by",
                f"{grown:.0f} MB ({told.busy:.0%} of a core)",
                "",
                f"{_GROWS_MB} MB",
                grown <= _GROWS_MB,
                _LARGE,
            ),
        ]
    return rows
