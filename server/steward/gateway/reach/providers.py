"""The providers that can be asked: those built in, and those that settings add."""

from collections.abc import Callable, Collection

from steward.gateway.built_in import BUILT_IN, OPENAI_URL, WireName
from steward.gateway.provider import KeySource, Provider
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.http_provider import HttpProvider
from steward.gateway.settings import (
    GatewaySettings,
    ProviderSettings,
    is_openai,
)
from steward.gateway.wire.anthropic import AnthropicMessages, api_key
from steward.gateway.wire.embeddings import Embeddings
from steward.gateway.wire.fill import FillWire
from steward.gateway.wire.openai import OpenAIChat, bearer
from steward.gateway.wire.refusal import Place
from steward.gateway.wire.wire import Dialect

OPENAI = Dialect(
    bearer,
    OpenAIChat(limit_field="max_completion_tokens"),
    FillWire(stops_max=4),
    Embeddings(),
)
"""OpenAI itself."""
COMPATIBLE = Dialect(bearer, OpenAIChat(), FillWire(), Embeddings())
"""Those who follow it, by the names that it has given up."""
MISTRAL = Dialect(
    bearer,
    OpenAIChat(seed_field="random_seed", must_ask_usage=False),
    FillWire(seed_field="random_seed"),
    Embeddings(dimensions_field="output_dimension"),
)
ANTHROPIC = Dialect(api_key, AnthropicMessages())

OpenWorker = Callable[[str, str | None, ProviderSettings], Provider]
"""From a provider's name, base URL and settings to a provider in the worker."""


def open_providers(
    settings: GatewaySettings,
    keys: KeySource,
    client: HttpClient,
    *,
    keyed: Collection[str] = (),
    open_worker: OpenWorker | None = None,
) -> dict[str, Provider]:
    """Name → provider, for everybody whom the settings speak of, the default one first.

    Args:
        settings: What the operator says.
        keys: Where keys come from.
        client: The connections that all of them share.
        keyed: Names of the providers that the vault has keys for.
        open_worker: Makes those that only the worker reaches; without it there are none.
    """
    opened: dict[str, Provider] = {}
    kept = frozenset(keyed) - settings.keyed
    default = _default(settings, keys, client, kept)
    if default is not None:
        opened[settings.provider] = default
    if settings.openai_key is not None and "openai" not in opened:
        place = _place("openai", kept)
        opened["openai"] = HttpProvider("openai", OPENAI_URL, OPENAI, keys, client, place)
    named = {name: ProviderSettings() for name in keyed if name in BUILT_IN}
    for name, said in {**named, **settings.providers}.items():
        provider = _provider(name, said, keys, client, _place(name, kept), open_worker)
        if provider is not None and name not in opened:
            opened[name] = provider
    return opened


def _default(
    settings: GatewaySettings, keys: KeySource, client: HttpClient, kept: Collection[str]
) -> HttpProvider | None:
    """The provider that is meant where a model's name says none; None if none is configured."""
    if settings.base_url is None:
        return None
    name, dialect = settings.provider, _dialect("openai", settings.base_url)
    return HttpProvider(name, settings.base_url, dialect, keys, client, _place(name, kept))


def _provider(
    name: str,
    said: ProviderSettings,
    keys: KeySource,
    client: HttpClient,
    place: Place,
    open_worker: OpenWorker | None,
) -> Provider | None:
    known = BUILT_IN.get(name)
    url = said.url or (known and known.url)
    wire = said.wire or (known.wire if known else "openai")
    if wire == "litellm" or url is None:
        return None if open_worker is None else open_worker(name, url, said)
    return HttpProvider(name, url, _dialect(wire, url), keys, client, place)


def _dialect(wire: WireName, url: str) -> Dialect:
    match wire:
        case "anthropic":
            return ANTHROPIC
        case "mistral":
            return MISTRAL
        case _:
            return OPENAI if is_openai(url) else COMPATIBLE


def _place(name: str, kept: Collection[str]) -> Place:
    kept_as = name if name in kept else None
    match name:
        case "openai":
            return Place("STEWARD_MODEL_URL", "OPENAI_API_KEY", kept_as)
        case "custom":
            return Place("STEWARD_MODEL_URL", "STEWARD_MODEL_KEY", kept_as)
        case _:
            section = f"[gateway.providers.{name}]"
            return Place(f"`url` in {section}", f"`key` in {section}", kept_as)
