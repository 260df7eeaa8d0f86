"""What calls of models cost, added up by whatever is asked for."""

from datetime import UTC, date
from typing import Literal

from fastapi import APIRouter

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.ledger.report import By, usage_by
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rooms import Rooms

router = APIRouter(prefix="/usage", tags=["usage"])

Dimension = Literal[
    "day", "user", "team", "workspace", "model", "provider", "agent", "task", "session", "extension"
]


class UsageLine(Answer):
    """One line of a report."""

    name: str
    """The user, model, …; of a report by day, the day."""
    calls: int
    input_tokens: int
    cached_tokens: int
    """Of the input tokens, those that the provider had kept."""
    output_tokens: int
    cost_nano_usd: int


class Usage(Answer):
    """A report."""

    by: Dimension
    since: date
    until: date
    """The last day, included; days are UTC."""
    lines: tuple[UsageLine, ...]
    """The dearest first; days in their order."""
    cost_nano_usd: int


@router.get("")
async def read_usage(
    caller: Reading,
    rooms: Opened,
    by: Dimension = "model",
    since: date | None = None,
    until: date | None = None,
) -> Usage:
    """What calls cost, from the first of this month to today where nothing else is said."""
    return await usage_of(caller, rooms, by, since, until)


async def usage_of(
    caller: Caller, rooms: Rooms, by: Dimension, since: date | None, until: date | None
) -> Usage:
    """The report that a caller may read.

    Raises:
        NotPermittedError: they are not among the organisation's people.
        InvalidInputError: no day lies between the two.
    """
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)
    today = rooms.clock.now().astimezone(UTC).date()
    first, last = since or today.replace(day=1), until or today
    if first > last:
        raise InvalidInputError(f"No day is from {first} to {last} (UTC). Name others.")
    tenant = caller.principal.tenant_id
    dimension: By = "all" if by == "day" else by
    found = await rooms.database.read(
        lambda session: usage_by(session, tenant, dimension, first, last)
    )
    lines = tuple(
        UsageLine(
            name=line.name,
            calls=line.calls,
            input_tokens=line.input_tokens,
            cached_tokens=line.cached_tokens,
            output_tokens=line.output_tokens,
            cost_nano_usd=line.cost_nano_usd,
        )
        for line in found
    )
    cost = sum(line.cost_nano_usd for line in lines)
    return Usage(by=by, since=first, until=last, lines=lines, cost_nano_usd=cost)
