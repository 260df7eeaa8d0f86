"""How every part of the server stands, for those who run it."""

from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter

from steward import __version__
from steward.core.errors import NotPermittedError
from steward.operations.health.verdict import Fact, Part, State
from steward.permissions.roles import why_no_health
from steward.web.rest.answer import Answer
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rooms import Rooms

router = APIRouter(prefix="/health", tags=["health"])


class PartHealth(Answer):
    """How one part stands."""

    name: str
    state: State
    cause: str
    """Why it is not healthy, and what to do; empty where it is."""
    latency_ms: float
    """How long looking at it took."""
    facts: Mapping[str, Fact]
    """Its figures; their names end in their units."""


class HealthReport(Answer):
    """How everything stands."""

    state: State
    """The worst of all parts."""
    at: datetime
    """When it was looked at; at most a second ago."""
    version: str
    parts: tuple[PartHealth, ...]


@router.get("")
async def read_health(caller: Reading, rooms: Opened) -> HealthReport:
    """How every part stands now, with why one does not; for owners and admins."""
    return await health_of(caller, rooms)


async def health_of(caller: Caller, rooms: Rooms) -> HealthReport:
    """The report that a caller may read.

    Raises:
        NotPermittedError: they are neither owner nor admin.
    """
    if (refusal := why_no_health(caller.principal)) is not None:
        raise NotPermittedError(refusal)
    report = await rooms.health.report()
    parts = tuple(map(_told, report.parts))
    return HealthReport(state=report.state, at=report.at, version=__version__, parts=parts)


def _told(part: Part) -> PartHealth:
    return PartHealth(
        name=part.name,
        state=part.found.state,
        cause=part.found.cause,
        latency_ms=round(part.took_ms, 3),
        facts=part.found.facts,
    )
