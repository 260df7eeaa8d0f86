"""What follows from what was counted: shares, ranges and cohorts, with how much each rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from steward.operations.figures.counted import BY_PERSON, Asked, Basis, Counted, Counts
from steward.operations.figures.settings import MetricsSettings

FEW = 20
"""A share of fewer says little, and is marked."""
_LATER_WEEKS_MAX = 8


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """None where there is nothing to take a part of."""
        return self.part / self.whole if self.whole else None

    @property
    def is_few(self) -> bool:
        """Whether it rests on so little that it says little."""
        return 0 < self.whole < FEW


@dataclass(frozen=True, slots=True)
class Saved:
    """Estimated hours; less than none where it took more time than it saved."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PullRequests:
    """Pull requests that were opened. Whether they were merged, nobody tells Steward."""

    opened: int
    a_week: float
    hours: float | None
    """From the run's start, the median; None where it is known of none."""
    timed: int
    """Of how many that is known."""


@dataclass(frozen=True, slots=True)
class Week:
    """One week, from Monday to Sunday."""

    monday: date
    active: int
    """People who were at work."""
    new: int
    """Of these, those who were so for the first time that is known."""
    retained: tuple[int, ...]
    """Of the new ones, how many were at work in each of the weeks after."""
    is_whole: bool
    """Whether all of it was looked at."""


@dataclass(frozen=True, slots=True)
class People:
    """Who was at work."""

    active: int
    """At all."""
    a_day: float
    """On average of all days, days off included."""
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is told under one name."""

    name: str
    suggestions: Share
    """Suggestions that were accepted, whole or in part, of those that were shown."""
    proposals: Share
    """Proposals that were applied whole, of those that a person decided about."""
    in_part: int
    """Of these, those that were applied in part."""
    runs: Share
    """Runs that finished their task, of all that ended."""
    endings: Mapping[str, int]
    """How the others ended."""
    saved: Saved
    pull_requests: PullRequests
    people: People | None
    """None where it is not asked by people."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures that were asked for, and what they rest on."""

    asked: Asked
    lines: tuple[Figures, ...]
    basis: Basis

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a reader must know to take them for no more than they are."""
        oldest, said = self.basis.oldest_event, list[str]()
        if oldest is None:
            said.append("No events are kept: there are no figures of agents.")
        elif oldest > self.asked.first:
            said.append(f"Events are kept from {oldest} on: figures of agents begin there.")
        if self.basis.lost:
            said.append(f"{self.basis.lost:,} events were lost and are in no figure.")
        if any(share.is_few for line in self.lines for share in _shares(line)):
            said.append(f"`*`: fewer than {FEW}, which says little.")
        return tuple(said)


def report(asked: Asked, counts: Counts, settings: MetricsSettings) -> Report:
    """The figures of what was counted, by name."""
    lines = tuple(
        _figures(name, each, asked, counts.basis, settings)
        for name, each in sorted(counts.by_name.items())
    )
    return Report(asked, lines, counts.basis)


def _shares(line: Figures) -> Iterable[Share]:
    return line.suggestions, line.proposals, line.runs


def _figures(
    name: str, each: Counted, asked: Asked, basis: Basis, settings: MetricsSettings
) -> Figures:
    applied, in_part = each.proposals.get("applied", 0), each.proposals.get("partial", 0)
    decided = applied + in_part + each.proposals.get("refused", 0)
    finished = each.runs.get("finished", 0)
    return Figures(
        name=name,
        suggestions=Share(each.accepted + each.partly, each.shown),
        proposals=Share(applied, decided),
        in_part=in_part,
        runs=Share(finished, sum(each.runs.values())),
        endings={how: count for how, count in sorted(each.runs.items()) if how != "finished"},
        saved=_saved(each, applied, settings),
        pull_requests=_pull_requests(each, asked),
        people=_people(each, asked, basis) if asked.by in BY_PERSON else None,
    )


def _saved(each: Counted, applied: int, settings: MetricsSettings) -> Saved:
    """What doing it by hand would have taken, without what looking at it took."""
    looking_s = each.shown * settings.suggestion_s + each.answering_ms / 1000

    def hours(character_s: float, change_s: float) -> float:
        return (each.accepted_characters * character_s + applied * change_s - looking_s) / 3600

    return Saved(
        hours(settings.character_s_low, settings.change_s_low),
        hours(settings.character_s_high, settings.change_s_high),
    )


def _pull_requests(each: Counted, asked: Asked) -> PullRequests:
    known = [hours for hours in each.pull_requests if hours is not None]
    opened = len(each.pull_requests)
    return PullRequests(
        opened, opened * 7 / asked.days, median(known) if known else None, len(known)
    )


def _people(each: Counted, asked: Asked, basis: Basis) -> People:
    if asked.by == "day":  # Of one day there are no weeks.
        return People(len(each.active), float(len(each.active)), ())
    by_week: dict[date, set[str]] = {}
    for user, day in each.active:
        by_week.setdefault(monday_of(date.fromisoformat(day)), set()).add(user)
    users = {user for user, _ in each.active}
    first_weeks = {
        user: monday_of(date.fromisoformat(basis.first_days[user]))
        for user in users
        if user in basis.first_days
    }
    weeks: list[Week] = []
    monday = monday_of(asked.first)
    while monday <= asked.last:
        active = by_week.get(monday, set())
        new = {user for user in active if first_weeks.get(user) == monday}
        later = [monday + timedelta(weeks=number) for number in range(1, _LATER_WEEKS_MAX + 1)]
        weeks.append(
            Week(
                monday,
                len(active),
                len(new),
                tuple(len(new & by_week.get(week, set())) for week in later if week <= asked.last),
                is_whole=asked.first <= monday and monday + timedelta(days=6) <= asked.last,
            )
        )
        monday += timedelta(weeks=1)
    return People(len(users), len(each.active) / asked.days, tuple(weeks))


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())
