"""Calls of models, and each one's attempts. What was sent and said is not among it.

Everybody sees their own; those of others are for owners and admins, as all figures of how others
work are.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlmodel import Session

from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.core.money_limits import SCOPE_CHARS_MAX
from steward.core.principal import Principal
from steward.ledger.calls import LoggedCall, LogPart, Place, Wanted, attempts_of, log_part
from steward.ledger.charge import State
from steward.permissions.people import permit_figures
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer, Paged
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.cursor import cursor, moment_after
from steward.web.rest.query import LIMIT, Days, Part
from steward.web.rooms import Rooms

router = APIRouter(prefix="/requests", tags=["requests"])

Word = Annotated[str | None, Field(max_length=SCOPE_CHARS_MAX)]


class ModelCall(Answer):
    """One attempt of a request: a call of a model, from promise to payment."""

    request_id: str
    attempt: int
    """1, or which retry or other model of the same request it is."""
    reason: str
    """Why this attempt was made after another one; empty of the first, and in lists."""
    opened_at: datetime
    """When its money was set aside, just before it was sent."""
    ended_at: datetime | None
    """Null while it is under way."""
    user: str
    team: str
    workspace: str
    session: str
    task: str
    agent: str
    """Empty where no agent asked; `extension:ID` where an extension did."""
    provider: str
    model: str
    run_id: str | None
    """The run that it belongs to; its page has what was sent."""
    state: State
    """`open` while it is under way; `settled` and paid; `released`, given back since nothing was
    bought; `expired` and charged, since nobody saw its end."""
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reserved_nano_usd: int
    """What was set aside: the most that it could cost."""
    cost_nano_usd: int
    saved_nano_usd: int
    """What it would have cost, had its answer not been known already."""
    is_estimated: bool
    """Whether the tokens were counted by us, because the provider did not say."""
    price_version: str
    first_piece_ms: int | None
    """From the first byte sent to the first piece of the answer."""
    duration_ms: int | None
    """From the first byte sent to the end of the answer."""


class ModelRequest(Answer):
    """A request with all its attempts."""

    request_id: str
    attempts: tuple[ModelCall, ...]
    cost_nano_usd: int
    """Of all attempts together."""
    has_fallen_back: bool
    """Whether another model was asked than at first."""


class CallFilter(Days, Part):
    """Which calls, and which part of them."""

    user: Word = None
    workspace: Word = None
    model: Word = None
    provider: Word = None
    agent: Word = None
    task: Word = None
    state: State | None = None
    run_id: Word = None


@router.get("")
async def read_requests(
    caller: Reading,
    rooms: Opened,
    wanted: Annotated[CallFilter, Query()],
) -> Paged[ModelCall]:
    """Calls of models, the newest first.

    Where few calls fit a filter, a page may have fewer than `limit` of them, or none, and still a
    next one: each looks through so many calls at the most.
    """
    return await requests_of(caller, rooms, wanted)


@router.get("/{request_id}")
async def read_request(request_id: str, caller: Reading, rooms: Opened) -> ModelRequest:
    """One request with all its attempts."""
    return await request_of(caller, rooms, request_id)


async def requests_of(caller: Caller, rooms: Rooms, wanted: CallFilter) -> Paged[ModelCall]:
    """The calls that a caller may see; their own, where they may see no others.

    Raises:
        NotPermittedError: they ask for somebody else's, and may not; or are nobody of ours.
        InvalidInputError: `after` is none.
    """
    words = wanted.model_dump(include=_WORDS)
    _check(caller, *words.values())
    principal, limit = caller.principal, wanted.limit or LIMIT
    after = moment_after(wanted.after)
    place = after and Place(*after)
    chosen = Wanted(**words, state=wanted.state, first=wanted.since, last=wanted.until)

    def work(session: Session) -> LogPart:
        user = _whose(session, principal, wanted.user)
        return log_part(session, principal.tenant_id, replace(chosen, user=user), place, limit)

    part = await rooms.database.read(work)
    return Paged(
        items=tuple(_shown(each) for each in part.calls),
        next=None if part.next is None else cursor(*part.next),
    )


async def request_of(caller: Caller, rooms: Rooms, request_id: str) -> ModelRequest:
    """A request that a caller may see.

    Raises:
        NotFoundError: there is none, or it is not for them to see.
    """
    _check(caller, request_id)
    principal = caller.principal

    def work(session: Session) -> tuple[LoggedCall, ...]:
        user = _whose(session, principal, None)
        found = attempts_of(session, principal.tenant_id, request_id)
        return tuple(each for each in found if user in (None, each.user))

    found = await rooms.database.read(work)
    if not found:
        raise NotFoundError(
            f"There is no request {request_id[:100]!r} that you may see. The log lists yours."
        )
    return ModelRequest(
        request_id=request_id,
        attempts=tuple(_shown(each) for each in found),
        cost_nano_usd=sum(each.call.cost_nano_usd for each in found),
        has_fallen_back=len({(each.call.provider, each.call.model) for each in found}) > 1,
    )


def _whose(session: Session, principal: Principal, user: str | None) -> str | None:
    """Whose calls are shown: None for everybody's."""
    if user == principal.user:
        return user
    try:
        permit_figures(session, principal)
    except NotPermittedError:
        if user is not None:
            raise
        return principal.user
    return user


def _check(caller: Caller, *words: str | None) -> None:
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)
    if any("\0" in each for each in words if each is not None):
        raise InvalidInputError("Nothing in the log has such a name. Ask without the character 0.")


def _shown(each: LoggedCall) -> ModelCall:
    call = each.call
    return ModelCall(
        request_id=call.request_id,
        attempt=call.attempt,
        reason=each.reason,
        opened_at=call.at,
        ended_at=each.ended_at,
        user=each.user,
        team=each.team,
        workspace=each.workspace,
        session=each.session,
        task=call.task,
        agent=call.agent,
        provider=call.provider,
        model=call.model,
        run_id=call.run_id,
        state=call.state,
        input_tokens=call.usage.input_tokens,
        cached_tokens=call.usage.cached_tokens,
        output_tokens=call.usage.output_tokens,
        reserved_nano_usd=call.reserved_nano_usd,
        cost_nano_usd=call.cost_nano_usd,
        saved_nano_usd=call.measured.saved_nano_usd,
        is_estimated=call.is_estimated,
        price_version=each.price_version,
        first_piece_ms=call.measured.first_piece_ms,
        duration_ms=call.measured.duration_ms,
    )


_WORDS = {"user", "workspace", "model", "provider", "agent", "task", "run_id"}
