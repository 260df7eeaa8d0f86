"""Whether a provider takes a key: one cheap request that it must sign in for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from steward.core.errors import UnavailableError
from steward.forge.settings import FORGE
from steward.gateway.built_in import BUILT_IN
from steward.gateway.origin import is_loopback, origin_of
from steward.gateway.settings import GatewaySettings

Scheme = Literal["bearer", "x-api-key"]
"""How a provider is shown a key: as OpenAI has it, or as Anthropic does."""

Verdict = Literal["accepted", "refused", "unknown"]
"""What the provider said; `unknown` if it was not asked, or has no such page."""

Probe = Callable[[str, Mapping[str, str]], Awaitable[int]]
"""Gets a URL with these headers and gives the status; raises `UnavailableError` without one."""

_FORGE_PAGE = "/rate_limit"
"""What any token of the forge may see, whatever else it may."""
_ANTHROPIC_VERSION = "2023-06-01"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a provider is, and how it is shown a key."""

    provider: str
    url: str
    """The base URL."""

    @property
    def scheme(self) -> Scheme:
        """How it is shown a key."""
        known = BUILT_IN.get(self.provider)
        return "x-api-key" if known and known.wire == "anthropic" else "bearer"

    @property
    def host(self) -> str:
        """The only origin that a key for this address is sent to."""
        return origin_of(self.url)

    @property
    def page(self) -> str:
        """What is asked for with the key, below the URL."""
        if self.provider == FORGE:
            return _FORGE_PAGE
        known = BUILT_IN.get(self.provider)
        is_home = known is not None and self.host == origin_of(known.home)
        return known.key_page if known and is_home else "/models"


def homes(settings: GatewaySettings, forge_api: str) -> dict[str, str]:
    """Provider → the base URL that its key belongs to, as the settings say or everybody knows.

    What runs on this machine is there only where the settings name it.
    """
    known = {name: each.home for name, each in BUILT_IN.items() if not is_loopback(each.home)}
    said = {name: each.url for name, each in settings.providers.items() if each.url is not None}
    default = {} if settings.base_url is None else {settings.provider: settings.base_url}
    named = {name: BUILT_IN[name].home for name in settings.providers if name in BUILT_IN}
    return {**known, **named, **default, **said, FORGE: forge_api}


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
    """What is free of charge and only for those who sign in; mostly the list of models."""
    base, secret = address.url.rstrip("/"), key.get_secret_value()
    if address.scheme == "bearer":
        return f"{base}{address.page}", {"Authorization": f"Bearer {secret}"}
    root = base.removesuffix("/v1")
    return f"{root}/v1/models", {"x-api-key": secret, "anthropic-version": _ANTHROPIC_VERSION}
