"""A person at a page: they came by a link of their own, and press what the pages offer."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import httpx

from tests.ledger.bank import ANN
from tests.web.serving import DEADLINE_S, NO_TLS, Serving

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
_DIGEST = re.compile(r'name="digest" value="([0-9a-f]{64})"')


@dataclass
class Sitting:
    """Somebody before a browser."""

    client: httpx.AsyncClient
    csrf: str = ""

    async def look(self, path: str, status: int = 200) -> str:
        """What a page says."""
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        if (found := _CSRF.search(answer.text)) is not None:
            self.csrf = found[1]
        return answer.text

    async def press(self, path: str, fields: Mapping[str, str | list[str]]) -> httpx.Response:
        """Send a form of this page."""
        return await self.client.post(path, data={"csrf": self.csrf, **fields})

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """What a script of the page asks of the API."""
        headers = {"X-CSRF-Token": self.csrf, "Accept": "application/json"}
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=headers)


@asynccontextmanager
async def sitting(serving: Serving, user: str = "ann") -> AsyncGenerator[Sitting]:
    """A person who has signed in by a link."""
    address = f"http://127.0.0.1:{serving.port}"
    headers = {"Accept": "text/html", "Origin": address, "Sec-Fetch-Site": "same-origin"}
    secret = await serving.sessions.link(replace(ANN, user=user))
    async with httpx.AsyncClient(
        base_url=address, headers=headers, timeout=DEADLINE_S, trust_env=False, verify=NO_TLS
    ) as client:
        came = await client.post("/sign-in/link", data={"link": secret, "then": "/runs"})
        assert came.status_code == 303, came.text
        person = Sitting(client)
        await person.look("/runs")
        yield person


def digest_in(page: str) -> str:
    """What a page's form is bound to."""
    found = _DIGEST.search(page)
    assert found is not None
    return found[1]


def text_of(page: str) -> str:
    """What somebody reads on a page, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())
