"""The lines of the table about ghost text."""

import statistics

from benchmarks.ghost_speed import BURST, GhostText
from benchmarks.page import Row

_SLOW_REQUEST = (
    "the floor is what asking over httpx costs without doing anything else. What comes on top is"
    " mostly the reservation, which must be on the disk before anything is sent: a commit on the"
    " database's thread, about 2 ms on a machine like this"
)
_SLOW_ANSWER = (
    "an answer is made to fit what stands around the cursor, and the way back is a few turns of a"
    " busy loop; hold it against the floor of the same run"
)
_MANY_CALLS = (
    "where the machine is busy the keys come further apart than they were typed, and a pause is"
    " taken for the end of a burst"
)
_CALLS_MAX = 2


def ghost_rows(seen: GhostText) -> list[Row]:
    """What ghost text adds to the model, and how often it asks it."""
    before, floor_before = seen.before.medians()
    behind, floor_behind = seen.behind.medians()
    added, floor_added = seen.added.medians()
    along, calls = statistics.median(seen.along), max(seen.burst_calls)
    return [
        _row("from a request by hand to the model, p50", before, floor_before, 5, _SLOW_REQUEST),
        _row(
            "from the model's last byte to the answer, p50", behind, floor_behind, 3, _SLOW_ANSWER
        ),
        _row("what the server adds to the model, p50", added, floor_added, 3, _SLOW_REQUEST),
        Row(
            "ghost text: a key typed along a suggestion, p50",
            f"{along:.1f} ms, {seen.along_calls} calls of the model",
            "",
            "3 ms, no call",
            along <= 3 and not seen.along_calls,
            _SLOW_ANSWER,
        ),
        Row(
            f"ghost text: calls of the model in a burst of {len(BURST)} keys, the most",
            str(calls),
            "",
            str(_CALLS_MAX),
            calls <= _CALLS_MAX,
            _MANY_CALLS,
        ),
    ]


def _row(what: str, ours: float, floor: float, limit: int, reason: str) -> Row:
    held = ours <= limit
    return Row(
        f"ghost text: {what}", f"{ours:.1f} ms", f"{floor:.1f} ms", f"{limit} ms", held, reason
    )
