"""The lines of the table about agents."""

import asyncio
import statistics

from benchmarks.agent_parts import decision_us, durable_steps, fixed_tokens
from benchmarks.agent_speed import agent_speed
from benchmarks.headless_speed import cold_runs
from benchmarks.landing_speed import FILES, landing_speed
from benchmarks.page import Row

_SLOW_RUN = (
    "nine journaled steps, two questions with their answers, three calls with their reservations,"
    " and the trail of all that: about eighty short transactions on one thread, each of which is on"
    " the disk before the next thing happens"
)
_SLOW_COLD = (
    "three quarters of it is Python importing 1,200 modules, a fifth of these the database layer's;"
    " see how busy the machine was"
)
_SLOW_STEP = (
    "the engine looks a step up before it takes it and writes it down behind it, each on a thread"
    " of its own pool; what a commit takes alone stands beside it"
)
_SLOW_LANDING = "every file is read, checked, written beside itself, synced, renamed and read back"
_BUSY = "see how busy the machine was"
_TOKENS_MAX = 2_500
_CALLS_MAX = 3


def agent_rows() -> list[Row]:
    """What an agent's run adds to the model, and what its parts cost."""
    return [*_run(), *_cold(), *_parts(), *_landing(), _prompt()]


def _run() -> list[Row]:
    seen = asyncio.run(agent_speed())
    added, bare = statistics.median(seen.added), statistics.median(seen.bare)
    return [
        Row(
            "agent: a one-word edit, added to the model, p50",
            f"{added:.0f} ms",
            f"the bare calls {bare:.1f} ms",
            "75 ms",
            added <= 75,
            _SLOW_RUN,
        ),
        Row(
            "agent: calls of the model in a one-word edit, the most",
            str(max(seen.calls)),
            "",
            str(_CALLS_MAX),
            max(seen.calls) <= _CALLS_MAX,
        ),
    ]


def _cold() -> list[Row]:
    seen = asyncio.run(cold_runs())
    wall = statistics.median(each.wall_s for each in seen)
    cpu = statistics.median(each.cpu_s for each in seen)
    peak, calls = max(each.peak_mb for each in seen), max(each.calls for each in seen)
    what = "agent: a cold `steward agent run`, a one-word edit"
    return [
        Row(f"{what}, p50", f"{wall:.2f} s", "", "1.2 s", wall <= 1.2, _SLOW_COLD),
        Row(f"{what}, CPU, p50", f"{cpu:.2f} s", "", "1.5 s", cpu <= 1.5, _SLOW_COLD),
        Row(f"{what}, the highest peak", f"{peak:.0f} MB", "", "200 MB", peak <= 200),
        Row(f"{what}, calls, the most", str(calls), "", str(_CALLS_MAX), calls <= _CALLS_MAX),
    ]


def _parts() -> list[Row]:
    steps, decided = asyncio.run(durable_steps()), decision_us()
    step, commit = steps.medians()
    return [
        Row(
            "agent: a journaled step on SQLite, p50",
            f"{step:.2f} ms",
            f"a bare commit {commit:.2f} ms",
            "1.5 ms",
            step <= 1.5,
            _SLOW_STEP,
        ),
        Row(
            "agent: one decision of the boundary, p50",
            f"{decided:.1f} µs",
            "",
            "20 µs",
            decided <= 20,
            _BUSY,
        ),
    ]


def _landing() -> list[Row]:
    seen = asyncio.run(landing_speed())
    return [
        Row(
            f"agent: the question about {FILES} files, p50",
            f"{seen.shown_ms:.0f} ms",
            "",
            "300 ms",
            seen.shown_ms <= 300,
            _BUSY,
        ),
        Row(
            f"agent: {FILES} files landed on the disk, p50",
            f"{seen.landed_ms:.0f} ms",
            f"written and synced {seen.written_ms:.0f} ms",
            "500 ms",
            seen.landed_ms <= 500,
            _SLOW_LANDING,
        ),
    ]


def _prompt() -> Row:
    tokens = fixed_tokens()
    each = ", ".join(f"{agent} {count:,}" for agent, count in tokens.items())
    most = max(tokens.values())
    return Row("agent: tokens of the fixed prompt", each, "", "2,500", most <= _TOKENS_MAX)
