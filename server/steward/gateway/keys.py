"""Keys for providers, each bound to the scheme, host and port that it was set for."""

from urllib.parse import urlsplit

from pydantic import SecretStr

from steward.gateway.provider import KeySource
from steward.gateway.settings import BUILT_IN, OPENAI_URL, GatewaySettings


def origin(url: str) -> str:
    """Scheme, host and port of a URL: what a key is bound to. Empty for no URL."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else ""


class SettingsKeys:
    """The keys in the settings."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._keys: dict[tuple[str, str], SecretStr] = {}
        if settings.openai_key is not None:
            self._keys["openai", origin(OPENAI_URL)] = settings.openai_key
        if settings.base_url is not None and settings.bearer is not None:
            self._keys[settings.provider, origin(settings.base_url)] = settings.bearer
        for name, provider in settings.providers.items():
            url = provider.url or BUILT_IN.get(name, (None, "openai"))[0]
            if provider.key is not None:
                self._keys[name, origin(url or "")] = provider.key

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        """The key for this address, if the settings have one."""
        return self._keys.get((provider, origin(base_url)))


class FirstKey:
    """The key of the first source that has one; the settings stand before the vault."""

    def __init__(self, *sources: KeySource) -> None:
        self._sources = sources

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        """The key that may be sent to this address; None if no source has one."""
        for source in self._sources:
            if (key := await source.key(provider, base_url)) is not None:
                return key
        return None
