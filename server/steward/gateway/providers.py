"""The providers that there are, and the keys that settings hold for them."""

from urllib.parse import urlsplit

from pydantic import SecretStr

from steward.gateway.http import HttpClient
from steward.gateway.http_provider import HttpProvider
from steward.gateway.provider import KeySource
from steward.gateway.settings import GatewaySettings
from steward.gateway.wire.openai import OpenAIChat, bearer
from steward.gateway.wire.wire import Dialect

OPENAI = Dialect(bearer, OpenAIChat(limit_field="max_completion_tokens"))
COMPATIBLE = Dialect(bearer, OpenAIChat())


class SettingsKeys:
    """The keys in the settings, each for its own address."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._by_origin: dict[tuple[str, str], SecretStr] = {}
        if settings.base_url is not None and settings.bearer is not None:
            self._by_origin[settings.provider, origin(settings.base_url)] = settings.bearer

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        """The key for this address, if the settings have one."""
        return self._by_origin.get((provider, origin(base_url)))


def origin(url: str) -> str:
    """Scheme, host and port of a URL: what a key is bound to."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def default_provider(
    settings: GatewaySettings, keys: KeySource, client: HttpClient
) -> HttpProvider | None:
    """The provider that is meant where a model's name says none; None if none is configured."""
    if settings.base_url is None:
        return None
    dialect = OPENAI if settings.is_openai else COMPATIBLE
    return HttpProvider(settings.provider, settings.base_url, dialect, keys, client)
