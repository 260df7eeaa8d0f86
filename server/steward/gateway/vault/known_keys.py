"""The values that are secret whatever they look like: every key that this process could use."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import SecretStr

from steward.gateway.vault.open_keys import OpenKeys


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """Those of the settings, and those of the vault as they are now."""

    settings: tuple[SecretStr, ...]
    vault: OpenKeys
    tenant_id: str

    async def values(self) -> tuple[str, ...]:
        """Each of them once; they are not remembered open."""
        return tuple(_plain((*self.settings, *await self.vault.open_all(self.tenant_id))))


def _plain(keys: Iterable[SecretStr]) -> dict[str, None]:
    return {key.get_secret_value(): None for key in keys}
