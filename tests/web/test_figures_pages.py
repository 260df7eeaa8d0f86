"""What happened, helped, took and was thought, as the API and the pages tell it."""

import csv
import io
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session

from steward.core.timings import Timings
from steward.operations import performance
from steward.operations.analytics import Happened, write
from steward.permissions import people
from steward.permissions.roles import Person
from steward.permissions.tokens import Scope
from tests.ledger.bank import ANN, START
from tests.web.serving import Json, Serving, open_serving
from tests.web.test_signing import browser
from tests.web.versatile_model import VersatileModel

API = "/api/v1"
BOTH: frozenset[Scope] = frozenset(["reports", "manage"])
HOSTILE = "<script>alert(1)</script>\u202e'\"{{7*7}}"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncGenerator[Serving]:
    """Ann owns the organisation, and Bob develops in it."""
    async with VersatileModel() as model, open_serving(tmp_path, model) as opened:

        def join(session: Session) -> None:
            people.add(session, ANN, Person("ann", "owner"), START)
            people.add(session, ANN, Person("bob", "developer", "red"), START)

        await opened.rooms.database.run(join)
        await opened.rooms.database.run(lambda session: write(session, "local", events()))
        yield opened


def events() -> list[Happened]:
    """What Ann and Bob did."""
    return [
        Happened(START, "AI_APPLY", "ann", "r1", HOSTILE, "edit", HOSTILE, "applied"),
        Happened(START, "AGENT_RUN_ENDED", "ann", "r1", HOSTILE, outcome="finished"),
        Happened(START, "AI_APPLY", "bob", "r2", "fix", "edit", "m", "refused"),
        *(Happened(START, "TOOL_USED", "ann", "r1", "fix", f"t{n}", "m", "ok") for n in range(5)),
    ]


async def bearer(serving: Serving, user: str = "ann") -> dict[str, str]:
    token, _ = await serving.fresh_token(user, BOTH)
    return {"Authorization": f"Bearer {token}"}


async def asked(serving: Serving, path: str, user: str = "ann") -> httpx.Response:
    return await serving.client.get(API + path, headers=await bearer(serving, user))


BOB = "bob"
OTHERS = (
    "/events?everybody=true",
    "/events?by=user",
    "/events/newest?everybody=true",
    "/events/export?everybody=true",
    "/outcomes?everybody=true",
    "/outcomes?by=team",
    "/outcomes/export?by=user",
    "/feedback?everybody=true",
    "/feedback/sums?everybody=true",
    "/feedback/export?everybody=true",
)


async def test_the_figures_of_others_are_for_owners_and_admins(serving: Serving) -> None:
    for path in OTHERS:
        assert (await asked(serving, path)).status_code == 200, path
        refused = await asked(serving, path, BOB)
        code = refused.json()["error"]["code"]
        assert (refused.status_code, code) == (403, "steward.not_permitted"), path


async def test_everybody_reads_their_own_figures(serving: Serving) -> None:
    mine = (await asked(serving, "/events", BOB)).json()
    assert [(each["name"], each["count"]) for each in mine["sums"]] == [("AI_APPLY", 1)]
    (line,) = (await asked(serving, "/outcomes", BOB)).json()["lines"]
    assert line["proposals"] == {"part": 0, "whole": 1, "share": 0.0, "is_few": True}
    days = (await asked(serving, "/outcomes?by=day&everybody=true")).json()["lines"]
    assert [(day["name"], day["people"]["active"]) for day in days] == [("2026-11-21", 2)]
    assert days[0]["proposals"]["whole"] == 2
    method = (await asked(serving, "/outcomes")).json()["method"]
    assert method["answer_s_max"] == 120.0


async def test_the_newest_events_go_on_where_a_page_ended(serving: Serving) -> None:
    seen: list[int] = []
    after = ""
    while True:
        page: Json = (await asked(serving, f"/events/newest?limit=3{after}")).json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)
    for strange in ("x", "W10", "WyJ4Il0", "%00", "W29ub25d", "WzEsMl0", "W3RydWVd" * 100):
        refused = await asked(serving, f"/events/newest?after={strange}")
        assert refused.status_code == 400, strange


async def test_a_name_is_no_formula_in_a_spreadsheet(serving: Serving) -> None:
    formula = Happened(START, "TOOL_USED", "ann", agent="=1+1", outcome="ok")
    await serving.rooms.database.run(lambda session: write(session, "local", [formula]))
    answer = await asked(serving, "/events/export?by=agent")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert ["'=1+1", "TOOL_USED", "ok", "1"] in [row[:4] for row in rows]


