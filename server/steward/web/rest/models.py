"""The models that can be asked, how they stand, and which is asked for what."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from steward.core.errors import NotFoundError, NotPermittedError
from steward.core.money_limits import MODEL_NAME_CHARS_MAX
from steward.gateway.ability import Ability, Refused
from steward.gateway.catalogue.model import Model
from steward.gateway.choice.choose import Choice
from steward.gateway.request import Purpose
from steward.gateway.settings import GatewaySettings, TaskModels
from steward.gateway.standing import ModelStanding, State
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer, Paged
from steward.web.rest.caller import Caller, Opened, Reading
from steward.web.rest.cursor import cursor, name_after
from steward.web.rest.prices import Rates, rates_of
from steward.web.rest.query import LIMIT, Part
from steward.web.rooms import Rooms

router = APIRouter(prefix="/models", tags=["models"])

PURPOSES: tuple[Purpose, ...] = (
    *("completion", "next_edit", "plan", "agent", "chat", "embedding", "extension"),
)


class KnownModel(Answer):
    """One model, and how it stands for whoever asks."""

    model: str
    """`provider/model`."""
    provider: str
    abilities: tuple[Ability, ...]
    refuses: tuple[Refused, ...]
    """What it must not be sent."""
    input_tokens_max: int | None
    """The most that it reads; null if nobody has said."""
    output_tokens_max: int | None
    rates: Rates | None
    """What it costs; null if nobody has said."""
    price_version: str | None
    state: State | Literal["not allowed"]
    """`ready`; `resting`, since its provider failed again and again; or what is in its way."""
    why: str
    """Why it cannot be asked now, and what to do; empty where it can."""
    tasks: tuple[Purpose, ...]
    """What the caller's calls go to it for where they name no model."""


class TaskChoice(Answer):
    """Which model is asked for a task."""

    task: Purpose
    model: str | None
    """Null where none is."""
    why: str
    """Why it is this one, or why it is none."""
    fallbacks: tuple[str, ...]
    """Those that are asked in its place when it fails, in this order."""


class ModelWish(Answer):
    """A model that somebody prefers."""

    whose: Literal["person", "workspace", "strength"]
    name: str
    """The person's, the workspace's path, or `cheap`, `balanced` or `strong`."""
    task: Purpose | None
    """Null of a strength, which extensions name."""
    model: str


class PolicyRule(Answer):
    """Which models may be asked; where several rules apply, each must allow one."""

    models: tuple[str, ...]
    team: str | None
    task: Purpose | None


class ModelChoices(Answer):
    """What decides which model is asked, for whoever asks."""

    tasks: tuple[TaskChoice, ...]
    preferences: tuple[ModelWish, ...]
    policy: tuple[PolicyRule, ...]


class ModelsPart(Part):
    """Which models, and which part of them."""

    which: Literal["usable", "known"] | None = None
    """`usable`, those that the caller may ask or was chosen for them; or all that are known."""


@router.get("")
async def read_models(
    caller: Reading, rooms: Opened, wanted: Annotated[ModelsPart, Query()]
) -> Paged[KnownModel]:
    """The models that the caller may ask or was chosen for them; or all that are known here."""
    return await models_of(caller, rooms, wanted)


@router.get("/choices")
async def read_choices(caller: Reading, rooms: Opened) -> ModelChoices:
    """Which model is asked for which task, and why."""
    return await choices_of(caller, rooms)


@router.get("/one")
async def read_model(
    caller: Reading,
    rooms: Opened,
    model: Annotated[str, Query(max_length=MODEL_NAME_CHARS_MAX)],
) -> KnownModel:
    """One model."""
    found = {each.model: each for each in await _every(caller, rooms, "known")}
    if model not in found:
        raise NotFoundError("No model of this name is known here. `/models` lists them.")
    return found[model]


