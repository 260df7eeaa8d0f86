"""Keys for providers, each bound to the scheme, host and port that it was set for."""

from pydantic import SecretStr

from steward.core.errors import InvalidInputError
from steward.gateway.built_in import BUILT_IN, OPENAI_URL
from steward.gateway.origin import origin_of
from steward.gateway.provider import KeySource
from steward.gateway.settings import GatewaySettings


class SettingsKeys:
    """The keys in the settings."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._keys: dict[tuple[str, str], SecretStr] = {}
        if settings.openai_key is not None:
            self._keys["openai", origin_of(OPENAI_URL)] = settings.openai_key
        if settings.base_url is not None and settings.bearer is not None:
            self._keys[settings.provider, origin_of(settings.base_url)] = settings.bearer
        for name, provider in settings.providers.items():
            if provider.key is not None:
                url = provider.url or BUILT_IN[name].home
                self._keys[name, origin_of(url)] = provider.key

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        """The key for this address, if the settings have one."""
        try:
            return self._keys.get((provider, origin_of(base_url)))
        except InvalidInputError:
            return None  # An address that can have no key; one without a key may well be called.


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
