"""What a browser is to the server: it keeps cookies, and says from which page it asks."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from tests.web.serving import DEADLINE_S, NO_TLS, Serving

_PROOF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@asynccontextmanager
async def browser(serving: Serving, **headers: str) -> AsyncGenerator[httpx.AsyncClient]:
    """Somebody before a browser who has not signed in."""
    address = f"http://127.0.0.1:{serving.port}"
    own = {"Accept": "text/html", "Origin": address, "Sec-Fetch-Site": "same-origin", **headers}
    async with httpx.AsyncClient(
        base_url=address, headers=own, timeout=DEADLINE_S, trust_env=False, verify=NO_TLS
    ) as opened:
        yield opened


@asynccontextmanager
async def signed_in(serving: Serving, user: str = "ann") -> AsyncGenerator[httpx.AsyncClient]:
    """Somebody who came by a link of their own."""
    secret = await serving.link(user)
    async with browser(serving) as opened:
        came = await opened.post("/sign-in/link", data={"link": secret})
        assert came.status_code == 303, came.text
        yield opened


async def proof(client: httpx.AsyncClient) -> str:
    """What the forms of this session bear."""
    found = _PROOF.search((await client.get("/usage")).text)
    assert found is not None
    return found[1]
