"""What a team's server offers: its list of models made into models that can be asked.

Nothing in it is trusted to have the expected shape; a model that cannot be read is left out.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast, get_args

from pydantic import ValidationError

from steward.core.limits import TEAM_MODELS_MAX, WEB_NAME_CHARS_MAX
from steward.core.money import PicoUsd
from steward.gateway.ability import Ability
from steward.gateway.catalogue.catalogue import own_price
from steward.gateway.catalogue.model import FillFormat, Model
from steward.gateway.prices import Price
from steward.gateway.settings import ModelPrice
from steward.gateway.team.settings import ANY_MODEL, TEAM
from steward.gateway.wire.untrusted import JsonObject, as_count, as_object, as_objects, as_text

_RATES = ("input", "cached_input", "output", "cache_write")
_VERSION_CHARS_MAX = 64
_GAP = FillFormat("/completions")
"""The server is always asked in the same way; how its model wants to be asked is its matter."""


def offered(body: JsonObject) -> dict[str, Model]:
    """Every model of the list by `team/model`, and the one that leaves the choice to the server."""
    models: dict[str, Model] = {}
    for each in as_objects(body.get("data"))[:TEAM_MODELS_MAX]:
        if (model := _model(each)) is not None:
            models[model.id] = model
    chosen = as_object(body.get("steward")).get("chosen")
    names = cast("list[object]", chosen) if isinstance(chosen, list) else []
    may_answer = [models[id_] for name in names if (id_ := f"{TEAM}/{name}") in models]
    if models:
        any_model = _any_of(may_answer or list(models.values()))
        models[any_model.id] = any_model
    return models


def _model(told: JsonObject) -> Model | None:
    name, facts = as_text(told.get("id")), as_object(told.get("steward"))
    price = _price(as_object(facts.get("usd_a_million_tokens")))
    if price is None or not name.isprintable() or not 0 < len(name) <= WEB_NAME_CHARS_MAX:
        return None
    said = facts.get("abilities")
    words = cast("list[object]", said) if isinstance(said, list) else []
    abilities = frozenset(each for each in get_args(Ability) if each in words)
    return Model(
        TEAM,
        name,
        abilities,
        as_count(facts.get("input_tokens_max")),
        as_count(facts.get("output_tokens_max")),
        price,
        _GAP if "fill" in abilities else None,
    )


def _price(told: JsonObject) -> Price | None:
    tiers = [_rates(each, "above_input_tokens") for each in as_objects(told.get("tiers"))]
    try:
        price = ModelPrice.model_validate({**_rates(told), "tiers": tiers})
    except ValidationError:
        return None
    return own_price(price, as_text(told.get("version"))[:_VERSION_CHARS_MAX])


def _rates(told: Mapping[str, object], *more: str) -> dict[str, object]:
    found = {name: told.get(name) for name in (*_RATES, *more)}
    return {name: _number(value) for name, value in found.items() if value is not None}


def _number(value: object) -> object:
    return value if isinstance(value, int | str | Decimal) else None


def _any_of(models: Sequence[Model]) -> Model:
    """The model of the server's choice, at the dearest rates of all that it may be."""
    prices = [model.price for model in models if model.price is not None]
    rates = [each for price in prices for each in (price, *price.tiers)]
    kept = [each.input if each.cache_write is None else each.cache_write for each in rates]
    price = Price(
        PicoUsd(max(each.input for each in rates)),
        PicoUsd(max(each.cached_input for each in rates)),
        PicoUsd(max(each.output for each in rates)),
        "dearest",
        PicoUsd(max(kept)),
    )
    abilities = frozenset[Ability]().union(*(model.abilities for model in models))
    gap = _GAP if "fill" in abilities else None
    return Model(TEAM, ANY_MODEL, abilities, price=price, fill=gap)
