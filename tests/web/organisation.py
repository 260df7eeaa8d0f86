"""People of an organisation before a server, each with a client that shows their own token."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from sqlmodel import Session

from steward.core import audit
from steward.permissions import people
from steward.permissions.roles import Person
from steward.permissions.tokens import Scope
from tests.ledger.bank import ANN, START
from tests.web.serving import DEADLINE_S, NO_TLS, Serving

EVERYTHING: frozenset[Scope] = frozenset(["models", "reports", "manage"])
PEOPLE = (
    Person("olga", "owner"),
    Person("adam", "admin"),
    Person("lea", "developer", "red", is_lead=True),
    Person("dan", "developer", "red"),
    Person("vera", "viewer", "blue"),
)
API = "/api/v1"


@dataclass
class Organisation:
    """A server with people, and their clients."""

    serving: Serving
    closing: AsyncExitStack
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict[str, httpx.AsyncClient])

    async def client(self, user: str, scopes: frozenset[Scope] = EVERYTHING) -> httpx.AsyncClient:
        """What this person's program asks with."""
        token, _ = await self.serving.fresh_token(user, scopes)
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.serving.port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=DEADLINE_S,
            trust_env=False,
            verify=NO_TLS,
        )
        return await self.closing.enter_async_context(client)

    async def ask(self, user: str, method: str, path: str, **more: Any) -> httpx.Response:
        """One request of this person."""
        if user not in self.clients:
            self.clients[user] = await self.client(user)
        return await self.clients[user].request(method, f"{API}{path}", **more)

    async def get(self, user: str, path: str, **query: Any) -> Any:
        """What this person reads there."""
        answer = await self.ask(user, "GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def happened(self, actor: str, action: str, subject: str = "x", **detail: Any) -> int:
        """Write a fact into the trail, at the clock's time."""

        def work(session: Session) -> int:
            return audit.append(
                session,
                at=self.serving.clock.now(),
                actor=actor,
                action=action,
                subject=subject,
                detail=detail,
            )

        return await self.serving.desk.database.run(work)


@asynccontextmanager
async def open_organisation(serving: Serving) -> AsyncGenerator[Organisation]:
    """Five people of two teams; Olga owns it."""
    olga = replace(ANN, user="olga")

    def fill(session: Session) -> None:
        for person in PEOPLE:
            assert people.add(session, olga, person, START) is None

    await serving.desk.database.run(fill)
    async with AsyncExitStack() as closing:
        yield Organisation(serving, closing)
