"""Several places where keys come from, one after the other."""

from dataclasses import dataclass

from pydantic import SecretStr

from steward.gateway.provider import KeySource


@dataclass(frozen=True, slots=True)
class KeysInOrder:
    """The first key that one of the sources has; the settings stand before the vault."""

    sources: tuple[KeySource, ...]

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        """The key that may be sent to this address; None if no source has one."""
        for source in self.sources:
            if (key := await source.key(provider, base_url)) is not None:
                return key
        return None
