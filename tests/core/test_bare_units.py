"""Units of work that speak to the driver: on both databases, the promise is that of the others."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from steward.core import audit
from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.store import Transaction
from tests.places import Place, be_impatient, held


def opened(name: str) -> str:
    return (
        "INSERT INTO account (tenant_id, scope, period, spent_nano_usd, reserved_nano_usd)"
        f" VALUES ('local', '{name}', '2026-11', 0, 0)"
    )


def names(session: Session) -> list[Any]:
    statement = "SELECT scope FROM account ORDER BY scope"
    return list(session.connection().exec_driver_sql(statement).scalars())


def noted(session: Session) -> int:
    audit.append(
        session, at=SystemClock().now(), actor="ann", action="test.noted", subject="x", detail={}
    )
    return 1


async def test_what_a_bare_unit_did_is_there_for_the_next(place: Place) -> None:
    async with open_database(place) as database:
        await database.hand_in_bare(lambda unit: unit.driver.execute(opened("a")))
        assert await database.read(names) == ["a"]
    async with open_database(place) as database:
        assert await database.read(names) == ["a"]


async def test_a_bare_unit_that_raises_leaves_nothing_behind(place: Place) -> None:
    def half(unit: Transaction) -> None:
        unit.driver.execute(opened("a"))
        with unit.open_session() as session:
            noted(session)
        raise InvalidInputError("no")

    async with open_database(place) as database:
        with pytest.raises(InvalidInputError):
            await database.hand_in_bare(half)
        assert await database.read(names) == []
        assert await database.read(audit.read) == ()
        await database.hand_in_bare(lambda unit: unit.driver.execute(opened("b")))
        assert await database.read(names) == ["b"]


async def test_a_session_within_a_bare_unit_is_the_same_transaction(place: Place) -> None:
    def work(unit: Transaction) -> list[Any]:
        unit.driver.execute(opened("a"))
        with unit.open_session() as session:
            noted(session)
            seen = names(session)
        unit.driver.execute(opened("b"))
        return seen

    async with open_database(place) as database:
        assert await database.hand_in_bare(work) == ["a"]
        assert await database.read(names) == ["a", "b"]
        assert len(await database.read(audit.read)) == 1


async def test_a_bare_unit_begins_anew_after_a_refused_statement(place: Place) -> None:
    def work(unit: Transaction) -> None:
        unit.driver.execute(opened("lost"))
        try:
            with unit.open_session() as session:
                session.connection().exec_driver_sql("SELECT nothing FROM nowhere")
        except Exception:  # noqa: BLE001  Each driver has its own.
            unit.restart()
        unit.driver.execute(opened("kept"))

    async with open_database(place) as database:
        await database.hand_in_bare(work)
        assert await database.read(names) == ["kept"]


async def test_a_bare_unit_takes_its_turn_among_processes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_impatient(monkeypatch)
    async with open_database(place) as database:
        with held(place), pytest.raises(UnavailableError, match="Another process has held"):
            await database.hand_in_bare(lambda unit: unit.driver.execute(opened("a")))
        await database.hand_in_bare(lambda unit: unit.driver.execute(opened("b")))
        assert await database.read(names) == ["b"]


async def test_a_unit_that_only_reads_cannot_write_after_a_bare_one(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        await database.hand_in_bare(lambda unit: unit.driver.execute(opened("a")))
        with pytest.raises(Exception, match="readonly"):
            await database.read(
                lambda session: session.connection().exec_driver_sql(opened("b")).rowcount
            )
        await database.hand_in_bare(lambda unit: unit.driver.execute(opened("c")))
        assert await database.read(names) == ["a", "c"]
