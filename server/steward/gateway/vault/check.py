"""Whether a provider takes a key: one cheap request that it must sign in for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from steward.core.errors import UnavailableError
from steward.gateway.vault.origin import origin_of

Scheme = Literal["bearer", "x-api-key"]
"""How a provider is shown a key: as OpenAI has it, or as Anthropic does."""

Verdict = Literal["accepted", "refused", "unknown"]
"""What the provider said; `unknown` if it was not asked, or has no such page."""

Probe = Callable[[str, Mapping[str, str]], Awaitable[int]]
"""Gets a URL with these headers and gives the status; raises `UnavailableError` without one."""

_ANTHROPIC_VERSION = "2023-06-01"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a provider is, and how it is shown a key."""

    provider: str
    url: str
    """The base URL."""
    scheme: Scheme = "bearer"

    @property
    def host(self) -> str:
        """The only origin that a key for this address is sent to."""
        return origin_of(self.url)


WELL_KNOWN: dict[str, Address] = {
    address.provider: address
    for address in (
        Address("anthropic", "https://api.anthropic.com", "x-api-key"),
        Address("codestral", "https://codestral.mistral.ai/v1"),
        Address("deepseek", "https://api.deepseek.com"),
        Address("mistral", "https://api.mistral.ai/v1"),
        Address("openai", "https://api.openai.com/v1"),
        Address("openrouter", "https://openrouter.ai/api/v1"),
    )
}
"""Where providers are that need no URL."""


async def check(probe: Probe, address: Address, key: SecretStr) -> Verdict:
    """What the provider says of the key.

    Raises:
        UnavailableError: it cannot be asked now.
    """
    url, headers = _request(address, key)
    status = await probe(url, headers)
    if 200 <= status < 300:
        return "accepted"
    if status in (401, 403):
        return "refused"
    if status in (404, 405):
        return "unknown"
    raise UnavailableError(
        f"{address.host} answers {status}, which does not tell whether it takes the key. Check the"
        " address, or try again later."
    )


def _request(address: Address, key: SecretStr) -> tuple[str, dict[str, str]]:
    """The list of models: free of charge, and only for those who sign in."""
    base, secret = address.url.rstrip("/"), key.get_secret_value()
    if address.scheme == "bearer":
        return f"{base}/models", {"Authorization": f"Bearer {secret}"}
    root = base.removesuffix("/v1")
    return f"{root}/v1/models", {"x-api-key": secret, "anthropic-version": _ANTHROPIC_VERSION}
