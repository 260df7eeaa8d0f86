"""How quick the site's pages and lists are over a database in which a lot was booked.

The books are filled with the ledger's own rows, sums and seals, in one transaction instead of many.
"""

import asyncio
import random
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.scripted_model import ScriptedModel
from steward.core.database import open_database
from steward.core.money import NanoUsd
from steward.ledger.account import AccountKey, Owner, accounts_of
from steward.ledger.book import ReservationState, stamp
from steward.ledger.chain import START as START_SEAL, Entry, seal
from steward.ledger.charge import NO_USAGE, Measured, Usage
from steward.ledger.rows import ADD_UP, APPEND, INSERT, PUT_ACCOUNT, new_row, usage_row
from steward.ledger.sums import Sum, Usages, add_up
from steward.permissions import people
from steward.permissions.roles import Person
from tests.ledger.bank import ANN, START, key_in
from tests.template import up_to_date
from tests.web.serving import Serving, open_serving

_DAYS = 20
_COST, _USAGE = 700_000, Usage(1000, 100, 200)
_WARM = 5
PAGES = (
    *("/usage", "/usage?by=user", "/usage?by=session", "/requests"),
    *("/budgets", "/prices", "/models"),
)
"""Pages, as a browser gets them."""
LISTS = (
    *("/api/v1/usage", "/api/v1/usage/days", "/api/v1/usage/today", "/api/v1/requests"),
    *("/api/v1/requests?user=user-7", "/api/v1/requests?model=custom/none"),
    *("/api/v1/budgets", "/api/v1/prices", "/api/v1/models"),
)
"""What programs get."""


async def site_ms(calls: int, asks: int) -> dict[str, list[float]]:
    """Address → milliseconds until it was answered, over so many calls of two entries each."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        await fill(folder, calls)
        async with ScriptedModel() as model, open_serving(folder, model) as serving:
            return await _measured(serving, asks)


async def fill(folder: Path, calls: int) -> None:
    """Put so many calls of the last weeks into the books, of many people in many windows."""
    place = up_to_date(folder / "steward.db")
    async with open_database(place) as database:
        owner = Person(ANN.user, "owner")
        await database.run(lambda session: people.add(session, ANN, owner, START))
    key = key_in(folder).load(may_make=True)
    await asyncio.to_thread(_book, place, key, calls)


def _book(place: Path, key: bytes, calls: int) -> None:
    """Every entry behind the one before it, as the ledger's writer puts them, in one go."""
    chance = random.Random(7)
    sums: dict[Sum, Usages] = {}
    spent: dict[AccountKey, int] = {}
    before = START_SEAL
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for number in range(calls):
            at = START - timedelta(days=_DAYS) * (calls - number) / calls
            state = _state(number, stamp(at), chance)
            connection.execute(INSERT.row_by_row, new_row(state))
            for entry in _entries(2 * number + 1, state):
                before = seal(key, before, entry)
                connection.execute(APPEND.row_by_row, (*entry, before))
                add_up(sums, entry)
            for account in accounts_of(*state.purse):
                spent[account] = spent.get(account, 0) + _COST
        named = [(*each, *usage_row(usages)) for each, usages in sums.items()]
        connection.executemany(ADD_UP.row_by_row, named)
        rows = [(*account, None, None, amount, 0) for account, amount in spent.items()]
        connection.executemany(PUT_ACCOUNT.row_by_row, rows)
        connection.execute("COMMIT")


def _state(number: int, at: str, chance: random.Random) -> ReservationState:
    """A call that was paid."""
    who, window = chance.randrange(50), chance.randrange(40)
    workspace = f"/work/{chance.randrange(30)}"
    return ReservationState(
        id=f"request-{number:07}",
        owner=Owner(
            ANN.tenant_id, f"team-{who % 8}", f"user-{who}", workspace, f"session-{who}-{window}"
        ),
        period=at[:7],
        task=chance.choice(("completion", "agent", "chat")),
        model=f"custom/model-{chance.randrange(12)}",
        run_id=None,
        price_version="v1",
        agent=chance.choice(("", "fix", "explain")),
        provider="custom",
        request_id=f"request-{number:07}",
        attempt=1,
        body_digest="",
        reserved=NanoUsd(1_000_000),
        opened_at=at,
        expires_at=at,
        state="settled",
        cost=NanoUsd(_COST),
        usage=_USAGE,
        measured=Measured(120, 900),
        ended_at=at,
    )


def _entries(seq: int, state: ReservationState) -> tuple[Entry, Entry]:
    """The promise and the payment."""

    def entry(seq: int, kind: str, reserved: int, spent: int, usage: Usage) -> Entry:
        return Entry(
            seq,
            *state.owner,
            state.period,
            state.id,
            state.opened_at,
            kind,
            reserved,
            spent,
            0,
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_tokens,
            state.task,
            state.model,
            state.run_id,
            state.price_version,
            state.agent,
            state.provider,
            state.request_id,
            state.attempt,
        )

    promise = entry(seq, "reserve", state.reserved, 0, NO_USAGE)
    return promise, entry(seq + 1, "settle", -state.reserved, state.cost, _USAGE)


async def _measured(serving: Serving, asks: int) -> dict[str, list[float]]:
    token, _ = await serving.fresh_token(ANN.user, frozenset(("reports",)))
    headers = {"Authorization": f"Bearer {token}"}
    found: dict[str, list[float]] = {}
    for address in (*PAGES, *LISTS):
        took: list[float] = []
        for _ in range(asks + _WARM):
            began = time.perf_counter()
            answer = await serving.client.get(address, headers=headers)
            took.append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()
        found[address] = took[_WARM:]
    return found
