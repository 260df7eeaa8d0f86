"""One request to a provider that costs nothing, and of whose answer only the status is read."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from steward.core.errors import UnavailableError
from steward.core.limits import PROVIDER_PROBE_S

if TYPE_CHECKING:
    import httpx


async def probe(url: str, headers: Mapping[str, str]) -> int:
    """The status with which a GET of this URL is answered.

    Raises:
        UnavailableError: there was no answer. Neither the headers nor what the transport says are
            repeated, since they may hold a key.
    """
    # Off the loop: the import and the certificates take a tenth of a second.
    client = await asyncio.to_thread(_open, urlsplit(url).scheme == "https")
    import httpx

    try:
        async with (
            asyncio.timeout(PROVIDER_PROBE_S),
            client,
            client.stream("GET", url, headers=dict(headers)) as response,
        ):
            return response.status_code  # The body stays unread, however large it is.
    except (httpx.HTTPError, TimeoutError) as error:
        raise UnavailableError(
            f"{urlsplit(url).netloc} cannot be asked about the key ({type(error).__name__}). Check"
            " the address and the network, then try again. `--unchecked` takes a key without"
            " asking."
        ) from None


def _open(is_encrypted: bool) -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(
        # As for calls: a redirect, the environment and .netrc do not decide where a key goes.
        follow_redirects=False,
        trust_env=False,
        verify=is_encrypted,
        timeout=PROVIDER_PROBE_S,
        headers={"User-Agent": "steward", "Accept-Encoding": "identity"},
    )
