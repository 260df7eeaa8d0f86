"""Seeded lives of a ledger: operations of all kinds, many at once, against a model of 30 lines.

A seed that fails fails again: `pytest -k simulated` names it.
"""

import asyncio
import random
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from steward.core.errors import InvalidInputError, NotFoundError, OverBudgetError
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.core.principal import Principal
from steward.ledger.charge import Reservation
from steward.ledger.integrity import verify
from steward.ledger.key import KEY_BYTES
from tests.ledger.bank import USAGE, Bank, charge, open_bank
from tests.ledger.model import Model
from tests.places import Place, execute

LIMITS = {"user": 900, "session": 700, "organisation": 2_000, "team": 1_200}
PEOPLE = [
    Principal(user, f"{user}-{session}", f"/{session}", team=team)
    for user, team in (("ann", "red"), ("bob", "red"), ("cat", ""))
    for session in (1, 2)
]
STEPS_MAX = 25
TIMES = [
    timedelta(0),
    timedelta(seconds=1),
    timedelta(minutes=16),
    timedelta(hours=9),
    timedelta(minutes=-30),
]
MONTH_ENDS = [
    datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 50, tzinfo=UTC),
    # Where summer ends in Europe and in America; the ledger must not care.
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 6, 0, tzinfo=UTC),
]


@pytest.mark.parametrize("seed", range(6))
async def test_a_simulated_life_goes_as_the_model_says(place: Place, seed: int) -> None:
    await _live(place, seed, STEPS_MAX)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 200))
async def test_a_long_simulated_life_goes_as_the_model_says(place: Place, seed: int) -> None:
    await _live(place, seed, 400)


async def _live(place: Place, seed: int, steps: int) -> None:
    dice = random.Random(seed)
    usd = {kind: Decimal(limit) / NANO_PER_USD for kind, limit in LIMITS.items()}
    limits = {f"{kind}_limit_usd": limit for kind, limit in usd.items() if kind != "user"}
    async with open_bank(place, LIMITS["user"], **limits) as bank:
        model = Model(LIMITS, timedelta(minutes=15))
        names: list[str] = []
        for _ in range(steps):
            _move_clock(dice, bank)
            # Handed in one after the other without waiting, so batches and order are the writer's.
            size = dice.choice([1, 1, 5, 30])
            made: list[tuple[Awaitable[str], str]] = []
            for _ in range(size):
                made.append(_step(dice, bank, model, names))
                await asyncio.sleep(0)  # It is handed in now, at the time that the model was told.
                if dice.random() < 0.2:
                    _move_clock(dice, bank)
            got = await asyncio.gather(*(doing for doing, _ in made))
            assert got == [expected for _, expected in made], f"seed {seed}"
        await _compare(place, bank, model)


def _move_clock(dice: random.Random, bank: Bank) -> None:
    if dice.random() < 0.15:
        bank.clock.set_wall(dice.choice(MONTH_ENDS))
    else:
        bank.clock.set_wall(bank.clock.now() + dice.choice(TIMES))


def _step(
    dice: random.Random, bank: Bank, model: Model, names: list[str]
) -> tuple[Awaitable[str], str]:
    """What the ledger will give, and what it must give."""
    now = bank.clock.now()
    name = dice.choice(names) if names and dice.random() < 0.6 else f"r{len(names)}"
    match dice.choice(["reserve", "reserve", "settle", "release", "expire"]):
        case "reserve":
            # The person follows from the name: another one's request would be a conflict.
            principal = PEOPLE[sum(name.encode()) % len(PEOPLE)]
            worst = dice.choice([0, 1, 50, 100, 333]) if name not in names else 100
            least = NanoUsd(40) if worst == 100 and sum(name.encode()) % 2 else None
            names.append(name)
            expected = model.reserve(principal, name, worst, now, least)
            wanted = replace(charge(name, worst), least_nano_usd=least)
            return _told(bank.ledger.reserve(principal, wanted)), expected
        case "settle":
            cost = dice.choice([0, 10, 50, 400])
            doing = bank.ledger.settle(name, USAGE, NanoUsd(cost))
            return _told(doing), model.end(name, "settled", cost)
        case "release":
            return _told(bank.ledger.release(name)), model.end(name, "released", 0)
        case _:
            model.expire(now)
            return _told(bank.ledger.expire_due()), "done"


def _told(doing: Awaitable[Reservation | int | None]) -> Awaitable[str]:
    """The same word that the model has for it."""

    async def tell() -> str:
        try:
            found = await doing
        except NotFoundError:
            return "missing"
        except OverBudgetError:
            return "refused"
        except InvalidInputError:
            return "conflict"
        if isinstance(found, Reservation):
            return f"{'new' if found.is_new else 'again'} {found.reserved_nano_usd}"
        return "done"

    return asyncio.ensure_future(tell())


async def _compare(place: Place, bank: Bank, model: Model) -> None:
    key = bytes.fromhex("5e" * KEY_BYTES)
    found = await bank.database.read(lambda session: verify(session, key))
    assert found.problems == ()
    rows = execute(
        place, "SELECT tenant_id, scope, period, spent_nano_usd, reserved_nano_usd FROM account"
    )
    stored = {tuple(row[:3]): tuple(row[3:]) for row in rows if any(row[3:])}
    keys = {key for promise in model.promises.values() for key in promise.keys}
    expected = {tuple(key): (model.spent.get(key, 0), model.reserved(key)) for key in keys}
    assert stored == {key: balances for key, balances in expected.items() if any(balances)}
