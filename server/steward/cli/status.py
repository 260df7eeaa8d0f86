"""`steward status`: everything that matters now, in one screen and at once.

It looks into the database without a session and loads no part that it only shows: a person runs
this to know, and a prompt or a status bar may run it all day.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import get_args

from steward.cli.doctor import files
from steward.cli.doctor.run import cheap
from steward.cli.output import say
from steward.cli.paint import Paint, paint_of
from steward.cli.seen import Budget, Seen, UnderWay, Waiting, seen_of
from steward.core.clock import SystemClock
from steward.core.login import login_name
from steward.core.money import as_usd
from steward.gateway.request import Task
from steward.settings import Settings
from steward.web.announced import Running, running

_CELLS = 20
_SHOWN = 5
_LABEL = 11
_WARN, _NEARLY = 80, 95
_Line = tuple[str, str, Paint | None]
"""A name, what is said, and its colour."""


def show_status(arguments: argparse.Namespace) -> int:
    """Write it; returns 0, or 1 where something waits to be mended."""
    clock = SystemClock()
    settings, _, told = files.settings()
    seen = seen_of(settings, login_name(), clock)
    troubles = cheap(settings, told)
    server = running(settings.data_dir)
    models = _models(settings, seen)
    if arguments.json:
        values: dict[str, object] = {
            **asdict(seen),
            "models": models,
            "server": None if server is None else asdict(server),
            "troubles": [asdict(each) for each in troubles],
        }
        say(json.dumps(values, indent=2, default=_as_text) + "\n")
    else:
        lines = list(_lines(seen, models, server, clock.now()))
        for each in troubles:
            colour: Paint = "red" if each.verdict == "fault" else "yellow"
            lines.append((each.verdict, f"{each.what}; `steward doctor` says more", colour))
        say(_shown(lines))
    return 1 if troubles or seen.trouble else 0


def _models(settings: Settings, seen: Seen) -> dict[str, str | None]:
    chosen = settings.gateway
    return {task: chosen.model_for(task, seen.keyed) for task in get_args(Task)}


def _shown(lines: list[_Line]) -> str:
    paint = paint_of()
    said: list[str] = []
    for name, text, colour in lines:
        plain = _plain(text)
        said.append(f"{name.ljust(_LABEL)} {plain if colour is None else paint(plain, colour)}\n")
    return "".join(said)


def _lines(
    seen: Seen, models: dict[str, str | None], server: Running | None, now: datetime
) -> Iterator[_Line]:
    yield "person", _person(seen), None
    if seen.trouble:
        yield "database", seen.trouble, "red"
    yield "today", as_usd(seen.today_nano_usd), None
    for each in seen.budgets:
        yield "month", *_bar(each)
    for name, text in _work(seen, now):
        yield name, text, None
    yield "ghost text", f"off: {seen.ghost_off}" if seen.ghost_off else "on", None
    yield "models", _named(models), None
    yield "sandbox", seen.sandbox, None
    yield "server", "none runs here" if server is None else server.address, None
    yield "extensions", ", ".join(seen.extensions) or "none", None


def _named(models: dict[str, str | None]) -> str:
    names = {name or "none" for name in models.values()}
    if names == {"none"}:
        return "none is chosen; `steward doctor` says how"
    if len(names) == 1:
        return f"{names.pop()} for everything"
    return ", ".join(f"{task}: {name or 'none'}" for task, name in models.items())


def _person(seen: Seen) -> str:
    team = f", team {seen.team}" if seen.team else ""
    return f"{seen.user}, {seen.role or 'not among the people here'}{team}"


def _bar(each: Budget) -> tuple[str, Paint | None]:
    if each.limit_nano_usd is None:
        return f"{as_usd(each.spent_nano_usd)} of no limit, {each.scope}", None
    percent = 100 if not each.limit_nano_usd else each.spent_nano_usd * 100 // each.limit_nano_usd
    full = min(_CELLS, percent * _CELLS // 100)
    spent, limit = as_usd(each.spent_nano_usd, places=2), as_usd(each.limit_nano_usd, places=2)
    bar = "#" * full + "." * (_CELLS - full)
    return f"[{bar}] {percent} % ({spent} of {limit}), {each.scope}", _colour(percent)


def _colour(percent: int) -> Paint:
    if percent >= _NEARLY:
        return "red"
    return "yellow" if percent >= _WARN else "green"


def _work(seen: Seen, now: datetime) -> Iterator[tuple[str, str]]:
    if not seen.runs:
        yield "runs", "none under way"
    for run in seen.runs[:_SHOWN]:
        yield "run", _run(run, now)
    if len(seen.runs) > _SHOWN:
        yield "", f"and {len(seen.runs) - _SHOWN} more: `steward run list --open`"
    for question in seen.questions[:_SHOWN]:
        yield "question", _question(question, now)
    if len(seen.questions) > _SHOWN:
        yield "", f"and {len(seen.questions) - _SHOWN} more"
    if not seen.questions:
        yield "questions", "none waits for you"


def _run(run: UnderWay, now: datetime) -> str:
    minutes = int((now - run.created_at).total_seconds() // 60)
    return f"{run.id} {run.agent}, {run.state}, {minutes} min: {_short(run.goal)}"


def _question(question: Waiting, now: datetime) -> str:
    minutes = int((now - question.asked_at).total_seconds() // 60)
    return f"{_short(question.title)} (waits {minutes} min)"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def _plain(text: str) -> str:
    """Without anything that a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{value!r} has no form for programs")
