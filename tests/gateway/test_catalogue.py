"""What is known of models: from a checked file, and above it from whoever runs the server."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from steward.core.errors import UnpricedError
from steward.gateway.built_in import BUILT_IN
from steward.gateway.catalogue.book import FILL_FORMATS, KNOWN, VERSION
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.prices import Price
from steward.gateway.request import Usage
from steward.gateway.settings import GatewaySettings

HERE = Path(__file__).parent / "catalogue"
FILE: dict[str, Any] = json.loads(
    (files("steward.gateway.catalogue") / "models.json").read_text("utf-8")
)
COMPARED: dict[str, dict[str, tuple[int, int]]] = json.loads(
    (HERE / "compared_prices.json").read_text("utf-8")
)["models"]
DECIDED: dict[str, str] = json.loads((HERE / "decided.json").read_text("utf-8"))


def catalogue(**settings: object) -> Catalogue:
    return Catalogue(GatewaySettings.model_validate(settings))


def price_of(model: str, **settings: object) -> Price:
    return catalogue(**settings).find(model).priced()


def test_the_file_is_what_its_digest_says() -> None:
    body = {name: FILE[name] for name in ("models", "fill_formats", "fill_names")}
    written = json.dumps(body, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(written.encode()).hexdigest() == FILE["sha256"]
    assert FILE["sha256"][:12] in VERSION
    assert FILE["sources"]


def test_two_sources_agree_on_every_price_or_somebody_has_looked_at_it() -> None:
    assert len(COMPARED) > 150
    differing = {
        name
        for name, fields in COMPARED.items()
        if any(first != second for first, second in fields.values())
    }
    assert differing == set(DECIDED)
    assert all(DECIDED.values())


@pytest.mark.parametrize("name", COMPARED)
def test_the_dearer_of_two_prices_is_ours(name: str) -> None:
    price = KNOWN[name].priced()
    for field, pair in COMPARED[name].items():
        assert getattr(price, field) == max(pair)


def test_every_model_is_whole_and_of_a_provider_that_there_is() -> None:
    for model in KNOWN.values():
        assert model.provider in BUILT_IN
        assert model.abilities
        price = model.priced()
        assert price.input > 0
        assert price.output > 0 or "embedding" in model.abilities
        assert [tier.above_input_tokens for tier in price.tiers] == sorted(
            tier.above_input_tokens for tier in price.tiers
        )
        assert (model.fill is not None) == ("fill" in model.abilities)


def test_a_long_request_is_priced_by_its_tier() -> None:
    price = KNOWN["openai/gpt-5.5"].priced()
    assert price.cost(Usage(272_000, 0)) == 272_000 * 5_000
    assert price.cost(Usage(272_001, 1)) == 272_001 * 10_000 + 45_000


def test_a_dated_model_is_not_priced_as_its_family() -> None:
    with pytest.raises(UnpricedError, match="gpt-4o-1999-05-13"):
        price_of("gpt-4o-1999-05-13", openai_key="sk-x")


@pytest.mark.parametrize("name", ["gpt-4o-mini", "openai/gpt-4o-mini"])
def test_a_bare_name_is_one_of_the_default_provider(name: str) -> None:
    model = catalogue(openai_key="sk-x").find(name)
    assert model.id == "openai/gpt-4o-mini"
    assert model.priced().cost(Usage(10**6, 0)) == 150_000_000
    assert model.priced().cost(Usage(10**6, 0, 10**6)) == 75_000_000
    assert model.priced().cost(Usage(0, 10**6)) == 600_000_000


def test_another_endpoint_does_not_inherit_a_price_by_name() -> None:
    for name in ("gpt-4o-mini", "openai/gpt-4o-mini"):
        model = catalogue(url="http://127.0.0.1:1/v1").find(name)
        assert (model.provider, model.name) == ("custom", name)
        assert model.price is None


def test_a_provider_that_settings_speak_of_is_meant_by_its_name() -> None:
    there = {"url": "http://127.0.0.1:1/v1", "providers": {"anthropic": {"key": "k"}}}
    assert catalogue(**there).find("anthropic/claude-sonnet-5").id == "anthropic/claude-sonnet-5"
    assert catalogue(**there).find("qwen/coder-7b").id == "custom/qwen/coder-7b"
    assert catalogue(**there).find("custom/qwen/coder-7b").id == "custom/qwen/coder-7b"


def test_a_provider_whose_key_is_in_the_vault_is_meant_by_its_name() -> None:
    settings = GatewaySettings.model_validate({"url": "http://127.0.0.1:1/v1"})
    keyed = Catalogue(settings, providers={"anthropic"})
    assert keyed.find("anthropic/claude-haiku-4-5").provider == "anthropic"
    assert keyed.find("openai/gpt-4.1").id == "custom/openai/gpt-4.1"


def test_the_operators_own_price_comes_first() -> None:
    own = {"gpt-4o-mini": {"input": "1", "output": "0.000001"}}
    price = price_of("gpt-4o-mini", openai_key="sk-x", prices=own)
    assert (price.input, price.cached_input, price.output) == (1_000_000, 1_000_000, 1)
    assert price.version == "settings"
    whole = {"openai/gpt-4o-mini": {"input": "2", "output": "3"}}
    assert price_of("gpt-4o-mini", openai_key="sk-x", prices=whole).input == 2_000_000


def test_a_price_for_a_name_holds_at_the_default_provider_only() -> None:
    settings = {
        "url": "http://127.0.0.1:1/v1",
        "providers": {"other": {"url": "http://127.0.0.1:2/v1"}},
        "prices": {"m": {"input": "1", "output": "1"}},
    }
    assert price_of("m", **settings).input == 1_000_000
    with pytest.raises(UnpricedError):
        price_of("other/m", **settings)


def test_an_operator_may_describe_a_model() -> None:
    settings = {
        "url": "http://127.0.0.1:1/v1",
        "models_known": {
            "custom/coder": {
                "fill": "qwen",
                "input_tokens_max": 32_000,
                "refuses": ["stop"],
                "price": {
                    "input": "1",
                    "output": "2",
                    "cache_write": "1.25",
                    "tiers": [
                        {"above_input_tokens": 20, "input": "4", "output": "8"},
                        {"above_input_tokens": 10, "input": "2", "output": "4"},
                    ],
                },
            }
        },
    }
    model = catalogue(**settings).find("coder")
    assert model.fill == FILL_FORMATS["qwen"]
    assert {"chat", "tools", "fill"} <= model.abilities
    assert model.input_tokens_max == 32_000
    assert model.refuses == {"stop"}
    price = model.priced()
    assert price.cost(Usage(10, 0, 0, 10)) == 12_500
    assert price.cost(Usage(11, 1)) == 11 * 2_000 + 4_000
    assert price.cost(Usage(21, 1)) == 21 * 4_000 + 8_000
    assert "custom/coder" in [each.id for each in catalogue(**settings)]


@pytest.mark.parametrize(
    "template", ["{prefix}", "{prefix}{suffix}{suffix}", "{suffix}", "nothing"]
)
def test_a_template_without_both_marks_is_refused(template: str) -> None:
    with pytest.raises(ValidationError, match="each once"):
        catalogue(models_known={"custom/m": {"fill": {"template": template}}})


def test_everything_known_can_be_listed_once() -> None:
    ids = [model.id for model in catalogue(openai_key="k", prices={"x": {"input": 1, "output": 1}})]
    assert ids == sorted(set(ids))
    assert "openai/x" in ids
    assert len(ids) == len(KNOWN) + 1
