"""The trail over the API: whose part somebody reads, what is unusual, and whether it holds."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from steward.web.rest.cursor import cursor
from tests.places import execute
from tests.web.organisation import Organisation, open_organisation
from tests.web.serving import DEADLINE_S, Serving

DAY = timedelta(days=1)


@pytest.fixture
async def firm(serving: Serving) -> AsyncGenerator[Organisation]:
    async with open_organisation(serving) as opened:
        yield opened


async def checked(firm: Organisation, **wanted: str) -> dict[str, Any]:
    """Begin a check, and look until it is over."""
    begun = await firm.ask("olga", "POST", "/audit/checks", json=wanted)
    assert begun.status_code == 201, begun.text
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = await firm.get("olga", f"/audit/checks/{begun.json()['id']}")
            if found["state"] != "working":
                return found


async def test_owners_and_admins_read_everything_and_others_what_they_did(
    firm: Organisation,
) -> None:
    mine = await firm.happened("dan", "run.started", "run-1")
    theirs = await firm.happened("lea", "run.started", "run-2")
    for admin in ("olga", "adam"):
        found = await firm.get(admin, "/audit", action="run.")
        assert ([each["seq"] for each in found["items"]], found["is_whole"]) == (
            [theirs, mine],
            True,
        )
    own = await firm.get("dan", "/audit")
    assert {each["actor"] for each in own["items"]} == {"dan"}
    assert not own["is_whole"]
    assert (await firm.ask("dan", "GET", "/audit", params={"actor": "lea"})).status_code == 403
    assert (await firm.ask("dan", "GET", f"/audit/{theirs}")).status_code == 404
    assert (await firm.get("dan", f"/audit/{mine}"))["subject"] == "run-1"
    for path in ("/audit/checks", "/audit/checks/x"):
        assert (await firm.ask("dan", "GET", path)).status_code == 403
    assert (await firm.ask("dan", "POST", "/audit/checks", json={})).status_code == 403
    exported = (await firm.ask("dan", "GET", "/audit/export")).text
    assert {json.loads(line)["actor"] for line in exported.splitlines()} == {"dan"}


async def test_a_list_is_turned_over_in_both_directions(firm: Organisation) -> None:
    made = [await firm.happened("dan", "run.started", "run-1") for _ in range(5)]
    first = await firm.get("olga", "/audit", subject="run-1", limit=2)
    second = await firm.get("olga", "/audit", subject="run-1", limit=2, after=first["next"])
    back = await firm.get("olga", "/audit", subject="run-1", limit=2, before=second["newer"])
    assert [each["seq"] for each in (*first["items"], *second["items"])] == made[:0:-1]
    assert (back["items"], first["newer"]) == (first["items"], None)
    for wrong in ({"after": "x"}, {"after": "1", "before": "2"}, {"limit": 0}, {"sort": "seq"}):
        assert (await firm.ask("olga", "GET", "/audit", params=wrong)).status_code == 400


async def test_an_export_has_everything_in_order_and_no_formula_runs(firm: Organisation) -> None:
    await firm.get("olga", "/people")
    await firm.happened("dan", "run.started", "")
    await firm.happened("=cmd|' /c calc'!A1", "tool.denied", "@x", text='line\nbreak, "quoted"')
    answer = await firm.ask("olga", "GET", "/audit/export", params={"format": "csv"})
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["seq"]) for row in rows] == list(range(1, len(rows) + 1))
    assert not [row for row in rows[:-1] if row["subject"].startswith("'")]
    assert (rows[-1]["actor"][:2], rows[-1]["subject"]) == ("'=", "'@x")
    assert json.loads(rows[-1]["detail"]) == {"text": 'line\nbreak, "quoted"'}
    lines = (await firm.ask("olga", "GET", "/audit/export")).text.splitlines()
    hashes = [json.loads(line)["hash"] for line in lines]
    assert [json.loads(line)["previous_hash"] for line in lines[1:]] == hashes[:-1]


async def test_a_check_goes_on_by_itself_and_is_written_down(firm: Organisation) -> None:
    found = await checked(firm)
    assert found["state"] == "intact"
    last = (await firm.serving.trail())[-1]
    assert (last.action, last.seq) == ("audit.checked", found["entries"] + 1)
    assert last.detail["head"] == found["head"].partition(":")[2]
    assert (await firm.get("olga", "/audit/checks"))["items"] == [found]


async def test_a_kept_head_shows_a_tail_that_was_cut_off(firm: Organisation) -> None:
    found = await checked(firm)
    again = await checked(firm, kept=found["head"])
    assert (again["state"], again["kept"]) == ("intact", found["head"])
    other = await checked(firm, kept=f"{found['entries'] + 100}:{'0' * 64}")
    assert (other["state"], other["first_bad_seq"]) == ("other", found["entries"] + 100)
    assert (await firm.serving.trail())[-1].action == "audit.broken"
    wrong = await firm.ask("olga", "POST", "/audit/checks", json={"kept": "something"})
    assert wrong.status_code == 400


async def test_a_changed_entry_is_found_by_its_number(firm: Organisation, tmp_path: Any) -> None:
    place = tmp_path / "steward.db"
    bad = await firm.happened("dan", "run.started")
    await firm.happened("dan", "run.finished")
    await asyncio.to_thread(execute, place, "DROP TRIGGER audit_no_update")
    change = f"UPDATE audit SET actor = 'lea' WHERE seq = {bad}"
    await asyncio.to_thread(execute, place, change)
    found = await checked(firm)
    assert (found["state"], found["first_bad_seq"], found["head"]) == ("broken", bad, "")


async def test_an_unusual_day_of_a_group_is_marked(firm: Organisation) -> None:
    for _ in range(10):
        await firm.happened("dan", "tool.denied")
        firm.serving.clock.advance(DAY)
    for _ in range(5):
        await firm.happened("lea", "tool.denied")
    figures = await firm.get("olga", "/security")
    by_group = {each["group"]: each for each in figures["groups"]}
    days = by_group["denied tools"]["days"]
    assert [(each["count"], each["is_unusual"]) for each in days[-3:]] == [
        (1, False),
        (1, False),
        (5, True),
    ]
    assert by_group["denied tools"]["actions"] == {"tool.denied": 15}
    own = await firm.get("dan", "/security")
    assert not own["is_whole"]
    assert {each["group"]: each["count"] for each in own["groups"]}["denied tools"] == 10
    events = await firm.get("olga", "/security/events", group="denied tools", limit=3)
    assert [each["actor"] for each in events["items"]] == ["lea"] * 3
    assert events["next"] is not None


async def test_activity_is_told_in_words_as_far_as_somebody_may_see(firm: Organisation) -> None:
    await firm.get("olga", "/people")
    before = {"user": "eve", "role": "viewer", "team": "", "is_lead": False}
    await firm.happened("dan", "run.started", "run-1")
    await firm.happened("lea", "proposal.applied", "run-2", outcome="2 files were changed.")
    await firm.happened("vera", "approval.approved", "run-3", title="Run the tests?")
    changed = {"before": before, "after": before | {"role": "admin", "team": "red"}}
    await firm.happened("olga", "people.changed", "person eve", **changed)
    await firm.happened("olga", "tool.called", "run-1")
    everything = await firm.get("olga", "/activity", limit=4)
    assert [(each["actor"], each["what"]) for each in everything["items"]] == [
        ("olga", "made eve admin and moved eve to the team red"),
        ("vera", "approved: Run the tests?"),
        ("lea", "landed a change: 2 files were changed."),
        ("dan", "started a run"),
    ]
    assert [each["run_id"] for each in everything["items"]] == [None, None, "run-2", "run-1"]
    team = await firm.get("lea", "/activity")
    assert team["may_see"] == ["own", "team"]
    assert {each["actor"] for each in team["items"]} == {"lea", "dan"}
    own = await firm.get("dan", "/activity", kind="run")
    assert [each["what"] for each in own["items"]] == ["started a run"]
    for who, whose in (("dan", "team"), ("dan", "all"), ("lea", "all")):
        refused = await firm.ask(who, "GET", "/activity", params={"whose": whose})
        assert refused.status_code == 403, (who, whose)


async def test_days_are_days_of_utc(firm: Organisation) -> None:
    seq = await firm.happened("dan", "run.started")
    today = firm.serving.clock.now().astimezone(UTC).date()
    assert today == datetime(2026, 11, 21, tzinfo=UTC).date()
    there = await firm.get("olga", "/audit", since=str(today), until=str(today), actor="dan")
    assert seq in [each["seq"] for each in there["items"]]
    later = await firm.get("olga", "/audit", since=str(today + DAY), actor="dan")
    assert later["items"] == []
    empty = await firm.ask("olga", "GET", "/audit", params={"since": "", "until": ""})
    assert empty.status_code == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/audit", {"until": "9999-12-31"}),
        ("/audit/export", {"until": "9999-12-31"}),
        ("/activity", {"since": "0001-01-01"}),
        ("/requests", {"until": "9999-12-31"}),
        ("/runs", {"day": "9999-12-31"}),
        ("/usage", {"since": "9999-12-01", "until": "9999-12-31"}),
        ("/events", {"since": "9999-12-01", "until": "9999-12-31"}),
        ("/runs", {"after": cursor("0001-01-01T00:00:00+14:00", "x")}),
        ("/approvals", {"after": cursor("9999-12-31T23:59:59-14:00", "x")}),
        ("/feedback", {"after": cursor("0001-01-01T00:00:00+14:00", "x")}),
        ("/requests", {"after": cursor("0001-01-01T00:00:00+14:00", "x")}),
    ],
)
async def test_no_calendar_ends_the_server(
    firm: Organisation, path: str, query: dict[str, str]
) -> None:
    answer = await firm.ask("olga", "GET", path, params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "steward.invalid_input")
