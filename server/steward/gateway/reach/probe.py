"""One request to a provider that costs nothing, and of whose answer only the status is read."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from steward.core.errors import UnavailableError
from steward.core.limits import PROVIDER_PROBE_S
from steward.gateway.reach.http import HttpClient, Patience

_PATIENCE = Patience(PROVIDER_PROBE_S, PROVIDER_PROBE_S, PROVIDER_PROBE_S, PROVIDER_PROBE_S)


async def probe(url: str, headers: Mapping[str, str]) -> int:
    """The status with which a GET of this URL is answered.

    Raises:
        UnavailableError: there was no answer. Neither the headers nor what the transport says are
            repeated, since they may hold a key.
    """
    client = HttpClient(_PATIENCE)
    try:
        async with client.request("GET", url, headers) as response:
            return response.status  # The body stays unread, however large it is.
    except UnavailableError:
        raise UnavailableError(
            f"{urlsplit(url).netloc} cannot be asked about the key. Check the address and the"
            " network, then try again. `--unchecked` takes a key without asking."
        ) from None
    finally:
        await client.close()
