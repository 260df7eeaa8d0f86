"""A model that cannot be asked for tools does the same work, told in words."""

import json
from pathlib import Path

from demo.replies import Reply, say
from steward.agents.workflows.journal import JsonObject
from tests.agents.crew import Crew
from tests.rooms import open_gateway

ONLY_TALKS = {"custom/small": {"abilities": ["chat"]}}


def called(name: str, **arguments: object) -> Reply:
    calls = [{"name": name, "arguments": arguments}]
    return say(json.dumps({"text": "", "tool_calls": calls}))


EDIT = called("edit_file", path="a.py", edits=[{"old_text": "two", "new_text": "2"}])
DONE = say(json.dumps({"text": "Done.", "tool_calls": []}))


async def played(crew: Crew, *replies: Reply) -> JsonObject:
    rooms = crew.rooms
    folder: Path = rooms.workspace.root.parent
    async with open_gateway(
        crew.model.url, folder, rooms.database, rooms.clock, rooms.events, models_known=ONLY_TALKS
    ) as (gateway, ledger):
        return await crew.with_hands(gateway=gateway, ledger=ledger).play(*replies)


def text_of(crew: Crew) -> str:
    return (crew.rooms.workspace.root / "a.py").read_text()


async def test_a_run_is_done_by_contract(crew: Crew) -> None:
    ended = await played(crew, called("read_file", path="a.py"), EDIT, DONE)
    assert (ended["state"], ended["message"]) == ("finished", "Done.")
    assert text_of(crew) == "one\n2\nthree\n"
    assert all("tools" not in exchange.body for exchange in crew.model.exchanges)


async def test_a_contract_that_is_half_kept_is_asked_for_again(crew: Crew) -> None:
    broken = say('{"text": "I edit", "tool_calls": [{"name": "edit_file", "arguments": {"pa')
    assert (await played(crew, broken, EDIT, DONE))["state"] == "finished"
    assert text_of(crew) == "one\n2\nthree\n"
    assert "Answer again" in str(crew.model.exchanges[2].messages[-1]["content"])


async def test_a_contract_that_is_never_kept_ends_the_run_with_nothing_done(crew: Crew) -> None:
    broken = [say('{"tool_calls": [{"arguments": {}}]}')] * 3
    ended = await played(crew, *broken, EDIT)
    assert ended["state"] == "failed"
    assert text_of(crew) == "one\ntwo\nthree\n"
