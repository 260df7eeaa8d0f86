"""What a call would cost and who would pay it, before anything is sent."""

from dataclasses import replace

from fastapi import APIRouter
from pydantic import Field

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.limits import PATH_CHARS_MAX, TOKENS_MAX, WEB_BODY_BYTES_MAX
from steward.core.money_limits import MODEL_NAME_CHARS_MAX
from steward.gateway.foresight import Foreseen, Question, Rules, foresee
from steward.gateway.request import Written
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer, Wanted
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rooms import Rooms

router = APIRouter(prefix="/usage", tags=["usage"])


class EstimateWanted(Wanted):
    """The call that is thought of."""

    text: str = Field(max_length=WEB_BODY_BYTES_MAX)
    """What would be sent. It is counted and forgotten."""
    task: Written = "agent"
    model: str | None = Field(default=None, max_length=MODEL_NAME_CHARS_MAX)
    """`provider/model`; null for the one that is chosen for the task."""
    output_tokens_max: int | None = Field(default=None, ge=1, le=TOKENS_MAX)
    """The longest answer; null for what the task's calls ask for."""
    workspace: str = Field(default="", max_length=PATH_CHARS_MAX)
    """The folder in which it would be made: its account would pay too."""


class Paying(Answer):
    """An account that would pay."""

    scope: str
    period: str
    limit_nano_usd: int | None
    left_nano_usd: int | None
    is_covering: bool
    """Whether it covers the most that the call could cost."""


class CostEstimate(Answer):
    """What a call would come to."""

    model: str
    price_version: str
    input_pico_usd_per_token: int
    output_pico_usd_per_token: int
    input_tokens_max: int
    input_tokens: int
    output_tokens_max: int
    output_tokens: int
    worst_nano_usd: int
    """The most that it could cost, which would be set aside."""
    probable_nano_usd: int
    calls_seen: int
    """Of how many calls of the task `output_tokens` is the mean; nought where nobody knows."""
    accounts: tuple[Paying, ...]
    is_admitted: bool
    refusal: str | None
    """Why it would be refused."""
    shortened_to_tokens: int | None
    """To what its answer would be limited, where the whole is not covered."""


@router.post("/estimate")
async def estimate_cost(wanted: EstimateWanted, caller: Reading, rooms: Opened) -> CostEstimate:
    """What this call would cost the one who asks; nothing is sent or set aside."""
    return await estimate_of(caller, rooms, wanted)


async def estimate_of(caller: Caller, rooms: Rooms, wanted: EstimateWanted) -> CostEstimate:
    """The estimate of a caller's call.

    Raises:
        NotPermittedError: they are not among the organisation's people.
        UnavailableError: no model is chosen for the task.
        UnpricedError: nobody has said what the model costs.
    """
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)
    if "\0" in wanted.workspace:
        raise InvalidInputError("No folder has such a name. Name the workspace by its path.")
    most = wanted.output_tokens_max or rooms.answer_tokens_max[wanted.task]
    question = Question(wanted.task, wanted.text, most, wanted.model)
    person = replace(caller.principal, workspace=wanted.workspace)
    rules, now = Rules(rooms.models, rooms.limits), rooms.clock.now()
    found = await rooms.database.read(
        lambda session: foresee(session, person, question, rules, now)
    )
    return _shown(found)


def _shown(found: Foreseen) -> CostEstimate:
    price, cost = found.asked.price, found.cost
    return CostEstimate(
        model=found.asked.model.id,
        price_version=price.version,
        input_pico_usd_per_token=price.input,
        output_pico_usd_per_token=price.output,
        input_tokens_max=cost.input_tokens_max,
        input_tokens=cost.input_tokens,
        output_tokens_max=cost.output_tokens_max,
        output_tokens=cost.output_tokens,
        worst_nano_usd=cost.worst_nano_usd,
        probable_nano_usd=cost.probable_nano_usd,
        calls_seen=found.usual.calls if found.usual else 0,
        accounts=tuple(
            Paying(
                scope=each.key.scope,
                period=each.key.period,
                limit_nano_usd=each.limit,
                left_nano_usd=each.left,
                is_covering=each.covers(cost.worst_nano_usd),
            )
            for each in found.accounts
        ),
        is_admitted=found.refusal is None,
        refusal=found.refusal,
        shortened_to_tokens=found.shortened_to,
    )
