"""`steward metrics`: how much agents and ghost text help, in figures."""

import argparse
import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date

from sqlmodel import Session

from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.csv_cell import plain_cell
from steward.core.errors import InvalidInputError
from steward.operations.figures.counted import Asked, Counts, counted
from steward.operations.figures.figures import Figures, People, Report, Share, report
from steward.permissions.people import permit_figures

_DAYS_MAX = 3660


def show_metrics(shell: Shell, arguments: argparse.Namespace) -> None:
    """Write the figures that were asked for."""
    asked = _asked(shell, arguments)

    def work(session: Session) -> Counts:
        if asked.user is None:
            permit_figures(session, shell.principal)
        return counted(session, asked)

    found = report(asked, shell.read(work), shell.settings.metrics)
    if arguments.json:
        say(json.dumps(_values(found), indent=2) + "\n")
    elif arguments.csv:
        say(_as_csv(found))
    else:
        say(_as_text(found))


def _asked(shell: Shell, arguments: argparse.Namespace) -> Asked:
    today = shell.now.astimezone(UTC).date()
    first: date = arguments.since or today.replace(day=1)
    last: date = arguments.until or today
    if first > last or (last - first).days > _DAYS_MAX:
        raise InvalidInputError(
            f"From {first} to {last} (UTC) is no day, or more than {_DAYS_MAX}. Name another"
            " --since or --until."
        )
    is_everybodys = arguments.everybody or arguments.by in ("user", "team")
    user = None if is_everybodys else shell.principal.user
    answer_s = shell.settings.metrics.answer_s_max
    return Asked(shell.principal.tenant_id, first, last, user, arguments.by, answer_s)


def _as_text(found: Report) -> str:
    asked = found.asked
    whose = "everybody" if asked.user is None else asked.user
    head = f"{asked.first} to {asked.last} (UTC), {whose}\n"
    if not found.lines:
        body = "\nNothing happened.\n"
    else:
        names = (asked.by or "",) if asked.by else ()
        columns = (*names, "suggestions", "proposals", "in part", "runs", "hours saved", "PRs")
        people = ("people", "a day") if found.lines[0].people else ()
        rows = [(*columns, *people), *(_row(line, asked.by is not None) for line in found.lines)]
        body = "\n" + table(rows) + _ended_otherwise(found.lines) + _opened(found.lines)
        if asked.by is None:
            body += _weeks(found.lines[0].people)
    notes = (
        *found.cautions,
        "Hours saved are an estimate; see `[metrics]` in your settings.",
        "Whether a pull request was merged is not known.",
    )
    return head + body + "\n" + "".join(f"{note}\n" for note in notes)


def _row(line: Figures, is_named: bool) -> tuple[str, ...]:
    people = line.people
    return (
        *((line.name or "-",) if is_named else ()),
        _share(line.suggestions),
        _share(line.proposals),
        f"{line.in_part:,}",
        _share(line.runs),
        f"{line.saved.low:.1f} to {line.saved.high:.1f}",
        f"{line.pull_requests.opened:,}",
        *(() if people is None else (f"{people.active:,}", f"{people.a_day:.1f}")),
    )


def _share(share: Share) -> str:
    if share.value is None:
        return "-"
    return f"{share.value:.0%} of {share.whole:,}{'*' if share.is_few else ''}"


def _ended_otherwise(lines: Iterable[Figures]) -> str:
    counts: dict[str, int] = {}
    for line in lines:
        for how, count in line.endings.items():
            counts[how] = counts.get(how, 0) + count
    told = ", ".join(f"{count:,} {how}" for how, count in sorted(counts.items()))
    return f"\nRuns that did not finish: {told}.\n" if told else ""


def _opened(lines: Iterable[Figures]) -> str:
    told = [line.pull_requests for line in lines if line.pull_requests.opened]
    if len(told) != 1:
        return ""
    one = told[0]
    hours = "unknown" if one.hours is None else f"{one.hours:.1f} hours ({one.timed:,} known)"
    return f"\nPull requests: {one.a_week:.1f} a week; from the run's start: {hours}.\n"


def _weeks(people: People | None) -> str:
    if people is None or not people.active:
        return ""
    rows = [
        (
            f"{week.monday}{'' if week.is_whole else ' (in part)'}",
            f"{week.active:,}",
            f"{week.new:,}",
            " ".join(map(str, week.retained)) if week.new else "",
        )
        for week in people.weeks
    ]
    head = ("week from", "active", "new", "of these active in the weeks after")
    return "\n" + table((head, *rows))


def _values(found: Report) -> dict[str, object]:
    asked = found.asked
    return {
        "first": asked.first.isoformat(),
        "last": asked.last.isoformat(),
        "time_zone": "UTC",
        "user": asked.user,
        "by": asked.by,
        "lines": [_line_values(line) for line in found.lines],
        "events_from": found.basis.oldest_event and found.basis.oldest_event.isoformat(),
        "events_lost": found.basis.lost,
        "cautions": list(found.cautions),
    }


def _line_values(line: Figures) -> dict[str, object]:
    def share(each: Share) -> dict[str, object]:
        return {**asdict(each), "share": each.value, "is_few": each.is_few}

    people = None if line.people is None else asdict(line.people)
    if people is not None:
        for week in people["weeks"]:
            week["monday"] = week["monday"].isoformat()
    return {
        "name": line.name,
        "suggestions": share(line.suggestions),
        "proposals": {**share(line.proposals), "in_part": line.in_part},
        "runs": {**share(line.runs), "others": dict(line.endings)},
        "hours_saved": asdict(line.saved),
        "pull_requests": {**asdict(line.pull_requests), "merged": None},
        "people": people,
    }


def _as_csv(found: Report) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ("suggestions_accepted", "suggestions_shown", "proposals_applied", "proposals_in_part")
    more = ("proposals_decided", "runs_finished", "runs_ended", "hours_saved_low")
    last = ("hours_saved_high", "pull_requests_opened", "pull_request_hours", "people_active")
    writer.writerow((found.asked.by or "all", *head, *more, *last))
    for line in found.lines:
        hours = line.pull_requests.hours
        writer.writerow(
            (
                plain_cell(line.name),
                *(line.suggestions.part, line.suggestions.whole),
                *(line.proposals.part, line.in_part, line.proposals.whole),
                *(line.runs.part, line.runs.whole),
                *(f"{line.saved.low:.3f}", f"{line.saved.high:.3f}", line.pull_requests.opened),
                "" if hours is None else f"{hours:.3f}",
                "" if line.people is None else line.people.active,
            )
        )
    return out.getvalue()
