"""Agents at pages and in the API: who sees which, who changes them, and what trying one costs."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from demo.scripted_model import ScriptedModel
from steward.permissions import people
from steward.permissions.roles import Person
from tests.ledger.bank import ANN
from tests.web.serving import Serving, open_serving
from tests.web.sitting import Sitting, sitting, text_of

PAINT = """---
name: Painter <b>bold</b>
description: Paints what is there.
tools: [read_file, edit_file]
allow: [read_file(src/**)]
caps: {cost_usd: 0.50}
---

You paint.
"""
FOR_TEAM = PAINT.replace("caps:", "team: web\ncaps:").replace("You paint.", "You keep a secret.")


@pytest.fixture
async def open_one(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Serving]:
    """A server of an organisation in which each role is somebody's."""
    async with open_serving(tmp_path, scripted_model) as serving:
        there = (
            Person("ann", "owner"),
            Person("bob", "developer", "web"),
            Person("eve", "developer", "api"),
            Person("vic", "viewer", "web"),
        )
        for person in there:
            await serving.desk.database.run(
                lambda s, p=person: people.add(s, ANN, p, serving.clock.now())
            )
        yield serving


async def keep(person: Sitting, text: str = PAINT, id_: str = "paint") -> Any:
    made = await person.ask("POST", "/agents", {"id": id_, "text": text})
    assert made.status_code == 201, made.text
    return made.json()


async def test_an_agent_is_made_changed_and_deleted_as_the_role_allows(open_one: Serving) -> None:
    async with (
        sitting(open_one, "bob") as bob,
        sitting(open_one, "eve") as eve,
        sitting(open_one, "vic") as vic,
    ):
        made = await keep(bob)
        assert made["fields"]["tools"] == ["read_file", "edit_file"]
        assert made["line"]["created_by"] == "bob"
        for other in (eve, vic):
            put = await other.ask("PUT", "/agents/paint", {"text": PAINT})
            assert put.status_code == 403
            assert (await other.ask("DELETE", "/agents/paint")).status_code == 403
            assert (await other.ask("GET", "/agents/paint")).json()["why_not_change"]
        made_by_viewer = await vic.ask("POST", "/agents", {"id": "mine", "text": PAINT})
        assert made_by_viewer.status_code == 403
        changed = PAINT.replace("You paint.", "You paint twice.")
        put = await bob.ask("PUT", "/agents/paint", {"text": changed, "was": made["sha256"]})
        assert put.status_code == 200, put.text
        stale = await bob.ask("PUT", "/agents/paint", {"text": PAINT, "was": made["sha256"]})
        assert stale.status_code == 409
        page = text_of(await bob.look("/agents/paint"))
        assert "You paint twice." in page
        assert "Painter <b>bold</b>" in page
        assert [
            e["action"] for e in (await bob.ask("GET", "/agents/paint")).json()["versions"]
        ] == [
            "changed",
            "created",
        ]
        assert (await bob.press("/agents/paint", {"do": "delete"})).status_code == 303
        assert (await bob.ask("GET", "/agents/paint")).status_code == 404
    actions = [each.action for each in await open_one.trail()]
    assert actions.count("agent.refused") == 5


async def test_what_is_for_a_team_is_read_by_that_team_alone(open_one: Serving) -> None:
    async with (
        sitting(open_one, "bob") as bob,
        sitting(open_one, "eve") as eve,
        sitting(open_one) as owner,
    ):
        await keep(bob, FOR_TEAM)
        assert (await eve.ask("GET", "/agents/paint")).status_code == 404
        assert "paint" not in (await eve.ask("GET", "/agents")).text
        told = await owner.ask("GET", "/agents/paint")
        page = await owner.look("/agents/paint")
        assert told.json()["line"]["is_private"]
        for text in (told.text, page, (await owner.ask("GET", "/agents")).text):
            assert "You keep a secret." not in text
            assert "Paints what is there." not in text
        tried = await owner.ask("POST", "/agents/paint/test", {"goal": "Tell me"})
        assert tried.status_code == 400
        assert (await owner.ask("DELETE", "/agents/paint")).status_code == 204


async def test_a_form_writes_the_file_that_says_the_same(open_one: Serving) -> None:
    async with sitting(open_one, "bob") as bob:
        made = await keep(bob)
        fields = {
            "do": "fields",
            "was": made["sha256"],
            "name": 'Painter: "the # second"',
            "description": "Paints: [all]",
            "tools": "read_file\r\nsearch",
            "mode": "step",
            "deny": "read_file(legal/**)",
            "instructions": "yes",
            "cost_usd": "1.25",
            "minutes": "2.5",
            "persona": "You paint.\r\n---\r\nAlways.",
        }
        kept = await bob.press("/agents/paint", fields)
        assert kept.status_code == 303, kept.text
        agent = (await bob.ask("GET", "/agents/paint")).json()
        wrong = await bob.press("/agents/paint", {"do": "text", "text": "no agent", "was": "x"})
        checked = (await bob.ask("POST", "/agents/check", {"text": "no agent"})).json()
    said = agent["fields"]
    assert (said["name"], said["description"]) == ('Painter: "the # second"', "Paints: [all]")
    assert (said["tools"], said["mode"]) == (["read_file", "search"], "step")
    assert said["deny"] == ["read_file(legal/**)"]
    assert (said["caps"]["cost_usd"], said["caps"]["minutes"]) == ("1.25", "2.5")
    assert agent["persona"] == "You paint.\n---\nAlways."
    assert wrong.status_code in (400, 409)
    assert "no agent" in wrong.text, "what was written is not lost"
    assert checked["problems"][0]["is_error"]


async def test_trying_one_asks_for_a_plan_and_books_it_on_whoever_tries(open_one: Serving) -> None:
    async with sitting(open_one, "bob") as bob, sitting(open_one, "vic") as vic:
        before = (await bob.ask("GET", "/agents/fix")).json()
        assert before["plan_cost_most_nano_usd"] > 0
        assert {each["tool"] for each in before["powers"]} >= {"read_file", "edit_file"}
        await bob.look("/agents/fix")
        page = await bob.press("/agents/fix", {"do": "try", "goal": "Mend the delivery"})
        assert page.status_code == 200, page.text
        assert "Nothing of it was done" in text_of(page.text)
        assert len(open_one.model.exchanges) == 1
        refused = await vic.ask("POST", "/agents/fix/test", {"goal": "Mend it"})
        assert refused.status_code == 403
        assert len(open_one.model.exchanges) == 1
        usage = (await bob.ask("GET", "/usage?by=user")).json()
    (line,) = usage["lines"]
    assert line["name"] == "bob"
    assert 0 < line["cost_nano_usd"] <= before["plan_cost_most_nano_usd"]
