"""The ledger's lines of the table."""

from benchmarks.ledger_speed import Books, p99
from benchmarks.page import Row

_PAIRS_A_SECOND, _TIMES = 10_000, 50
_OPERATION_MS, _RESERVE_MS, _SHARED_MS, _REPORT_MS = 10, 0.5, 50, 5

_SLOW_PAIRS = (
    "callers and writer share one Python process, so their processor time adds up, and so does the"
    " time in which the disk confirms a commit while all of them wait. Each pair changes five"
    " accounts, appends two sealed entries and adds to the sums of up to nine dimensions"
)
_SLOW_RATIO = (
    "the plain way seals nothing, adds no sums up and pays three accounts instead of five; the more"
    " slowly a disk syncs, the larger the ratio becomes"
)
_SLOW_RESERVE = (
    "one caller waits for a whole commit: the disk's confirmation, and on PostgreSQL four trips to"
    " the server"
)
_SLOW_SHARED = (
    "who finds the file locked asks again each millisecond, and waits for the commits of the others"
)
_SLOW_REPORT = "a year's sums are read and sorted; see how busy the machine was"


def ledger_rows(found: list[Books], shared_ms: list[float], report: tuple[int, float]) -> list[Row]:
    """Every measurement of the ledger beside its limit."""
    rows = [row for books in found for row in _rows(books)]
    late, (calls, report_ms) = p99(shared_ms), report
    return [
        *rows,
        Row(
            "ledger on SQLite, 4 processes with 20 calls a second each: an operation, p99",
            f"{late:.1f} ms",
            "",
            f"{_SHARED_MS} ms",
            late <= _SHARED_MS,
            _SLOW_SHARED,
        ),
        Row(
            f"a year's report over {2 * calls:,} entries, by any dimension, p50",
            f"{report_ms:.1f} ms",
            "",
            f"{_REPORT_MS} ms",
            report_ms <= _REPORT_MS,
            _SLOW_REPORT,
        ),
    ]


def _rows(books: Books) -> list[Row]:
    name, ours, plain = f"ledger on {books.database}", books.window, books.plain
    return [
        Row(
            f"{name}, 64 callers: calls reserved and settled in a second",
            f"{ours.pairs_a_second:,.0f} (64 people: {books.people.pairs_a_second:,.0f})",
            f"{plain.pairs_a_second:,.0f}",
            f"{_PAIRS_A_SECOND:,}",
            ours.pairs_a_second >= _PAIRS_A_SECOND,
            _SLOW_PAIRS,
        ),
        Row(
            f"{name}, 64 callers: times an SQLModel session for each request",
            f"{books.ratio():.0f}",
            "1",
            f"{_TIMES}",
            books.ratio() >= _TIMES,
            _SLOW_RATIO,
        ),
        Row(
            f"{name}, 64 callers: an operation, p99",
            f"{ours.operation_p99_ms:.1f} ms",
            f"{plain.operation_p99_ms:.0f} ms",
            f"{_OPERATION_MS} ms",
            ours.operation_p99_ms <= _OPERATION_MS,
            _SLOW_PAIRS,
        ),
        Row(
            f"{name}, one caller: a reservation, p50",
            f"{books.alone.reserve_p50_ms:.2f} ms",
            "",
            f"{_RESERVE_MS} ms",
            books.alone.reserve_p50_ms <= _RESERVE_MS,
            _SLOW_RESERVE,
        ),
    ]
