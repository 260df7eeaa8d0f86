"""What happens is told over a socket: whole, in order, and to whom it concerns."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from demo.scripted_model import ScriptedModel
from steward.core.database import open_database
from steward.permissions.people import remove, set_role
from steward.web.live.event import LiveEvent
from steward.web.live.limits import LiveLimits
from tests.ledger.bank import ANN, allow
from tests.live.following import REPORTS, Json, following
from tests.live.happenings import (
    NOW,
    Member,
    approval_row,
    extension_rows,
    people,
    put,
    run_row,
    step_row,
)
from tests.places import Place
from tests.web.serving import DEADLINE_S, Serving, open_serving

_EVENT = TypeAdapter(LiveEvent)


async def test_whoever_follows_is_told_what_happens_from_then_on(serving: Serving) -> None:
    database = serving.desk.database
    token, _ = await serving.fresh_token(scopes=REPORTS)
    await put(database, run_row("before"))
    async with following(serving, token) as ann:
        hello = await ann.said()
        assert (hello["kind"], hello["resumed"], hello["reset"]) == ("hello", True, False)
        await put(database, run_row("now"), step_row("now", "plan"))
        await put(database, approval_row("ask", "now"), *extension_rows())
        events = await ann.events(6)
    assert [each["kind"] for each in events] == [*["run"] * 2, "approval", *["extension"] * 3]
    assert events[0]["subject"] == "now"
    assert [each["seq"] for each in events] == sorted(each["seq"] for each in events)
    for each in events:
        _EVENT.validate_python(each)


async def test_what_another_process_commits_is_told_too(serving: Serving, place: Place) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    async with following(serving, token) as ann, open_database(place) as elsewhere:
        await ann.said()
        await put(elsewhere, run_row("elsewhere"))
        (event,) = await ann.events(1)
    assert event["subject"] == "elsewhere"


async def test_whoever_comes_back_misses_nothing_and_hears_nothing_twice(serving: Serving) -> None:
    database = serving.desk.database
    token, _ = await serving.fresh_token(scopes=REPORTS)
    async with following(serving, token) as ann:
        await ann.said()
        await put(database, run_row("first"))
        (first,) = await ann.events(1)
    await put(database, *(run_row(f"missed-{number}") for number in range(500)))
    async with following(serving, token, f"?after={first['seq']}") as ann:
        assert (await ann.said())["resumed"]
        missed = await ann.events(500)
        await put(database, run_row("last"))
        (last,) = await ann.events(1)
    assert [each["subject"] for each in missed] == [f"missed-{number}" for number in range(500)]
    assert last["subject"] == "last"


async def test_whoever_missed_more_than_is_kept_begins_anew(
    tmp_path: Path, place: Place, scripted_model: ScriptedModel
) -> None:
    limits = LiveLimits(kept_max=10)
    async with open_serving(tmp_path, scripted_model, place=place, live=limits) as serving:
        database = serving.desk.database
        token, _ = await serving.fresh_token(scopes=REPORTS)
        await put(database, *(run_row(f"run-{number}") for number in range(30)))
        for after in (1, 10**9):
            async with following(serving, token, f"?after={after}") as ann:
                hello = await ann.said()
                assert (hello["resumed"], hello["reset"]) == (False, True)
                await put(database, run_row(f"new-{after}"))
                (event,) = await ann.events(1)
                assert event["subject"] == f"new-{after}"


async def test_only_the_kinds_that_were_asked_for_are_told(serving: Serving) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    async with following(serving, token, "?kinds=approval,extension") as ann:
        await ann.said()
        rows = (run_row("run"), approval_row("ask", "run"), step_row("run", "s"))
        await put(serving.desk.database, *rows, *extension_rows())
        assert {each["kind"] for each in await ann.events(4)} == {"approval", "extension"}


async def test_everybody_is_told_what_concerns_them(serving: Serving) -> None:
    """Their own; what their team does, if they lead it; everything, as owner or admin."""
    database = serving.desk.database
    await people(
        database,
        Member("bob", team="blue"),
        Member("lea", team="blue", is_lead=True),
        Member("ray", team="red"),
        Member("ada", "admin"),
    )
    told = {
        "ann": ["ann", "bob", "lea", "ray", "ada"],
        "ada": ["ann", "bob", "lea", "ray", "ada"],
        "lea": ["bob", "lea"],
        "bob": ["bob"],
        "ray": ["ray"],
    }
    tokens = {user: (await serving.fresh_token(user, REPORTS))[0] for user in told}
    async with AsyncExitStack() as stack:
        sockets = {
            user: await stack.enter_async_context(following(serving, token))
            for user, token in tokens.items()
        }
        for each in sockets.values():
            await each.said()
        await put(database, *(run_row(f"of-{user}", user) for user in told["ann"]))
        # Everybody hears of the last, so whatever came before it has come.
        await allow(database, "organisation", 10**9, NOW)
        for user, each in sockets.items():
            events = await each.events(len(told[user]) + 1)
            assert [event["user"] for event in events] == [*told[user], ""]


async def test_whoever_loses_a_role_sees_no_more_of_others_at_once(serving: Serving) -> None:
    database = serving.desk.database
    await people(database, Member("ada", "admin"))
    token, _ = await serving.fresh_token("ada", REPORTS)
    async with following(serving, token) as ada:
        await ada.said()
        await put(database, run_row("seen"))
        assert (await ada.events(1))[0]["subject"] == "seen"
        await database.run(lambda session: set_role(session, ANN, "ada", "developer", NOW))
        await put(database, run_row("of-ann"), run_row("of-ada", "ada"))
        assert (await ada.events(1))[0]["subject"] == "of-ada"


async def test_whoever_is_removed_is_shown_out(serving: Serving) -> None:
    database = serving.desk.database
    await people(database, Member("bob"))
    token, _ = await serving.fresh_token("bob", REPORTS)
    async with following(serving, token) as bob:
        await bob.said()
        await database.run(lambda session: remove(session, ANN, "bob", NOW))
        assert (await bob.closed())[0] == 4001


async def test_a_revoked_token_ends_its_sockets(serving: Serving) -> None:
    token, row = await serving.fresh_token(scopes=REPORTS)
    other, _ = await serving.fresh_token(scopes=REPORTS)
    async with following(serving, token) as ann, following(serving, other) as still:
        await ann.said()
        await serving.revoke(row)
        assert (await ann.closed())[0] == 4001
        await still.said()
        await put(serving.desk.database, run_row("run"))
        assert (await still.events(1))[0]["subject"] == "run"


async def test_an_ended_session_ends_its_sockets(serving: Serving) -> None:
    secret = await serving.sessions.enter(await serving.sessions.link(ANN), "")
    assert secret is not None
    cookie = f"steward-{serving.port}={secret}"
    origin = f"http://127.0.0.1:{serving.port}"
    async with following(serving, "", Cookie=cookie, Origin=origin) as ann:
        await ann.said()
        await serving.sessions.end_all(ANN)
        assert (await ann.closed())[0] == 4001


async def test_a_server_that_stops_says_so(
    tmp_path: Path, place: Place, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model, place=place) as serving:
        token, _ = await serving.fresh_token(scopes=REPORTS)
        opened = following(serving, token)
        ann = await opened.__aenter__()
        await ann.said()
    assert (await ann.closed())[0] == 1001
    await opened.__aexit__(None, None, None)


async def test_recent_happenings_are_had_without_a_socket(serving: Serving) -> None:
    database = serving.desk.database
    token, _ = await serving.fresh_token(scopes=REPORTS)
    headers = {"Authorization": f"Bearer {token}"}

    async def recent(query: str) -> Json:
        answer = await serving.client.get(f"/api/v1/live/recent{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    first = await recent("")
    assert first["items"] == []
    await put(database, *(run_row(f"run-{number}") for number in range(250)))
    seen: list[str] = []
    after = first["seq"]
    while page := await recent(f"?after={after}"):
        if not page["items"]:
            break
        seen += [each["subject"] for each in page["items"]]
        after = page["seq"]
    assert seen == [f"run-{number}" for number in range(250)]
    assert (await recent("?after=999999"))["reset"] is True


async def test_fifty_who_follow_are_told_what_is_theirs(serving: Serving) -> None:
    await people(serving.desk.database, *(Member(f"user{number}") for number in range(25)))
    tokens = [(await serving.fresh_token(f"user{n}", REPORTS))[0] for n in range(25)]
    async with asyncio.timeout(DEADLINE_S), AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(following(serving, token))
            for token in tokens
            for _ in range(2)
        ]
        for number in range(25):
            await put(serving.desk.database, run_row(f"run-{number}", f"user{number}"))
        for number, each in enumerate(opened):
            event = (await each.events(1))[0]
            assert event["subject"] == f"run-{number // 2}", (number, event)


@pytest.mark.parametrize("query", ["?kinds=nonsense", "?after=-1", "?after=x"])
async def test_what_makes_no_sense_is_refused_before_the_upgrade(
    serving: Serving, query: str
) -> None:
    token, _ = await serving.fresh_token(scopes=REPORTS)
    answer = await serving.client.get(
        f"/api/v1/live{query}",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 400
