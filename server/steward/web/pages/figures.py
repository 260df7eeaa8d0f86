"""Pages of what happened and helped, of how long it took, and of what people think."""

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.timings import Part
from steward.operations.feedback import About
from steward.web.pages.shown import back, page
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.events import events_of, newest_of
from steward.web.rest.feedback import (
    GivenFeedback,
    Verdict,
    feedback_of,
    give_of,
    sums_of,
    take_back_of,
    wanted_of,
)
from steward.web.rest.outcomes import Dimension, Outcome, ShareTold, outcomes_of
from steward.web.rest.performance import Hours, Latency, performance_of
from steward.web.rest.query import Day, Limit, Name
from steward.web.rooms import Rooms

router = APIRouter()

Whose = Literal["mine", "everybody"]
Typed = Annotated[str, Form(max_length=8_000)]


@router.get("/outcomes")
async def outcomes_page(  # noqa: PLR0913  A page has this many filters.
    request: Request,
    caller: Reading,
    rooms: Opened,
    by: Dimension = "all",
    since: Day = None,
    until: Day = None,
    whose: Whose = "mine",
) -> HTMLResponse:
    """How much agents and ghost text helped, and what happened."""
    everybody, days = whose == "everybody", (since, until)
    found = await outcomes_of(caller, rooms, by, days, everybody=everybody)
    trend = await outcomes_of(caller, rooms, "day", days, everybody=everybody)
    events = await events_of(caller, rooms, "name", days, None, everybody=everybody)
    newest = await newest_of(caller, rooms, days, None, (20, None), everybody=everybody)
    values = {
        "found": found,
        "trend": _trend(trend.lines),
        "events": events,
        "newest": newest,
        "whose": whose,
        "query": request.url.query,
    }
    return page(request, "outcomes", caller, values)


@router.get("/performance")
async def performance_page(
    request: Request,
    caller: Reading,
    rooms: Opened,
    hours: Hours = 24,
    part: Part | Literal[""] = "",
) -> HTMLResponse:
    """How long things take, and what of it is not as usual."""
    which = (part or None, None, None)
    found = await performance_of(caller, rooms, hours, which=which)
    trend = await performance_of(caller, rooms, 24 * 30, "day", which)
    values = {"found": found, "charts": _charts(trend.lines), "hours": hours, "part_shown": part}
    return page(request, "performance", caller, values)


@router.get("/feedback")
async def feedback_page(  # noqa: PLR0913
    request: Request,
    caller: Reading,
    rooms: Opened,
    about: About | Literal[""] = "",
    verdict: Verdict | Literal[""] = "",
    whose: Whose = "mine",
    limit: Limit = 50,
    after: Name | None = None,
) -> HTMLResponse:
    """What people think of answers, suggestions and runs."""
    everybody = whose == "everybody"
    wanted = wanted_of(caller, about or None, None, verdict or None, everybody=everybody)
    values = {
        "found": await feedback_of(caller, rooms, wanted, limit, after),
        "sums": await sums_of(caller, rooms, wanted),
        "about": about,
        "verdict": verdict,
        "whose": whose,
    }
    return page(request, "feedback", caller, values)


@router.post("/feedback")
async def say(  # noqa: PLR0913
    request: Request,
    caller: Managing,
    rooms: Opened,
    action: Annotated[Literal["give", "take back"], Form()] = "give",
    about: Annotated[About, Form()] = "run",
    subject: Typed = "",
    verdict: Annotated[Verdict | Literal[""], Form()] = "",
    comment: Typed = "",
    then: Typed = "/feedback",
) -> Response:
    """Keep what somebody thinks, or forget it; the form stands on other pages, too."""
    if action == "take back":
        await take_back_of(caller, rooms, subject)
        return back(request, "/feedback", caller, "What you said is gone.")
    if not verdict:
        raise InvalidInputError("Choose whether it was good or bad.")
    given = GivenFeedback(about=about, subject=subject, verdict=verdict, comment=comment)
    await give_of(caller, rooms, given)
    return back(request, _own(then), caller, "What you said is kept.")


async def feedback_on(
    caller: Caller, rooms: Rooms, about: About, subject: str
) -> dict[str, object]:
    """What `feedback_form.html` is given: what the caller said of this before, if anything."""
    wanted = wanted_of(caller, about, subject)
    try:
        said = (await feedback_of(caller, rooms, wanted, 1, None)).items
    except NotPermittedError:
        said = ()
    return {"about": about, "subject": subject, "said": said[0] if said else None}


def _own(path: str) -> str:
    """A page of ours, wherever a form would send us."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own else "/feedback"


def _trend(lines: Iterable[Outcome]) -> dict[str, object]:
    """Shares of each day, in percent, for a chart."""

    def percent(share: ShareTold) -> float | None:
        return None if share.share is None else round(100 * share.share, 1)

    days = list(lines)
    return {
        "days": [line.name for line in days],
        "shares": {
            "suggestions accepted": [percent(line.suggestions) for line in days],
            "proposals applied": [percent(line.proposals) for line in days],
            "runs finished": [percent(line.runs) for line in days],
        },
        "counts": {
            "people at work": [0 if line.people is None else line.people.active for line in days],
            "pull requests": [line.pull_requests.opened for line in days],
        },
    }


def _charts(lines: Iterable[Latency]) -> list[dict[str, object]]:
    """A chart for each measure of a part: the 95th percentile by day, a line for each name."""
    every = [line for line in lines if line.part != "extension"]
    days = sorted({line.when for line in every})
    found: list[dict[str, object]] = []
    for part, measure in sorted({(line.part, line.measure) for line in every}):
        here = [line for line in every if (line.part, line.measure) == (part, measure)]
        names = sorted({line.name for line in here}, key=lambda name: _busy(here, name))
        known = {(line.name, line.when): line.p95_ms for line in here}
        series = {name: [known.get((name, day)) for day in days] for name in names[:_LINES_MAX]}
        found.append({"title": f"{part}, {measure}", "days": days, "series": series})
    return found


def _busy(lines: Iterable[Latency], name: str) -> int:
    return -sum(line.count for line in lines if line.name == name)


_LINES_MAX = 8
"""So many lines of one chart can be told from each other."""
