"""One request to a provider that costs nothing, and of whose answer only the status is read."""

from collections.abc import Mapping

from steward.core.limits import PROVIDER_PROBE_S
from steward.gateway.http import HttpClient, Patience


async def probe(url: str, headers: Mapping[str, str]) -> int:
    """The status with which a GET of this URL is answered.

    Raises:
        UnavailableError: there was no answer. Neither the headers nor what the transport says are
            repeated, since they may hold a key.
    """
    client = HttpClient(Patience(first_piece_s=PROVIDER_PROBE_S))
    try:
        async with client.request("GET", url, headers) as response:
            return response.status  # The body stays unread, however large it is.
    finally:
        await client.close()
