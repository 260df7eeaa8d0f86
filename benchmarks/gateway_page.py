"""The gateway's lines of the table."""

import statistics

from benchmarks.gateway_speed import CALLERS, Found
from benchmarks.measure import p99_of
from benchmarks.page import Row

_ADDED_MS, _ADDED_LATE_MS, _FIRST_WORD_MS = 1.5, 6.0, 2.0
_A_CORE, _PIECE_US, _CANCELLED_MS, _RESIDENT_MB, _TIMES = 600, 30, 100, 150, 10

_SLOW = (
    "callers, server and model share two processors. Most of what is added is the reservation, a"
    " commit on the disk that must be over before anything is sent, and the way through the"
    " database's thread and back"
)
_SLOW_LITELLM = "what both add is small beside the noise of this machine; see the lines above"


def gateway_rows(found: list[Found]) -> list[Row]:
    """Every measurement of the gateway beside its limit."""
    direct, ours, *others = found
    rows = [
        _added("a whole answer, p50", _p50(ours.whole), _p50(direct.whole), _ADDED_MS),
        _added("a whole answer, p99", p99_of(ours.whole), p99_of(direct.whole), _ADDED_LATE_MS),
        _added(
            "the first word, p50", _p50(ours.first_word), _p50(direct.first_word), _FIRST_WORD_MS
        ),
        Row(
            f"gateway, {CALLERS} callers: answers a second for each core that it uses",
            f"{1000 / ours.cpu_ms:,.0f} ({ours.a_second:,.0f} were answered)",
            "",
            f"{_A_CORE}",
            1000 / ours.cpu_ms >= _A_CORE,
            _SLOW,
        ),
        Row(
            "gateway: processor time for a streamed piece",
            f"{ours.piece_us:.0f} µs",
            "",
            f"{_PIECE_US} µs",
            ours.piece_us <= _PIECE_US,
            _SLOW,
        ),
        Row(
            "gateway: from a client's hanging up to the provider's, p99",
            f"{p99_of(ours.cancelled):.1f} ms",
            "",
            f"{_CANCELLED_MS} ms",
            p99_of(ours.cancelled) <= _CANCELLED_MS,
            _SLOW,
        ),
        Row(
            "memory of `steward serve` after all that",
            f"{ours.resident_mb:.0f} MB",
            "",
            f"{_RESIDENT_MB} MB",
            ours.resident_mb <= _RESIDENT_MB,
        ),
    ]
    return rows + [row for other in others for row in _beside(ours, other, _p50(direct.whole))]


def _beside(ours: Found, other: Found, direct_ms: float) -> list[Row]:
    """How many times `other` needs what we need."""
    added = (_p50(other.whole) - direct_ms) / (_p50(ours.whole) - direct_ms)
    cpu = other.cpu_ms / ours.cpu_ms
    return [
        Row(
            f"{other.name}: times the latency that the gateway adds, p50",
            f"{added:.1f}",
            f"adds {_p50(other.whole) - direct_ms:.1f} ms",
            f"{_TIMES}",
            added >= _TIMES,
            _SLOW_LITELLM,
        ),
        Row(
            f"{other.name}: times the gateway's processor time for an answer",
            f"{cpu:.1f}",
            f"{other.cpu_ms:.1f} ms, {other.resident_mb:.0f} MB",
            f"{_TIMES}",
            cpu >= _TIMES,
            _SLOW_LITELLM,
        ),
    ]


def _added(what: str, ours_ms: float, direct_ms: float, limit_ms: float) -> Row:
    added_ms = ours_ms - direct_ms
    return Row(
        f"gateway, one caller, added to {what}",
        f"{added_ms:.2f} ms",
        f"direct {direct_ms:.2f} ms",
        f"{limit_ms} ms",
        added_ms <= limit_ms,
        _SLOW,
    )


def _p50(taken: list[float]) -> float:
    return statistics.median(taken)
