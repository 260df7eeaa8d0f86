"""The table of the measurements, as text and as a page of the documentation."""

import os
import platform
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.crowd import KEY_S, SESSIONS, Crowd
from benchmarks.measure import Samples, Work, p99_of
from benchmarks.typing_speed import Cancels

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"


PEERS_HEADING = "## Agents: beside other people's\n"
QUALITY_HEADING = "## Ghost text: how well answers are made to fit\n"
EDITOR_HEADING = "## In VS Code\n"
EXTENSIONS_HEADING = "## Extensions\n"
CLI_HEADING = "## At a shell\n"
SITE_HEADING = "## The site\n"
_KEPT = (
    *(PEERS_HEADING, QUALITY_HEADING, EDITOR_HEADING),
    *(EXTENSIONS_HEADING, CLI_HEADING, SITE_HEADING),
)
"""Sections that are measured by themselves, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    steward: str
    floor: str
    limit: str
    is_held: bool
    reason: str = ""
    """Why it falls short where it does."""


_SLOW_START = (
    "the ratio moves by a few hundredths from run to run, around 1.2; importing the protocol's"
    " types is most of both"
)
_SLOW_TRIPS = (
    "a round trip is a few system calls and some parsing, and follows the speed of the machine at"
    " that moment; hold it against the floor of the same run"
)
_BESIDE = (
    "the run's own work is on the same thread in pieces of up to a few milliseconds (prompts,"
    " journal, jail), and a request that comes in such a moment waits for its end; the median shows"
    " what it takes otherwise"
)
_LARGE = (
    "the durable engine with its database layer, the HTTP client, the gateway's rooms and the"
    " grammars of what was typed are loaded by then; each is loaded at its first need"
)
_CROWDED = (
    "each session is a process of its own, and all of them, the program that types for them and the"
    " model share two cores. What a key costs, in the last row, times the keys of a second is more"
    " than those have, so requests queue; about a third as many come near the limit"
)


def rows(times: Samples, sizes: Samples, trips: Samples, session: Work) -> list[Row]:
    """Every measurement beside its limit."""
    start, floor_start = times.medians()
    size, floor_size = sizes.medians()
    trip, floor_trip = trips.medians()
    late, floor_late = trips.p99()
    ratio = times.ratio()
    return [
        Row(
            "start until `initialize` is answered",
            f"{start:.0f} ms ({ratio:.2f} times)",
            f"{floor_start:.0f} ms",
            "1.2 times the floor",
            ratio <= 1.2,
            _SLOW_START,
        ),
        _size("memory when `initialize` is answered", size, 65, f"{floor_size:.0f} MB"),
        _size("memory idle, database open", session.idle_mb, 100),
        _size("memory after ghost text and an agent's run", session.after_mb, 130),
        Row(
            "round trip of a trivial request, p50",
            f"{trip:.3f} ms",
            f"{floor_trip:.3f} ms",
            "0.15 ms",
            trip <= 0.15,
            _SLOW_TRIPS,
        ),
        Row(
            "round trip of a trivial request, p99",
            f"{late:.3f} ms",
            f"{floor_late:.3f} ms",
            "",
            is_held=True,
        ),
    ]


def large_row(samples: list[float]) -> Row:
    """What others notice of documents that are very large, or very many."""
    return Row(
        "a trivial request behind a key in a very large document, worst",
        f"{max(samples):.0f} ms (p50 {statistics.median(samples):.1f} ms)",
        "",
        "500 ms",
        max(samples) < 500,
        _CROWDED,
    )


def typing_rows(
    keys: Mapping[int, Samples], cancels: Cancels, beside: list[float], crowd: Crowd
) -> list[Row]:
    """What typing costs, and what others notice of it."""
    trivial, cancelled = p99_of(crowd.trivial), p99_of(crowd.ghost_text)
    crowded = f"{SESSIONS} sessions, a key every {KEY_S * 1000:.0f} ms"
    late = p99_of(beside)
    return [
        *(_keystroke(lines, samples) for lines, samples in keys.items()),
        Row(
            "cancelled requests answered in a second",
            f"{cancels.a_second:,.0f}, {cancels.unanswered} unanswered",
            "",
            "1,000, none unanswered",
            cancels.a_second >= 1000 and not cancels.unanswered,
        ),
        Row(
            "a trivial request beside a model's stream and a run, p99",
            f"{late:.2f} ms (p50 {statistics.median(beside):.2f} ms)",
            "",
            "1 ms",
            late <= 1,
            _BESIDE,
        ),
        Row(
            f"{crowded}: a trivial request, p99",
            f"{trivial:.1f} ms (p50 {statistics.median(crowd.trivial):.1f} ms)",
            "",
            "50 ms",
            trivial <= 50,
            _CROWDED,
        ),
        Row(
            f"{crowded}: cancelled ghost text, p99",
            f"{cancelled:.1f} ms, {crowd.unanswered} unanswered",
            "",
            "50 ms, none unanswered",
            cancelled <= 50 and not crowd.unanswered,
            _CROWDED,
        ),
        Row(
            f"{crowded}: a server's processor time for a key",
            f"{crowd.processor_ms:.1f} ms (the typist's {crowd.typist_ms:.1f} ms)",
            "",
            "",
            is_held=True,
        ),
    ]


_KEYSTROKE_MS = {5_000: 2.0, 20_000: 5.0}


def _keystroke(lines: int, samples: Samples) -> Row:
    (typed, floor), limit = samples.p99(), _KEYSTROKE_MS[lines]
    return Row(
        f"a keystroke in {lines:,} lines and the next answer, p99",
        f"{typed:.2f} ms (p50 {samples.medians()[0]:.2f} ms)",
        f"{floor:.2f} ms (p50 {samples.medians()[1]:.2f} ms)",
        f"{limit:.0f} ms",
        typed <= limit,
        _CROWDED,
    )


def _size(what: str, size_mb: float, limit_mb: int, floor: str = "") -> Row:
    is_held = size_mb <= limit_mb
    return Row(what, f"{size_mb:.0f} MB", floor, f"{limit_mb} MB", is_held, _LARGE)


def table(measured: list[Row], floor: str = "bare pygls") -> str:
    """A Markdown table that also reads well as plain text; `floor` heads the second column."""
    head = ["", "Steward", floor, "limit", "held"]
    body = [
        [row.what, row.steward, row.floor, row.limit, "yes" if row.is_held else "**no**"]
        for row in measured
    ]
    return grid(head, body)


def grid(head: list[str], body: list[list[str]]) -> str:
    """Any table of that kind."""
    widths = [max(len(line[at]) for line in [head, *body]) for at in range(len(head))]
    rule = ["-" * width for width in widths]
    return "".join(
        "| " + " | ".join(cell.ljust(at) for cell, at in zip(line, widths, strict=True)) + " |\n"
        for line in [head, rule, *body]
    )


def machine() -> str:
    """What it was measured on, in a sentence."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB; {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"pygls {version('pygls')}"
    )


