"""`GET /v1/models`: what may be asked for, with what it costs; in a shape that both APIs read."""

from collections.abc import Mapping, Sequence

from steward.gateway.catalogue.model import Model
from steward.web.exchange import as_json

_MADE = 0
_MADE_AT = "1970-01-01T00:00:00Z"
"""When a model was made nobody here knows; both APIs want a time."""
_PICO_PER_USD_A_MILLION = 1_000_000


def models_told(models: Sequence[Model]) -> bytes:
    """The list."""
    data = [_told(model) for model in models]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
    return as_json({"object": "list", "data": data, "has_more": False, **ends})


def _told(model: Model) -> Mapping[str, object]:
    price = model.price
    costs = None
    if price is not None:
        costs = {
            "input": _usd_a_million(price.input),
            "cached_input": _usd_a_million(price.cached_input),
            "output": _usd_a_million(price.output),
            "version": price.version,
        }
    return {
        "id": model.id,
        "object": "model",
        "created": _MADE,
        "owned_by": model.provider,
        "type": "model",
        "display_name": model.name,
        "created_at": _MADE_AT,
        "steward": {
            "usd_a_million_tokens": costs,
            "input_tokens_max": model.input_tokens_max,
            "output_tokens_max": model.output_tokens_max,
            "abilities": sorted(model.abilities),
        },
    }


def _usd_a_million(pico_usd: int) -> str:
    whole, rest = divmod(pico_usd, _PICO_PER_USD_A_MILLION)
    return f"{whole}.{rest:06d}"
