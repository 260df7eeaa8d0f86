"""What the site tells of usage and of the log of calls."""

import csv
import io
import json
from datetime import timedelta

import pytest

from steward.core.money import NanoUsd
from steward.ledger.charge import Charge
from tests.ledger.bank import ANN
from tests.web.office import Office, furnish
from tests.web.serving import Serving

HOSTILE = "=cmd|'/c calc'!A1"


@pytest.fixture
async def office(serving: Serving) -> Office:
    return await furnish(serving)


async def test_usage_is_told_by_anything_with_a_total_and_the_days_before(office: Office) -> None:
    await office.pay("r1", 10)
    await office.pay("r2", 200, user="bob", model="custom/small", task="completion", agent="fix")
    office.advance(timedelta(days=1))
    await office.pay("r3", 3000, workspace="/other")
    for by, names in {
        "user": ["ann", "bob"],
        "model": ["custom/large", "custom/small"],
        "workspace": ["/other", "/work"],
        "agent": ["fix"],
        "day": ["2026-11-21", "2026-11-22"],
    }.items():
        found = await office.told(f"/usage?by={by}", "vic")
        assert [line["name"] for line in found["lines"]] == names
        assert (found["cost_nano_usd"], found["calls"]) == (3210, 3)
    day = await office.told("/usage?since=2026-11-22&until=2026-11-22")
    assert (day["cost_nano_usd"], day["before_nano_usd"]) == (3000, 210)
    today = await office.told("/usage/today")
    assert (today["cost_nano_usd"], today["month_nano_usd"], today["calls"]) == (3000, 3210, 1)


async def test_a_long_report_comes_in_parts_without_a_gap_or_a_double(office: Office) -> None:
    for number in range(7):
        await office.pay(f"r{number}", 10 + number // 3, session=f"s{number}")
    for by in ("session", "day"):
        whole = (await office.told(f"/usage?by={by}"))["lines"]
        seen: list[object] = []
        after = ""
        while True:
            part = await office.told(f"/usage?by={by}&limit=2&after={after}")
            seen += part["lines"]
            if (after := part["next"]) is None:
                break
        assert seen == whole


async def test_each_day_is_told_by_the_dearest_names_and_all_others(office: Office) -> None:
    for number in range(9):
        await office.pay(f"r{number}", 100 + number, session=f"s{number}")
    found = await office.told("/usage/days?by=session&since=2026-11-20")
    assert found["days"] == ["2026-11-20", "2026-11-21"]
    series = {each["name"]: each["cost_nano_usd"] for each in found["series"]}
    assert len(series) == 8
    assert series["s8"] == [0, 108]
    assert series[""] == [0, 100 + 101]


async def test_an_export_is_whole_and_no_spreadsheet_runs_what_is_in_it(office: Office) -> None:
    await office.pay("r1", 10, session=HOSTILE)
    await office.pay("r2", 20, session="s2")
    answer = await office.ask("/usage/export?by=session&form=csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="usage-session-')
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["session"], row["cost_nano_usd"]) for row in rows] == [
        ("s2", "20"),
        (f"'{HOSTILE}", "10"),
    ]
    found = json.loads((await office.ask("/usage/export?by=session&form=json")).text)
    assert [line["session"] for line in found] == ["s2", HOSTILE]
    assert json.loads((await office.ask("/usage/export?form=json&by=team")).text) == []


async def test_days_that_are_none_are_refused(office: Office) -> None:
    for query in ("since=2026-11-22", "since=1990-01-01", "until=0001-01-01", "by=nothing"):
        assert (await office.ask(f"/usage?{query}")).status_code == 400
    for after in ("x", "W10", "WyJhIl0", "bnVsbA"):
        assert (await office.ask(f"/usage?after={after}")).status_code == 400


async def test_the_log_shows_ones_own_calls_and_everybodys_to_an_owner(office: Office) -> None:
    await office.pay("r1", 10)
    await office.pay("r2", 20, user="bob")
    assert [each["user"] for each in (await office.told("/requests"))["items"]] == ["bob", "ann"]
    assert [each["user"] for each in (await office.told("/requests", "bob"))["items"]] == ["bob"]
    assert (await office.told("/requests", "vic"))["items"] == []
    assert (await office.ask("/requests?user=ann", "bob")).status_code == 403
    assert (await office.ask("/requests/r1", "bob")).status_code == 404
    assert (await office.told("/requests/r2", "bob"))["cost_nano_usd"] == 20


