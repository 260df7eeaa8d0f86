"""`steward model`: which models are known, what they can do, and what they cost."""

import argparse
import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError

from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.errors import InvalidInputError
from steward.core.money import usd_per_million
from steward.gateway.catalogue.catalogue import Catalogue, own_price
from steward.gateway.catalogue.decided import DecidedPrice, decided_prices, set_price
from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.settings import ModelPrice
from steward.gateway.vault.stored import keyed_providers


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> None:
    """Show what is known, or set a price, if the person's role includes it."""
    match action:
        case "price":
            _set(shell, arguments)
        case "show":
            decided = _decided(shell)
            found = _catalogue(shell, decided).find(arguments.model)
            told = _told(found, decided.get(found.id))
            say(json.dumps(told, indent=2) + "\n" if arguments.json else _as_lines(told))
        case _:
            _list(shell, arguments)


def _list(shell: Shell, arguments: argparse.Namespace) -> None:
    decided = _decided(shell)
    found = [
        model
        for model in _catalogue(shell, decided)
        if arguments.provider in (None, model.provider)
    ]
    if arguments.json:
        told = [_told(model, decided.get(model.id)) for model in found]
        say(json.dumps(told, indent=2) + "\n")
        return
    head = ("model", "can", "reads", "in $/M", "out $/M", "price from")
    rows = [
        (
            model.id,
            " ".join(sorted(model.abilities)),
            "-" if model.input_tokens_max is None else f"{model.input_tokens_max:,}",
            *(
                ("-", "-", "nobody")
                if model.price is None
                else (
                    usd_per_million(model.price.input),
                    usd_per_million(model.price.output),
                    model.price.version,
                )
            ),
        )
        for model in found
    ]
    say(table((head, *rows)) if rows else "No model of this provider is known.\n")


def _set(shell: Shell, arguments: argparse.Namespace) -> None:
    # The name is made whole: `gpt-4.1` is a model of the default provider.
    model = _catalogue(shell, {}).find(arguments.model).id
    price = None if arguments.remove else _price(arguments)
    now = shell.now
    shell.permitted(lambda session: set_price(session, shell.principal, model, price, now))
    if price is None:
        say(f"{model} costs what the settings or the built-in catalogue say.\n")
        return
    say(
        f"{model} costs ${usd_per_million(price.input)} a million tokens for input and"
        f" ${usd_per_million(price.output)} for output, within seconds in every running process.\n"
    )


def _price(arguments: argparse.Namespace) -> Price:
    if arguments.input is None or arguments.output is None:
        raise InvalidInputError(
            "A price has two parts at least: name --input and --output, in US dollars a million"
            " tokens, or --remove to take a price back."
        )
    written = {
        "input": arguments.input,
        "output": arguments.output,
        "cached_input": arguments.cached_input,
        "cache_write": arguments.cache_write,
    }
    try:
        return own_price(ModelPrice.model_validate(written), "set")
    except ValidationError as error:
        names = ", ".join(f"--{str(each['loc'][0]).replace('_', '-')}" for each in error.errors())
        raise InvalidInputError(
            f"These are no prices: {names}. Name US dollars a million tokens from 0 to 1,000,000,"
            " with six places at most, such as 0.15."
        ) from None


def _catalogue(shell: Shell, decided: Mapping[str, DecidedPrice]) -> Catalogue:
    prices = {model: each.price for model, each in decided.items()}
    tenant = shell.principal.tenant_id
    keyed = shell.read(lambda session: keyed_providers(session, tenant))
    return Catalogue(shell.settings.gateway, prices, keyed)


def _decided(shell: Shell) -> dict[str, DecidedPrice]:
    return shell.read(lambda session: decided_prices(session, shell.principal.tenant_id))


def _told(model: Model, decided: DecidedPrice | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "model": model.id,
        "abilities": sorted(model.abilities),
        "input_tokens_max": model.input_tokens_max,
        "output_tokens_max": model.output_tokens_max,
        "refuses": sorted(model.refuses),
        "price": None,
    }
    if (price := model.price) is not None:
        tiers = [
            {"above_input_tokens": tier.above_input_tokens, **_rates(tier)} for tier in price.tiers
        ]
        told["price"] = {**_rates(price), "version": price.version, "tiers": tiers}
        if decided is not None and decided.price.version == price.version:
            told["price"] |= {"set_by": decided.set_by, "set_at": decided.set_at.isoformat()}
    return told


def _rates(rates: Any) -> dict[str, str]:
    """In dollars a million tokens; as text, so that no reader rounds them."""
    names = ("input", "cached_input", "output", "cache_write")
    return {
        name: usd_per_million(getattr(rates, name))
        for name in names
        if getattr(rates, name) is not None
    }


def _as_lines(told: Mapping[str, Any]) -> str:
    if told["price"] is None:
        told = {**told, "price": "nobody has said, so it is not called; see `steward model price`"}
    lines = [
        f"{name.replace('_', ' ')}: {_plain(value)}\n"
        for name, value in told.items()
        if value not in (None, [])
    ]
    return "".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return ", ".join(f"{name} {_plain(each)}" for name, each in pairs.items() if each)
    if isinstance(value, list):
        return "; ".join(_plain(each) for each in cast("list[Any]", value))
    return str(value)