async def test_feedback_is_given_listed_exported_and_taken_back(serving: Serving) -> None:
    headers = await bearer(serving)
    body = {"about": "suggestion", "subject": "s1", "verdict": "bad", "comment": f"-{HOSTILE}"}
    given = await serving.client.post(f"{API}/feedback", json=body, headers=headers)
    assert given.status_code == 201, given.text
    (one,) = (await asked(serving, "/feedback?verdict=bad")).json()["items"]
    assert one == given.json()
    assert one["comment"] == f"-{HOSTILE}"
    assert (await asked(serving, "/feedback", BOB)).json()["items"] == []
    assert (await asked(serving, "/feedback/sums")).json()[0]["bad"] == 1
    exported = list(csv.reader(io.StringIO((await asked(serving, "/feedback/export")).text)))
    assert exported[1][-2:] == ["bad", f"'-{HOSTILE}"]
    theirs = await serving.client.delete(
        f"{API}/feedback/{one['id']}", headers=await bearer(serving, BOB)
    )
    assert theirs.status_code == 404
    gone = await serving.client.delete(f"{API}/feedback/{one['id']}", headers=headers)
    assert gone.status_code == 204
    assert (await asked(serving, "/feedback")).json()["items"] == []
    for wrong in ({**body, "subject": "\0"}, {**body, "more": 1}, {**body, "about": "person"}):
        refused = await serving.client.post(f"{API}/feedback", json=wrong, headers=headers)
        assert refused.status_code == 400, refused.text


async def test_times_are_told_by_part_and_what_is_unusual_stands_beside_them(
    serving: Serving,
) -> None:
    def past(session: Session) -> None:
        for hours in range(1, 25):
            performance.write(session, "local", START - timedelta(hours=hours), some(1.0))
        performance.write(session, "local", START, some(20.0))

    await serving.rooms.database.run(past)
    found = (await asked(serving, "/performance?part=sandbox", BOB)).json()
    (line,) = found["lines"]
    assert (line["name"], line["count"]) == ("cgroup", 24 * 30)
    assert line["p50_ms"] == pytest.approx(1000, rel=0.1)
    assert line["p99_ms"] == pytest.approx(20_000, rel=0.1)
    (mark,) = found["anomalies"]
    assert (mark["kind"], mark["measure"]) == ("slow", "start")
    page = await pages(serving, "/performance")
    assert "95 % took up to" in page.text
    metrics = await serving.client.get("/metrics", headers=await bearer(serving))
    wanted = 'steward_anomaly{part="sandbox",name="cgroup",measure="start",kind="slow"} 1'
    assert wanted in metrics.text.splitlines()


def some(took_s: float) -> dict[performance.Series, performance.Steps]:
    timings = Timings()
    for _ in range(30):
        timings.note("sandbox", "cgroup", "start", took_s)
    return dict(timings.take())


async def pages(serving: Serving, path: str) -> httpx.Response:
    """A page as Ann sees it, who came by a link."""
    async with browser(serving) as ann:
        secret = await serving.sessions.link(ANN)
        await ann.post("/sign-in/link", data={"link": secret})
        page = await ann.get(path)
        assert page.status_code == 200, page.text
        return page


@pytest.mark.parametrize("path", ["/outcomes", "/performance", "/feedback"])
async def test_an_empty_form_field_asks_for_nothing(serving: Serving, path: str) -> None:
    found = await pages(serving, f"{path}?since=&until=&about=&verdict=&part=")
    assert "<h1>" in found.text


async def test_what_strangers_wrote_is_text_on_every_page(serving: Serving) -> None:
    body = {"about": "suggestion", "subject": "s1", "verdict": "good", "comment": HOSTILE}
    headers = await bearer(serving)
    assert (await serving.client.post(f"{API}/feedback", json=body, headers=headers)).is_success
    for path in ("/outcomes?whose=everybody&by=agent", "/feedback?whose=everybody"):
        page = await pages(serving, path)
        assert "alert(1)" in page.text
        assert "<script>alert" not in page.text
        assert "\u202e" not in page.text


async def test_a_page_takes_a_persons_word_and_gives_it_back(serving: Serving) -> None:
    async with browser(serving) as ann:
        secret = await serving.sessions.link(ANN)
        await ann.post("/sign-in/link", data={"link": secret})
        page = await ann.get("/feedback")
        proof = _CSRF.search(page.text)
        assert proof is not None
        form = {"about": "suggestion", "subject": "s1", "verdict": "good", "then": "//evil.example"}
        assert (await ann.post("/feedback", data=form)).status_code == 403, "without a proof"
        said = await ann.post("/feedback", data={**form, "csrf": proof[1]})
        assert (said.status_code, said.headers["location"]) == (303, "/feedback")
        page = await ann.get("/feedback")
        assert "What you said is kept." in page.text
        found = re.search(r'name="subject" value="([^"]+)"', page.text)
        assert found is not None
        form = {"action": "take back", "subject": found[1], "csrf": proof[1]}
        assert (await ann.post("/feedback", data=form)).status_code == 303
        assert "Nobody has said anything" in (await ann.get("/feedback")).text
