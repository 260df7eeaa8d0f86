"""Counts are added up in the database, for each person, and read again as a report."""

from datetime import date, timedelta

import pytest

from steward.completion.outcomes.record import Recorder
from steward.completion.outcomes.report import By, Line, report
from steward.core.database import Database, open_database
from steward.core.principal import Principal
from tests.completion.outcomes.desk import Desk
from tests.places import Place, be_impatient, execute, held

ANN, BOB = Principal("ann", "s1", "/w"), Principal("bob", "s2", "/w")
DAY = date(2026, 11, 21)
SUM = "return a + b"


async def lines(
    database: Database, by: By = "language", user: str | None = None, day: date = DAY
) -> dict[str, Line]:
    found = await database.read(lambda session: report(session, "local", by, (day, day), user))
    return {line.name: line for line in found}


async def one_accepted(database: Database, principal: Principal, desk: Desk) -> None:
    recorder = Recorder(desk.outcomes, database, desk.clock, principal)
    desk.offer(SUM)
    desk.put(SUM)
    desk.wait(15)
    await recorder.flush()
    desk.put("\n")
    desk.offer(SUM)
    desk.wait(1)
    await recorder.close()


async def test_what_several_windows_counted_is_one_sum(place: Place) -> None:
    async with open_database(place) as database:
        await one_accepted(database, ANN, Desk())
        await one_accepted(database, ANN, Desk())
        await one_accepted(database, BOB, Desk())
        assert execute(place, "SELECT COUNT(*) FROM ghost_text_day") == [(2,)]
        own, all_ = await lines(database, user="ann"), await lines(database)
        assert (own["python"].counts.offered, all_["python"].counts.offered) == (4, 6)
        assert set(await lines(database, "user")) == {"ann", "bob"}
        assert set(await lines(database, "model")) == {"acme/small"}
        assert set(await lines(database, "kind")) == {"block"}
        assert set(await lines(database, "day")) == {"2026-11-21"}
        line = all_["python"]
        assert (line.acceptance, line.usual_ms) == (0.5, 200)
        assert (line.still_there(15), line.still_there(600)) == (1.0, None)
        other = Principal("ann", "s1", "/w", tenant_id="other")
        found = await database.read(
            lambda session: report(session, other.tenant_id, "user", (DAY, DAY), None)
        )
        assert list(found) == []


async def test_what_cannot_be_written_is_written_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_impatient(monkeypatch)
    async with open_database(place) as database:
        desk = Desk()
        recorder = Recorder(desk.outcomes, database, desk.clock, ANN)
        desk.offer(SUM)
        desk.put(SUM)
        desk.wait(11)
        with held(place):
            await recorder.flush()
        assert await lines(database) == {}
        await recorder.flush()
        await recorder.flush()
        assert (await lines(database))["python"].counts.accepted == 1


async def test_days_that_are_long_over_are_forgotten(place: Place) -> None:
    async with open_database(place) as database:
        desk = Desk()
        await one_accepted(database, ANN, desk)
        desk.clock.advance(timedelta(days=300))
        await one_accepted(database, ANN, desk)
        assert set(await lines(database)) == {"python"}
        desk.clock.advance(timedelta(days=101))
        await one_accepted(database, BOB, desk)
        assert await lines(database) == {}
        assert execute(place, "SELECT COUNT(DISTINCT day) FROM ghost_text_day") == [(2,)]


async def test_nothing_is_written_where_nothing_was_counted(place: Place) -> None:
    async with open_database(place) as database:
        desk = Desk()
        recorder = Recorder(desk.outcomes, database, desk.clock, ANN)
        before = database.handed_in
        for number in range(20):
            desk.type("x")
            desk.offer(f"y{number}")
            await recorder.flush()
        assert database.handed_in == before
