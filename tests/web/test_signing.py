"""Signing in at a page: by a link, by a token, and out again."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx

from steward.permissions.tokens import Scope
from tests.ledger.bank import ANN
from tests.web.conftest import serving
from tests.web.serving import DEADLINE_S, Serving

__all__ = ["serving"]

REPORTS: frozenset[Scope] = frozenset(["reports"])
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@asynccontextmanager
async def browser(serving: Serving) -> AsyncGenerator[httpx.AsyncClient]:
    """What a browser is to the server: it keeps cookies, and says which page it asks from."""
    address = f"http://127.0.0.1:{serving.port}"
    headers = {"Accept": "text/html", "Origin": address, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(
        base_url=address, headers=headers, timeout=DEADLINE_S, trust_env=False
    ) as opened:
        yield opened


async def test_a_link_signs_its_person_in_once(serving: Serving) -> None:
    secret = await serving.sessions.link(ANN)
    async with browser(serving) as ann, browser(serving) as other:
        away = await ann.get("/usage?by=user")
        assert away.status_code == 303
        assert away.headers["location"] == "/sign-in?then=%2Fusage%3Fby%3Duser"
        assert (await ann.get("/sign-in/link")).status_code == 200, "looking uses nothing up"
        came = await ann.post("/sign-in/link", data={"link": secret, "then": "/usage?by=user"})
        assert (came.status_code, came.headers["location"]) == (303, "/usage?by=user")
        page = await ann.get("/usage?by=user")
        assert page.status_code == 200
        again = await other.post("/sign-in/link", data={"link": secret})
        assert again.status_code == 401
        assert (await other.get("/usage")).status_code == 303
        found = _CSRF.search(page.text)
        assert found is not None
        assert (await ann.post("/sign-out", data={})).status_code == 403
        assert (await ann.get("/usage")).status_code == 200
        out = await ann.post("/sign-out", data={"csrf": found[1]})
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert (await ann.get("/usage")).status_code == 303


async def test_a_link_is_good_for_a_minute(serving: Serving) -> None:
    secret = await serving.sessions.link(ANN)
    serving.clock.advance(timedelta(seconds=60))
    async with browser(serving) as ann:
        assert (await ann.post("/sign-in/link", data={"link": secret})).status_code == 401


async def test_a_session_of_a_token_ends_with_it(serving: Serving) -> None:
    written, token = await serving.fresh_token(scopes=REPORTS)
    async with browser(serving) as ann:
        came = await ann.post("/sign-in", data={"token": written})
        assert (came.status_code, came.headers["location"]) == (303, "/")
        assert (await ann.get("/usage")).status_code == 200
        await serving.revoke(token)
        serving.clock.advance(timedelta(seconds=1))
        assert (await ann.get("/usage")).status_code == 303