async def test_a_request_is_told_with_its_attempts_and_why_each_was_made(office: Office) -> None:
    ledger = office.serving.desk.ledger
    first = Charge("r1", "chat", "large", NanoUsd(500), "v1", provider="custom")
    second = Charge(
        *("r1", "chat", "small", NanoUsd(300), "v2"),
        provider="other",
        attempt=2,
        reason="custom/large did not answer",
    )
    await ledger.reserve(ANN, first)
    await ledger.release("r1")
    await ledger.reserve(ANN, second)
    found = await office.told("/requests/r1")
    assert [
        (each["attempt"], each["state"], each["model"], each["reason"])
        for each in found["attempts"]
    ] == [(1, "released", "large", ""), (2, "open", "small", "custom/large did not answer")]
    assert found["has_fallen_back"]
    assert (await office.ask("/requests/r1%232")).status_code == 404
    page = await office.page("/requests/r1")
    assert "custom/large did not answer" in page
    assert "Another model was asked than at first." in page


async def test_the_log_is_filtered_and_paged(office: Office) -> None:
    for number in range(6):
        office.advance(timedelta(seconds=1))
        await office.pay(f"r{number}", 10, task="plan" if number % 2 else "chat")
    seen: list[str] = []
    after = ""
    while True:
        part = await office.told(f"/requests?task=plan&limit=2&after={after}")
        seen += [each["request_id"] for each in part["items"]]
        if (after := part["next"]) is None:
            break
    assert seen == ["r5", "r3", "r1"]
    for query in ("task=none", "state=open", "until=2026-11-20", "workspace=/else"):
        assert (await office.told(f"/requests?{query}"))["items"] == []
    for query in ("state=settled", "user=ann", "since=2026-11-21&until=2026-11-21", "task="):
        assert len((await office.told(f"/requests?{query}"))["items"]) == 6
    for query in ("state=paid", "model=a%00b", "after=WyIyMDI2IiwiYSJd", "limit=0", "limit=201"):
        assert (await office.ask(f"/requests?{query}")).status_code == 400


async def test_the_pages_show_what_the_api_answers_and_hostile_names_as_text(
    office: Office,
) -> None:
    hostile = "<script>alert(1)</script>\u202eevil"
    await office.pay("r1", 10, agent=hostile, model=hostile, workspace=hostile)
    for by in ("agent", "model", "workspace"):
        page = await office.page(f"/usage?by={by}")
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page
        assert "\u202e" not in page
    log = await office.page("/requests?task=&state=&user=")
    assert "&lt;script&gt;" in log
    assert "\u202e" not in log
    assert "/requests/r1" in log
    assert "No call that fits" in await office.page("/requests", "vic")
    assert "No call of a model" in await office.page("/usage?by=team")


async def test_an_estimate_tells_the_cost_and_who_pays_and_sends_nothing(office: Office) -> None:
    body = {"text": "say something", "task": "chat", "workspace": "/work"}
    answer = await office.ask("/usage/estimate", "bob", "POST", body)
    found = answer.json()
    assert answer.status_code == 200, answer.text
    assert found["model"] == "custom/large"
    assert found["worst_nano_usd"] == found["input_tokens_max"] * 150 + 1000 * 600
    scopes = {each["scope"] for each in found["accounts"]}
    assert {"workspace:/work", "user:bob", "team:red", "organisation"} <= scopes
    assert found["is_admitted"]
    refused = (await office.ask("/usage/estimate", "vic", "POST", body)).json()
    assert "'viewer', which calls no model" in refused["refusal"]
    unpriced = {"text": "x", "model": "custom/unheard-of"}
    assert (await office.ask("/usage/estimate", "bob", "POST", unpriced)).status_code == 403
    assert office.serving.model.exchanges == []


async def test_whoever_left_reads_nothing(office: Office) -> None:
    office.tokens["eve"] = (await office.serving.fresh_token("eve", frozenset(("reports",))))[0]
    for path in ("/usage", "/usage/days", "/usage/today", "/usage/export", "/requests"):
        assert (await office.ask(path, "eve")).status_code == 403
    for path in ("/budgets", "/prices", "/models", "/models/choices"):
        assert (await office.ask(path, "eve")).status_code == 403
