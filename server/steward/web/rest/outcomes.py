"""How much agents and ghost text help: acceptance, finished tasks, time saved, pull requests."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from steward.operations.figures.counted import Asked, By, Counts, counted
from steward.operations.figures.figures import Figures, People, Share, report
from steward.operations.figures.settings import MetricsSettings
from steward.permissions.people import permit_figures
from steward.web.rest.answer import Answer
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.csv_file import csv_file
from steward.web.rest.query import Day
from steward.web.rest.span import days_of
from steward.web.rooms import Rooms

router = APIRouter(prefix="/outcomes", tags=["outcomes"])

Dimension = Literal["all", "day", "agent", "model", "language", "user", "team"]


class ShareTold(Answer):
    """A part of a whole."""

    part: int
    whole: int
    share: float | None
    """Null where there is nothing to take a part of."""
    is_few: bool
    """Whether it rests on so little that it says little."""


class SavedTold(Answer):
    """Estimated hours; less than none where it took more time than it saved."""

    low_hours: float
    high_hours: float


class PullRequestsTold(Answer):
    """Pull requests that were opened. Whether they were merged, nobody tells Steward."""

    opened: int
    a_week: float
    median_hours: float | None
    """From the run's start; null where it is known of none."""
    timed: int
    """Of how many that is known."""


class WeekTold(Answer):
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


class PeopleTold(Answer):
    """Who was at work."""

    active: int
    a_day: float
    """On average of all days, days off included."""
    weeks: tuple[WeekTold, ...]
    """None of a single day."""


class Outcome(Answer):
    """Everything that is told under one name."""

    name: str
    suggestions: ShareTold
    """Suggestions that were accepted, whole or in part, of those that were shown."""
    proposals: ShareTold
    """Proposals that were applied whole, of those that a person decided about."""
    proposals_in_part: int
    runs: ShareTold
    """Runs that finished their task, of all that ended."""
    endings: Mapping[str, int]
    """How the others ended."""
    saved: SavedTold
    pull_requests: PullRequestsTold
    people: PeopleTold | None
    """Null where it is not asked by people."""


class Method(Answer):
    """What the estimate of the time saved takes for the time that work takes; see `[metrics]`."""

    character_s_low: float
    character_s_high: float
    suggestion_s: float
    change_s_low: float
    change_s_high: float
    answer_s_max: float


class Outcomes(Answer):
    """A report of what helped."""

    by: Dimension
    since: date
    until: date
    """The last day, included; days are UTC."""
    user: str | None
    """Whose; null for everybody's."""
    lines: tuple[Outcome, ...]
    cautions: tuple[str, ...]
    """What a reader must know to take the figures for no more than they are."""
    events_from: date | None
    """The day of the oldest event that is kept."""
    events_lost: int
    method: Method


@router.get("")
async def read_outcomes(
    caller: Reading,
    rooms: Opened,
    by: Dimension = "all",
    since: Day = None,
    until: Day = None,
    everybody: bool = False,
) -> Outcomes:
    """How much it helped; your own figures, or everybody's for owners and admins."""
    return await outcomes_of(caller, rooms, by, (since, until), everybody=everybody)


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_outcomes(
    caller: Reading,
    rooms: Opened,
    by: Dimension = "day",
    since: Day = None,
    until: Day = None,
    everybody: bool = False,
) -> Response:
    """The same figures as a CSV file."""
    found = await outcomes_of(caller, rooms, by, (since, until), everybody=everybody)
    return csv_file("outcomes", (by, *_COLUMNS), map(_cells, found.lines))


async def outcomes_of(
    caller: Caller,
    rooms: Rooms,
    by: Dimension,
    days: tuple[date | None, date | None],
    *,
    everybody: bool,
) -> Outcomes:
    """The report that a caller may read.

    Raises:
        NotPermittedError: it is everybody's, and they may not read how others work.
        InvalidInputError: no day lies between the two.
    """
    first, last = days_of(rooms, *days)
    user = None if everybody or by in ("user", "team") else caller.principal.user
    dimension: By | None = None if by == "all" else by
    settings = rooms.outcomes
    asked = Asked(caller.principal.tenant_id, first, last, user, dimension, settings.answer_s_max)

    def work(session: Session) -> Counts:
        if asked.user is None:
            permit_figures(session, caller.principal)
        return counted(session, asked)

    found = report(asked, await rooms.database.read(work), settings)
    return Outcomes(
        by=by,
        since=first,
        until=last,
        user=user,
        lines=tuple(map(_outcome, found.lines)),
        cautions=found.cautions,
        events_from=found.basis.oldest_event,
        events_lost=found.basis.lost,
        method=_method(settings),
    )


def _outcome(line: Figures) -> Outcome:
    opened = line.pull_requests
    return Outcome(
        name=line.name,
        suggestions=_share(line.suggestions),
        proposals=_share(line.proposals),
        proposals_in_part=line.in_part,
        runs=_share(line.runs),
        endings=dict(line.endings),
        saved=SavedTold(low_hours=line.saved.low, high_hours=line.saved.high),
        pull_requests=PullRequestsTold(
            opened=opened.opened,
            a_week=opened.a_week,
            median_hours=opened.hours,
            timed=opened.timed,
        ),
        people=None if line.people is None else _people(line.people),
    )


def _share(share: Share) -> ShareTold:
    return ShareTold(part=share.part, whole=share.whole, share=share.value, is_few=share.is_few)


def _people(people: People) -> PeopleTold:
    return PeopleTold(
        active=people.active,
        a_day=people.a_day,
        weeks=tuple(
            WeekTold(
                monday=week.monday,
                active=week.active,
                new=week.new,
                retained=week.retained,
                is_whole=week.is_whole,
            )
            for week in people.weeks
        ),
    )


def _method(settings: MetricsSettings) -> Method:
    return Method.model_validate(settings.model_dump(include=set(Method.model_fields)))


_COLUMNS = (
    *("suggestions_accepted", "suggestions_shown", "proposals_applied", "proposals_in_part"),
    *("proposals_decided", "runs_finished", "runs_ended", "saved_low_hours", "saved_high_hours"),
    *("pull_requests_opened", "pull_request_median_hours", "people_active"),
)


def _cells(line: Outcome) -> Sequence[object]:
    return (
        line.name,
        *(line.suggestions.part, line.suggestions.whole),
        *(line.proposals.part, line.proposals_in_part, line.proposals.whole),
        *(line.runs.part, line.runs.whole),
        *(round(line.saved.low_hours, 3), round(line.saved.high_hours, 3)),
        *(line.pull_requests.opened, line.pull_requests.median_hours),
        None if line.people is None else line.people.active,
    )
