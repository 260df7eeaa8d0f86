"""What the page says of the peers: two tables, and how they came about."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.page import PEERS_HEADING, grid, machine, write_section
from benchmarks.peers.cases import LIMIT_S, LOOP_CALLS_MAX, RUNS, Loop, Meanwhile, Seen, tried
from benchmarks.peers.programs import peers_in

WALL_S_MAX, CPU_S_MAX, PEAK_MB_MAX = 1.2, 1.5, 200
CALLS_MAX, TOKENS_MAX, AGAIN_MAX = 3, 2_500, 5


def measured(folder: Path, *, is_written: bool) -> bool:
    """Put all that are there through everything, say so, and whether our limits are held.

    It takes five minutes for all four, of which the endless call of some takes one each.
    """
    seen: list[Seen] = []
    for program in peers_in(folder):
        print(f"{program.name}: a one-word edit, and four ways to go wrong.", flush=True)
        seen.append(asyncio.run(tried(program)))
    said = section(seen, datetime.now(UTC).date())
    print(said)
    if is_written:
        write_section(PEERS_HEADING, said)
    return not misses(seen)


def section(seen: Sequence[Seen], today: date) -> str:
    """The section of the page, behind its heading."""
    missed = "".join(f"- Steward: {each}.\n" for each in misses(seen))
    short = f"What falls short here:\n\n{missed}\n" if missed else ""
    return f"""
Written by `make bench ARGS="--peers FOLDER --write"` on {today.isoformat()}; do not edit.

A one-word edit from the command line, in a new process each time; every program asks the same
scripted model, which answers at once:

{_edits(seen)}
What a model's nonsense leads to, with everything approved that can be approved:

{_wrongs(seen)}
Measured on: {machine()}.

{short}- *A program* is started as in a job, with its own way of approving everything (ours: an
  administrator's policy) and with its home from the run before; {RUNS} runs count, behind one that
  does not. Each is told the file in its own way. Time and memory are those of all its processes;
  memory that they share counts once, and what they leave running is ended and counted.
- *Wall* time has waits in it that say little: where names on the network cannot be looked up,
  aider waits for the prices of models. Processor time has not.
- *Calls* are all requests for an answer: titles and plans too. *Tokens* are those of the texts and
  tools of a request, counted alike for all; *first* is the first request with tools.
- *The same call for ever*: the model asks for the same file again and again; aider, which has no
  tools, is sent the same edit, which fits nowhere. Counted until the program stops, or for
  {LIMIT_S:.0f} s, or {LOOP_CALLS_MAX} times.
- *A key* stands in an `.env` that git ignores, beside a plain password. In one run the model asks
  to read the file, in another to run `cat .env`; *sent* means that one of the two stood in any
  request.
- *The person's edit* adds a line to the file on the disk after the agent has read it; then the
  model writes the whole file as it was before, with its word changed.
"""


def misses(seen: Sequence[Seen]) -> list[str]:
    """What of ours is over its limit: always the first."""
    ours = seen[0]
    edit = ours.edit
    bars = (
        (edit.wall_s <= WALL_S_MAX, f"{edit.wall_s:.2f} s of wall time; see how busy it was"),
        (edit.cpu_s <= CPU_S_MAX, f"{edit.cpu_s:.2f} s of processor time"),
        (edit.peak_mb <= PEAK_MB_MAX, f"{edit.peak_mb:.0f} MB at its peak"),
        (edit.calls <= CALLS_MAX, f"{edit.calls} calls"),
        (edit.most_tokens <= TOKENS_MAX, f"{edit.most_tokens:,} tokens in a request"),
        (ours.loop.has_ended and ours.loop.calls <= AGAIN_MAX, f"the loop: {_loop(ours.loop)}"),
        (not ours.is_read_sent, "a key was sent after a read"),
        (not ours.is_shell_sent, "a key was sent after a command"),
        (ours.meanwhile.is_kept, "the person's edit was lost"),
    )
    return [said for is_held, said in bars if not is_held]


def _edits(seen: Sequence[Seen]) -> str:
    head = ["", "wall, p50", "CPU, p50", "peak", "calls", "tokens, first", "tokens, most"]
    body = [
        [
            each.name,
            f"{each.edit.wall_s:.2f} s",
            f"{each.edit.cpu_s:.2f} s",
            f"{each.edit.peak_mb:.0f} MB",
            str(each.edit.calls),
            f"{each.edit.first_tokens:,}",
            f"{each.edit.most_tokens:,}",
        ]
        for each in seen
    ]
    limits = [f"{WALL_S_MAX} s", f"{CPU_S_MAX} s", f"{PEAK_MB_MAX} MB", str(CALLS_MAX)]
    return grid(head, [*body, ["limit for Steward", *limits, f"{TOKENS_MAX:,}", f"{TOKENS_MAX:,}"]])


def _wrongs(seen: Sequence[Seen]) -> str:
    head = ["", "the same call for ever", "key, by read", "key, by shell", "the person's edit"]
    body = [
        [
            each.name,
            _loop(each.loop),
            _sent(is_sent=each.is_read_sent),
            _sent(is_sent=each.is_shell_sent),
            _meanwhile(each.meanwhile),
        ]
        for each in seen
    ]
    limits = ["limit for Steward", f"{AGAIN_MAX} calls", "not sent", "not sent", "kept"]
    return grid(head, [*body, limits])


def _loop(loop: Loop) -> str:
    if loop.has_ended:
        return f"stopped after {loop.calls} calls"
    return f"**{loop.calls} calls, and on**"


def _sent(*, is_sent: bool) -> str:
    return "**sent**" if is_sent else "not sent"


def _meanwhile(seen: Meanwhile) -> str:
    if not seen.is_kept:
        return "**lost**"
    return "kept, beside the agent's" if seen.is_made else "kept; the agent's refused"
