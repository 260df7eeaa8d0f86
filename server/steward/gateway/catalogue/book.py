"""The data file of models, `models.json`; `scripts/catalogue.py` writes it."""

import json
from importlib.resources import files
from typing import Any

from steward.core.money import PicoUsd
from steward.gateway.catalogue.model import FillFormat, Model
from steward.gateway.prices import Price, Tier


def _read() -> dict[str, Any]:
    return json.loads((files("steward.gateway.catalogue") / "models.json").read_text("utf-8"))


def _price(rates: dict[str, Any] | None) -> Price | None:
    if rates is None:
        return None
    base = _rates(rates)
    tiers = (Tier(tier["above_input_tokens"], *_rates(tier)) for tier in rates.get("tiers", ()))
    sent, cached, output, kept = base
    return Price(sent, cached, output, VERSION, kept, tuple(tiers))


def _rates(rates: dict[str, int]) -> tuple[PicoUsd, PicoUsd, PicoUsd, PicoUsd]:
    """Input, cached input, output, cache write; what is not said costs as other input does."""
    sent = PicoUsd(rates["input"])
    cached, kept = (PicoUsd(rates.get(name, sent)) for name in ("cached_input", "cache_write"))
    return sent, cached, PicoUsd(rates.get("output", 0)), kept


def _model(id_: str, said: dict[str, Any]) -> Model:
    provider, _, name = id_.partition("/")
    fill = said.get("fill")
    return Model(
        provider,
        name,
        frozenset(said["abilities"]),
        said.get("input_tokens_max"),
        said.get("output_tokens_max"),
        _price(said.get("price")),
        None if fill is None else FILL_FORMATS[fill],
        frozenset(said.get("refuses", ())),
    )


def _format(said: dict[str, Any]) -> FillFormat:
    given = dict(said)
    for name in ("marks", "stops"):
        given[name] = tuple(said.get(name, ()))
    return FillFormat(**given)


# Read with the module: a file must not be opened while the loop runs.
_FILE = _read()
VERSION: str = f"{_FILE['version']}-{_FILE['sha256'][:12]}"
"""The day and the digest of the data file; kept with every reservation that it priced."""
FILL_FORMATS: dict[str, FillFormat] = {
    name: _format(said) for name, said in _FILE["fill_formats"].items()
}
"""Name → how a model of this kind is asked to close a gap."""
FILL_NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    server: tuple((each["names"], each["format"]) for each in rows)
    for server, rows in _FILE["fill_names"].items()
}
"""What serves a model, `ollama` or `prompts` (it takes the prompt as it is) → what the names of
models look like that close gaps there, in lower case, and their format; the first that fits."""
KNOWN: dict[str, Model] = {id_: _model(id_, said) for id_, said in _FILE["models"].items()}
"""`provider/model` → what the data file knows of it."""
