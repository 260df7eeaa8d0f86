"""What an extension is allowed, put before its person as a question like every other."""

import asyncio
from pathlib import Path

import pytest

from steward.core.errors import NotPermittedError
from steward.extensions.consent import Consent
from steward.extensions.finding import Found
from tests.extensions.host.desk import ID, Desk, open_desk
from tests.extensions.packages.making import release
from tests.rooms import DEADLINE_S, answering, no, numbered, yes

MORE = "  - {capability: model.ask, reason: To ask for colours.}\n"


def consent(desk: Desk) -> Consent:
    rooms = desk.rooms
    return Consent(desk.store, rooms.approvals, rooms.principal, numbered("ask"), lambda: None)


def found(version: str, more: str = "") -> Found:
    return Found(release(version, more), "file", ())


async def test_a_newer_release_keeps_what_was_allowed_and_asks_for_the_rest(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        who = desk.rooms.principal
        asking = consent(desk)
        async with answering(desk.rooms, who, yes) as seen:
            await asking.install(found("1.0.0"), ["messages.show"])
            put = await asking.install(found("1.0.1"))
            assert (put.state, put.granted, len(seen)) == ("enabled", {"files.read"}, 1)
            put = await asking.install(found("1.1.0", MORE))
            assert (put.state, put.granted) == ("enabled", {"files.read", "model.ask"})
            put = await asking.enable(ID)  # Whoever enables what runs is asked about the rest.
            assert put.granted == {"files.read", "messages.show", "model.ask"}
            await asking.enable(ID)
            assert len(seen) == 3
        assert "**new to you**" in seen[0].body
        assert "whose key you have seen before" in seen[1].body
        allowed, _, withheld = seen[1].body.partition("It asks for more")
        assert "`model.ask`" in allowed
        assert "`messages.show`" in withheld


async def test_a_question_ends_with_whoever_asked_it(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        approvals, who = desk.rooms.approvals, desk.rooms.principal
        with desk.rooms.events.watch() as events:
            asking = asyncio.create_task(consent(desk).install(found("1.0.0")))
            async with asyncio.timeout(DEADLINE_S):
                while not await approvals.pending(who):
                    await anext(events)
        asking.cancel()
        await asyncio.wait([asking])
        # Answered now, it would allow the same at another time.
        assert not await approvals.pending(who)


async def test_what_waits_for_an_answer_runs_by_no_way_around_it(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        who = desk.rooms.principal
        asking = consent(desk)
        async with answering(desk.rooms, who, yes):
            await asking.install(found("1.0.0"))
        async with answering(desk.rooms, who, no) as seen:
            with pytest.raises(NotPermittedError):
                await asking.update(found("1.1.0", MORE))
            await asking.revoke(ID, "messages.show")
            assert (await asking.disable(ID)).state == "asks"
            with pytest.raises(NotPermittedError):
                await asking.enable(ID)
            assert len(seen) == 2
        assert (await desk.store.one(who, ID)).granted == {"files.read"}
        assert not await desk.store.has_enabled(who)