def is_busy() -> bool:
    """Whether others keep the processor so busy that the page would tell of them."""
    return os.getloadavg()[0] > (os.cpu_count() or 1) / 2


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _misses(measured: list[Row]) -> str:
    missed = [f"- *{row.what}*: {row.reason}.\n" for row in measured if not row.is_held]
    return f"## What falls short, and why\n\n{''.join(missed)}\n" if missed else ""


def kept_sections() -> str:
    """What the page says at its end, of what is measured by itself."""
    text = PAGE.read_text("utf-8")
    return "".join("\n" + heading + _section(text, heading) for heading in _KEPT if heading in text)


def write_section(heading: str, section: str) -> None:
    """Write one of these sections anew, and leave everything else."""
    text = PAGE.read_text("utf-8")
    before = text[: min((text.index(each) for each in _KEPT if each in text), default=len(text))]
    kept = {each: _section(text, each) for each in _KEPT if each in text} | {heading: section}
    ends = "".join("\n" + each + kept[each] for each in _KEPT if each in kept)
    PAGE.write_text(before.rstrip("\n") + "\n" + ends, encoding="utf-8")


def _section(text: str, heading: str) -> str:
    """Until the next of these headings, or the end."""
    _, _, behind = text.partition(heading)
    for other in _KEPT:
        behind = behind.partition(other)[0]
    return behind.rstrip("\n") + "\n"


