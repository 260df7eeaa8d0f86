"""What people think of answers, suggestions and runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from steward.core.errors import LimitError
from steward.core.figures_limits import FEEDBACK_EXPORTED_MAX
from steward.operations import feedback
from steward.operations.feedback import About, Sum, Wanted as WantedFeedback
from steward.operations.tables import FeedbackRow
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.csv_file import csv_file
from steward.web.rest.cursor import cursor, moment_after
from steward.web.rest.query import Limit, Name
from steward.web.rooms import Rooms

router = APIRouter(prefix="/feedback", tags=["feedback"])

Verdict = Literal["good", "bad"]


class Feedback(Answer):
    """What somebody said."""

    id: str
    user: str
    at: datetime
    about: About
    subject: str
    """The id of the answer, the suggestion or the run."""
    agent: str
    """The one that made it; empty where that is not known."""
    model: str
    verdict: Verdict
    comment: str
    """A person's own words, without what looks like a secret."""


class FeedbackSum(Answer):
    """How many said what of one agent and model."""

    about: About
    agent: str
    model: str
    good: int
    bad: int


class GivenFeedback(Wanted):
    """What is to be kept; it takes the place of what the same person said of the same before."""

    about: About
    subject: str
    verdict: Verdict
    comment: str = ""


@router.post("", status_code=201)
async def give_feedback(given: GivenFeedback, caller: Managing, rooms: Opened) -> Feedback:
    """Say what you think of an answer, a suggestion or a run."""
    return await give_of(caller, rooms, given)


@router.get("")
async def list_feedback(  # noqa: PLR0913  A list has this many filters.
    caller: Reading,
    rooms: Opened,
    about: About | None = None,
    subject: Name | None = None,
    verdict: Verdict | None = None,
    everybody: bool = False,
    limit: Limit = 50,
    after: str | None = None,
) -> Paged[Feedback]:
    """What was said, the newest first; your own, or everybody's for owners and admins."""
    wanted = wanted_of(caller, about, subject, verdict, everybody=everybody)
    return await feedback_of(caller, rooms, wanted, limit, after)


@router.get("/sums")
async def sum_feedback(
    caller: Reading, rooms: Opened, about: About | None = None, everybody: bool = False
) -> tuple[FeedbackSum, ...]:
    """How many said what, by kind, agent and model."""
    return await sums_of(caller, rooms, wanted_of(caller, about, everybody=everybody))


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_feedback(
    caller: Reading, rooms: Opened, about: About | None = None, everybody: bool = False
) -> Response:
    """All of it as a CSV file, the newest first."""
    wanted = wanted_of(caller, about, everybody=everybody)
    found = await _rows(caller, rooms, wanted, FEEDBACK_EXPORTED_MAX + 1, None)
    if len(found) > FEEDBACK_EXPORTED_MAX:
        raise LimitError(
            f"There are more than {FEEDBACK_EXPORTED_MAX:,} rows. Ask for one kind with `about`, or"
            " read the list page by page."
        )
    return csv_file("feedback", tuple(Feedback.model_fields), map(_cells, found))


@router.delete("/{feedback_id}", status_code=204)
async def take_back_feedback(feedback_id: Name, caller: Managing, rooms: Opened) -> None:
    """Forget what you said."""
    await take_back_of(caller, rooms, feedback_id)


async def give_of(caller: Caller, rooms: Rooms, given: GivenFeedback) -> Feedback:
    """Keep what a caller thinks.

    Raises:
        InvalidInputError: the comment is too long, or the id is none.
        NotFoundError: there is no such answer or run, or it is somebody else's.
    """
    said = feedback.Said(given.about, given.subject, given.verdict == "good", given.comment)
    principal, now, new_id = caller.principal, rooms.clock.now(), rooms.new_id()
    return _told(
        await rooms.database.run(
            lambda session: feedback.give(session, principal, said, now, new_id)
        )
    )


async def take_back_of(caller: Caller, rooms: Rooms, feedback_id: str) -> None:
    """Forget what a caller said.

    Raises:
        NotFoundError: they said nothing of this id.
    """
    principal = caller.principal
    await rooms.database.run(lambda session: feedback.take_back(session, principal, feedback_id))


async def feedback_of(
    caller: Caller, rooms: Rooms, wanted: WantedFeedback, limit: int, after: str | None
) -> Paged[Feedback]:
    """The feedback that a caller may read.

    Raises:
        NotPermittedError: it is everybody's, and they may not read how others work.
    """
    rows = await _rows(caller, rooms, wanted, limit + 1, moment_after(after))
    items = tuple(_told(row) for row in rows[:limit])
    last = items[-1] if len(rows) > limit else None
    return Paged(items=items, next=None if last is None else cursor(last.at, last.id))


async def sums_of(caller: Caller, rooms: Rooms, wanted: WantedFeedback) -> tuple[FeedbackSum, ...]:
    """The sums that a caller may read.

    Raises:
        NotPermittedError: as `feedback_of`.
    """

    def work(session: Session) -> Sequence[Sum]:
        return feedback.sums(session, caller.principal, wanted)

    return tuple(
        FeedbackSum(
            about=cast("About", each.about),
            agent=each.agent,
            model=each.model,
            good=each.good,
            bad=each.bad,
        )
        for each in await rooms.database.read(work)
    )


def wanted_of(
    caller: Caller,
    about: About | None = None,
    subject: str | None = None,
    verdict: Verdict | None = None,
    *,
    everybody: bool = False,
) -> WantedFeedback:
    """What a caller asks for."""
    user = None if everybody else caller.principal.user
    is_good = None if verdict is None else verdict == "good"
    return WantedFeedback(caller.principal.tenant_id, user, about, subject, is_good)


async def _rows(
    caller: Caller,
    rooms: Rooms,
    wanted: WantedFeedback,
    limit: int,
    after: tuple[datetime, str] | None,
) -> Sequence[FeedbackRow]:
    principal = caller.principal
    return await rooms.database.read(
        lambda session: feedback.listed(session, principal, wanted, limit, after)
    )


def _told(row: FeedbackRow) -> Feedback:
    return Feedback(
        id=row.id,
        user=row.user,
        at=row.at,
        about=cast("About", row.about),
        subject=row.subject,
        agent=row.agent,
        model=row.model,
        verdict="good" if row.is_good else "bad",
        comment=row.comment,
    )


def _cells(row: FeedbackRow) -> Sequence[object]:
    return tuple(_told(row).model_dump(mode="json").values())
