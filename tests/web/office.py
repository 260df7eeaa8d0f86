"""An organisation before a server: Ann owns it, Bob develops, Vic looks; and their calls."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx

from steward.core.money import NanoUsd
from steward.core.principal import Role
from steward.ledger.charge import Charge, Measured, Usage
from steward.permissions import people
from steward.permissions.roles import Person
from steward.permissions.tokens import Scope
from tests.ledger.bank import ANN
from tests.web.serving import Json, Serving

READS: frozenset[Scope] = frozenset(("reports",))
MANAGES: frozenset[Scope] = frozenset(("reports", "manage"))
API = "/api/v1"


@dataclass(frozen=True)
class Office:
    """A server, and a token of each who works there."""

    serving: Serving
    tokens: dict[str, str]

    async def ask(
        self, path: str, user: str = "ann", method: str = "GET", body: Json | None = None
    ) -> httpx.Response:
        """Ask the API, or a page where the path says so."""
        address = path if path.startswith("page:") else f"{API}{path}"
        return await self.serving.client.request(
            method,
            address.removeprefix("page:"),
            json=body,
            headers={"Authorization": f"Bearer {self.tokens[user]}"},
        )

    async def told(self, path: str, user: str = "ann") -> Any:
        """What the API answers, which must be an answer."""
        answer = await self.ask(path, user)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def page(self, path: str, user: str = "ann") -> str:
        """A page, which must be there."""
        answer = await self.ask(f"page:{path}", user)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(self, path: str, form: dict[str, str], user: str = "ann") -> httpx.Response:
        """Send a form of a page."""
        token = {"Authorization": f"Bearer {self.tokens[user]}"}
        return await self.serving.client.post(path, data=form, headers=token)

    def advance(self, passed: timedelta) -> None:
        """Let time pass, for the server and for its books."""
        self.serving.clock.advance(passed)
        self.serving.desk.clock.advance(passed)

    async def pay(self, request_id: str, nano_usd: int, **changed: str) -> None:
        """Book a call."""
        whose = {"user", "team", "workspace", "session"} & changed.keys()
        principal = replace(ANN, **{name: changed.pop(name) for name in whose})
        ledger = self.serving.desk.ledger
        charge = Charge(
            request_id,
            changed.get("task", "agent"),
            changed.get("model", "custom/large"),
            NanoUsd(nano_usd),
            "v1",
            agent=changed.get("agent", ""),
            provider="custom",
        )
        await ledger.reserve(principal, charge)
        await ledger.settle(
            request_id, Usage(100, 20, 5), NanoUsd(nano_usd), measured=Measured(120, 900)
        )


async def furnish(serving: Serving) -> Office:
    """Let Ann, Bob and Vic in, and give each a token."""
    roles: dict[str, tuple[Role, str]] = {
        "ann": ("owner", ""),
        "bob": ("developer", "red"),
        "vic": ("viewer", ""),
    }
    now = serving.clock.now()
    for user, (role, team) in roles.items():
        person = Person(user, role, team)
        await serving.desk.database.run(
            lambda session, person=person: people.add(session, ANN, person, now)
        )
    tokens = {user: (await serving.fresh_token(user, MANAGES))[0] for user in roles}
    tokens["reader"] = (await serving.fresh_token("ann", READS))[0]
    return Office(serving, tokens)