async def models_of(caller: Caller, rooms: Rooms, wanted: ModelsPart) -> Paged[KnownModel]:
    """The models, by name.

    Raises:
        NotPermittedError: the caller is not among the organisation's people.
    """
    limit, last = wanted.limit or LIMIT, name_after(wanted.after)
    every = await _every(caller, rooms, wanted.which or "usable")
    found = [each for each in every if each.model > last]
    more = len(found) > limit
    return Paged(items=tuple(found[:limit]), next=cursor(found[limit - 1].model) if more else None)


async def choices_of(caller: Caller, rooms: Rooms) -> ModelChoices:
    """What decides which model is asked; raises as `models_of`."""
    _check(caller)
    await rooms.gateway.hear()
    chosen = rooms.gateway.choices(caller.principal)
    settings = rooms.models
    return ModelChoices(
        tasks=tuple(_task(task, chosen[task]) for task in PURPOSES),
        preferences=_preferences(settings),
        policy=tuple(
            PolicyRule(models=rule.models, team=rule.team, task=rule.task)
            for rule in settings.policy
        ),
    )


def _check(caller: Caller) -> None:
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)


async def _every(
    caller: Caller, rooms: Rooms, which: Literal["usable", "known"]
) -> list[KnownModel]:
    _check(caller)
    gateway = rooms.gateway
    await gateway.hear()
    found = {each.model.id: each for each in await gateway.standings(caller.principal)}
    shown = {id_: _shown(each) for id_, each in found.items()}
    if which == "known":
        shown |= {
            model.id: _passed_by(model, gateway.providers)
            for model in gateway.known()
            if model.id not in shown
        }
    return [shown[id_] for id_ in sorted(shown)]


def _shown(each: ModelStanding) -> KnownModel:
    return _model(each.model, each.state, each.why, each.tasks)


def _passed_by(model: Model, providers: frozenset[str]) -> KnownModel:
    """One that nobody can ask, or that the policy does not allow the caller."""
    if model.provider not in providers:
        return _model(
            model,
            "not configured",
            f"The provider {model.provider!r} has no key and no address in the settings.",
        )
    if model.price is None:
        return _model(model, "no price", "Nobody has said what it costs, so it is not called.")
    return _model(model, "not allowed", "The policy in [gateway.policy] allows you others.")


def _model(
    model: Model,
    state: State | Literal["not allowed"],
    why: str,
    tasks: tuple[Purpose, ...] = (),
) -> KnownModel:
    price = model.price
    return KnownModel(
        model=model.id,
        provider=model.provider,
        abilities=tuple(sorted(model.abilities)),
        refuses=tuple(sorted(model.refuses)),
        input_tokens_max=model.input_tokens_max,
        output_tokens_max=model.output_tokens_max,
        rates=None if price is None else rates_of(price),
        price_version=None if price is None else price.version,
        state=state,
        why=why,
        tasks=tasks,
    )


def _task(task: Purpose, choice: Choice | str) -> TaskChoice:
    if isinstance(choice, str):
        return TaskChoice(task=task, model=None, why=choice, fallbacks=())
    return TaskChoice(
        task=task, model=choice.models[0], why=choice.why, fallbacks=choice.models[1:]
    )


def _preferences(settings: GatewaySettings) -> tuple[ModelWish, ...]:
    wishes = [
        *(_wishes("person", name, models) for name, models in settings.preferred.items()),
        *(_wishes("workspace", path, models) for path, models in settings.workspaces.items()),
    ]
    strengths = [
        ModelWish(whose="strength", name=tier, task=None, model=model)
        for tier in ("cheap", "balanced", "strong")
        if (model := settings.tiers.of(tier)) is not None
    ]
    return (*(wish for some in wishes for wish in some), *strengths)


def _wishes(
    whose: Literal["person", "workspace"], name: str, models: TaskModels
) -> list[ModelWish]:
    return [
        ModelWish(whose=whose, name=name, task=task, model=model)
        for task in PURPOSES
        if (model := models.of(task)) is not None
    ]