def write(measured: list[Row], today: date) -> None:
    """Write the page, and leave at its end what is measured by itself."""
    kept = kept_sections()
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(
        f"""\
# Speed and memory

Written by `make bench WRITE=1` on {today.isoformat()}; do not edit.

{table(measured)}
Measured on: {machine()}. Other machines give other numbers; the ratios travel better.

{_misses(measured)}## How it is measured

- Steward and a server of bare pygls, the floor, take turns within one run; medians are shown.
- *Start* runs from the creation of the process until `initialize` is answered; the ratio is the
  median of the ratios of neighbouring starts.
- *Memory* is the resident set of the server process, in units of 2^20 bytes. It is read once the
  process has used no processor time for a second. Sandboxes are processes of their own. The
  database is there already: a window that had to make or to upgrade it holds ten megabytes more.
- *A trivial request* asks for the code actions of a line: it is parsed, looked at and answered,
  without a model. The client blocks on its pipe and adds next to nothing.
- *A keystroke* is one change of one character in the middle of the document, sent together with a
  trivial request; the time runs until that is answered, so it holds both.
- *Very large documents* hold 20 MB, a million lines, or a million characters in one line, beside
  10,000 other open documents; each is opened and typed into, ghost text is asked for and cancelled.
- *Cancelled requests* ask for ghost text and are cancelled by the very next message, a hundred such
  pairs in one piece.
- *Beside a stream and a run*: a model in a process of its own streams fifty pieces a second into
  ghost text while an agent plans, runs tests in a jail and proposes an edit; the jail and the model
  take their share of the processors.
- *The crowd* are real servers, each with a document and a database of its own, and one client for
  all. Every key is sent with a request for ghost text, which the next key cancels, and a trivial
  request. After every twenty keys somebody pauses, and the model begins to answer.
- *What the server adds* to ghost text is the time from the request until the model has it, and from
  the model's last byte to the answer. It is asked for by hand, which does not wait for a pause in
  the typing, and every question is a new one. The floor asks the same model over httpx, and
  reserves, books, checks, gathers and trims nothing.
- *A key typed along* is a character of a suggestion that was shown, sent with a request for ghost
  text; the time runs until what is left of the suggestion is there. *A burst* is 14 keys, one every
  120 ms, each with a request, none of which is cancelled; then a pause.
- *A one-word edit* is a run of the agent `fix` in a window where others ran before: the model
  answers at once with a plan, an edit and an end, the editor answers both questions at once. What
  it adds is the time from the command until the editor hears of the end, less that of the same
  three requests sent over httpx. *A journaled step* does nothing. *A hundred files* have 60 lines
  each, of which one changes, and no editor has them open.
- *The ledger* is measured in one process, callers and all, with every commit on the disk. Beside it
  stands, instead of the floor, the plain way: an SQLModel session and two transactions for each
  call on the same database, eight connections, three accounts, no seals and no sums. PostgreSQL
  runs on the same machine with its own defaults, behind a socket; where it is not installed, its
  lines are missing. Two entries are booked for each call.
- *The gateway* is `steward serve` before a model of bytes made beforehand, in a process of its own:
  token, policy, durable reservation and settlement, and the stream, all on. Direct calls and calls
  through it take turns on connections that stay open. litellm's proxy is measured beside it,
  without a database, where `ARGS="--litellm-venv FOLDER"` names an environment with
  `litellm[proxy]`.
{kept}""",
        encoding="utf-8",
    )
