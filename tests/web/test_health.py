"""How the server says that it is well: to anybody in a word, to those who run it in full."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session

from demo.scripted_model import ScriptedModel
from steward.core.errors import UnavailableError
from steward.core.principal import Role
from steward.operations.health.verdict import Check, Found
from steward.permissions.people import add
from steward.permissions.roles import Person
from steward.permissions.tokens import Scope
from steward.web.rest.health import HealthReport
from tests.ledger.bank import ANN, START
from tests.places import execute
from tests.web.serving import Serving, open_serving

REPORTS: frozenset[Scope] = frozenset(["reports"])
LATER = timedelta(seconds=2)


async def healthy() -> Found:
    return Found(facts={"size_bytes": 1})


async def broken() -> Found:
    raise UnavailableError("The disk is gone. Put it back.")


async def buggy() -> Found:
    raise ZeroDivisionError("secret of the inside")


async def asked(
    serving: Serving, user: str = "ann", path: str = "/api/v1/health"
) -> httpx.Response:
    token, _ = await serving.fresh_token(user, REPORTS)
    return await serving.client.get(path, headers={"Authorization": f"Bearer {token}"})


async def told(serving: Serving) -> HealthReport:
    answer = await asked(serving)
    assert answer.status_code == 200, answer.text
    return HealthReport.model_validate_json(answer.text)


async def test_every_part_is_told_with_its_latency_and_figures(serving: Serving) -> None:
    report = await told(serving)
    parts = {part.name: part for part in report.parts}
    assert {"database", "schema", "ledger", "audit", "clock", "people", "providers"} <= parts.keys()
    assert parts["database"].facts["size_bytes"]
    assert parts["schema"].facts["revision"] == parts["schema"].facts["expected"]
    assert {part.state for part in report.parts} == {"healthy"}
    assert report.state == "healthy"


async def test_the_last_answer_of_a_provider_is_known_and_none_is_called_for_it(
    serving: Serving,
) -> None:
    await told(serving)
    assert serving.model.exchanges == []
    await serving.desk.ask()
    serving.clock.advance(LATER)
    parts = {part.name: part for part in (await told(serving)).parts}
    assert parts["providers"].facts["custom_answered_at"] == START.isoformat()


async def test_a_part_that_fails_is_told_and_what_is_inside_is_not(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    checks = [Check("good", healthy), Check("bad", broken), Check("worse", buggy)]
    async with open_serving(tmp_path, scripted_model, checks=checks) as serving:
        answer = await asked(serving)
    report = HealthReport.model_validate_json(answer.text)
    assert report.state == "unhealthy"
    assert {part.name: part.state for part in report.parts if part.name != "providers"} == {
        "good": "healthy",
        "bad": "unhealthy",
        "worse": "unhealthy",
    }
    assert "Put it back." in answer.text
    assert "secret of the inside" not in answer.text


async def test_a_part_that_hangs_holds_up_nobody_and_is_not_asked_again_meanwhile(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    asked_times, end = 0, asyncio.Event()

    async def hanging() -> Found:
        nonlocal asked_times
        asked_times += 1
        await end.wait()
        return Found()

    checks = [Check("good", healthy), Check("hanging", hanging, is_needed=True)]
    async with open_serving(tmp_path, scripted_model, checks=checks) as serving:
        first = {part.name: part for part in (await told(serving)).parts}
        assert (first["good"].state, first["hanging"].state) == ("healthy", "unhealthy")
        assert first["hanging"].cause == "No answer within 0.5 s."
        assert (await serving.client.get("/readyz")).status_code == 503
        end.set()
        serving.clock.advance(LATER)
        assert (await told(serving)).state == "healthy"
        assert asked_times == 2  # The look that hung, and the one after it.


async def test_readiness_is_one_word_for_anybody_and_asked_of_the_database_once_a_second(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    looked = 0

    async def counted() -> Found:
        nonlocal looked
        looked += 1
        return await (healthy() if looked == 1 else broken())

    checks = [Check("database", counted, is_needed=True), Check("disk", broken)]
    async with open_serving(tmp_path, scripted_model, checks=checks) as serving:
        serving.client.headers.pop("Authorization")
        for _ in range(5):
            answer = await serving.client.get("/readyz")
            assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
        assert looked == 1
        serving.clock.advance(LATER)
        answer = await serving.client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"status": "unready"})


async def test_a_database_of_another_shape_is_not_ready(serving: Serving, tmp_path: Path) -> None:
    assert (await serving.client.get("/readyz")).status_code == 200
    execute(tmp_path / "steward.db", "UPDATE alembic_version SET version_num = 'older'")
    serving.clock.advance(LATER)
    assert (await serving.client.get("/readyz")).status_code == 503
    parts = {part.name: part for part in (await told(serving)).parts}
    assert "'older'" in parts["schema"].cause


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("owner", 200),
        ("admin", 200),
        ("maintainer", 403),
        ("developer", 403),
        ("viewer", 403),
    ],
)
async def test_only_those_who_run_the_server_read_how_it_is(
    serving: Serving, role: Role, status: int
) -> None:
    def work(session: Session) -> None:
        add(session, ANN, Person("ann", "owner"), START)
        add(session, ANN, Person("bob", role), START)

    await serving.desk.database.run(work)
    answer = await asked(serving, "bob")
    assert answer.status_code == status
    assert ("size_bytes" in answer.text) is (status == 200)
    assert (await asked(serving, "bob", "/health")).status_code == status


async def test_a_reservation_that_ran_out_and_a_clock_that_is_behind_are_told(
    serving: Serving, tmp_path: Path
) -> None:
    await serving.desk.ask()
    await serving.desk.paid()
    execute(
        tmp_path / "steward.db",
        "UPDATE reservation SET state = 'open', expires_at = '2020-01-01 00:00:00.000000'",
    )
    parts = {part.name: part for part in (await told(serving)).parts}
    assert (parts["ledger"].state, parts["ledger"].facts["expired_reservations"]) == ("degraded", 1)
    await serving.desk.database.run(lambda each: add(each, ANN, Person("ann", "owner"), START))
    serving.clock.set_wall(START.replace(year=START.year - 1))
    serving.clock.advance(LATER)
    parts = {part.name: part for part in (await told(serving)).parts}
    assert parts["clock"].state == "degraded"
    assert "time server" in parts["clock"].cause


async def test_the_page_shows_what_the_api_answers_as_text(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async def hostile() -> Found:
        return Found("degraded", "<script>alert(1)</script>", {"<b>x": json.dumps("</td>")})

    checks = [Check("<img src=x>", hostile)]
    async with open_serving(tmp_path, scripted_model, checks=checks) as serving:
        page = (await asked(serving, path="/health")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<img" not in page
