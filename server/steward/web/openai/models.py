"""`GET /v1/models`: what may be asked for, with what it costs; in a shape that both APIs read."""

from collections.abc import Mapping, Sequence

from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price, Tier
from steward.web.exchange import as_json

_MADE = 0
_MADE_AT = "1970-01-01T00:00:00Z"
"""When a model was made nobody here knows; both APIs want a time."""
_PICO_PER_USD_A_MILLION = 1_000_000


def models_told(models: Sequence[Model], chosen: Sequence[str]) -> bytes:
    """The list, and those of it that the server itself chooses among for this person."""
    data = [_told(model) for model in models]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
    more = {"steward": {"chosen": list(chosen)}}
    return as_json({"object": "list", "data": data, "has_more": False, **ends, **more})


def _told(model: Model) -> Mapping[str, object]:
    return {
        "id": model.id,
        "object": "model",
        "created": _MADE,
        "owned_by": model.provider,
        "type": "model",
        "display_name": model.name,
        "created_at": _MADE_AT,
        "steward": {
            "usd_a_million_tokens": None if model.price is None else _costs(model.price),
            "input_tokens_max": model.input_tokens_max,
            "output_tokens_max": model.output_tokens_max,
            "abilities": sorted(model.abilities),
        },
    }


def _costs(price: Price) -> Mapping[str, object]:
    costs: dict[str, object] = {**_rates(price), "version": price.version}
    if price.tiers:
        costs["tiers"] = [
            {"above_input_tokens": tier.above_input_tokens, **_rates(tier)} for tier in price.tiers
        ]
    return costs


def _rates(rates: Price | Tier) -> dict[str, str]:
    kept = rates.input if rates.cache_write is None else rates.cache_write
    return {
        "input": _usd_a_million(rates.input),
        "cached_input": _usd_a_million(rates.cached_input),
        "output": _usd_a_million(rates.output),
        "cache_write": _usd_a_million(kept),
    }


def _usd_a_million(pico_usd: int) -> str:
    whole, rest = divmod(pico_usd, _PICO_PER_USD_A_MILLION)
    return f"{whole}.{rest:06d}"
