"""Runs at pages and in the API: what is told of them, to whom, and what may be asked of them."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from steward.agents.run import RunLog
from steward.agents.sent import Sent
from steward.agents.workflows.owner import Owner
from steward.core.principal import Principal
from steward.gateway.request import Message
from steward.permissions import people
from steward.permissions.denials import of_call
from steward.permissions.roles import Person
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.proposals import Proposals
from tests.agents.test_run import run
from tests.ledger.bank import ANN
from tests.places import Place, execute
from tests.web.serving import Serving, open_serving
from tests.web.sitting import sitting, text_of

BOB = replace(ANN, user="bob", workspace="/bobs")
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \N{RIGHT-TO-LEFT OVERRIDE}txt.exe"


@dataclass(frozen=True)
class Scene:
    """A server, and a window that writes down what its runs do."""

    serving: Serving
    log: RunLog
    window: Owner
    place: Place

    async def begin(self, run_id: str, principal: Principal = ANN, goal: str = "Mend it") -> None:
        await self.log.begin(replace(run(run_id, principal), goal=goal), self.window.name)

    async def end(self, run_id: str) -> None:
        await self.log.enter(run_id, "finished", "end", "Done.")


@pytest.fixture
async def scene(
    tmp_path: Path, place: Place, scripted_model: ScriptedModel
) -> AsyncGenerator[Scene]:
    async with open_serving(tmp_path, scripted_model, place=place) as serving:
        database, clock = serving.desk.database, serving.clock
        for person in (Person("ann", "owner"), Person("bob", "developer")):
            await database.run(lambda s, p=person: people.add(s, ANN, p, clock.now()))
        window = Owner(tmp_path / "executors", "window1")
        yield Scene(serving, RunLog(database, clock, serving.desk.events), window, place)
        await asyncio.to_thread(window.release)


async def test_runs_are_listed_by_what_is_asked_for_page_by_page(scene: Scene) -> None:
    for number in range(5):
        await scene.begin(f"run{number}")
        scene.serving.clock.advance(timedelta(hours=6 * (number % 2)))
    scene.serving.clock.advance(timedelta(hours=1))
    await scene.begin("bobs", BOB)
    await scene.end("run3")
    async with sitting(scene.serving) as ann, sitting(scene.serving, "bob") as bob:

        async def ids(query: str) -> list[str]:
            found = (await ann.ask("GET", f"/runs?{query}")).json()
            return [each["id"] for each in found["items"]]

        assert await ids("") == ["run4", "run3", "run2", "run1", "run0"]
        assert await ids("state=finished") == ["run3"]
        assert await ids("state=open&workspace=/work") == ["run4", "run2", "run1", "run0"]
        assert await ids("day=2026-11-21&agent=fix") == ["run4", "run3", "run2", "run1", "run0"]
        assert await ids("day=2026-11-20") == await ids("agent=none") == []
        assert await ids("whose=everybody&limit=1") == ["bobs"]
        assert await ids("user=bob") == ["bobs"]
        first = (await ann.ask("GET", "/runs?limit=2")).json()
        rest = (await ann.ask("GET", f"/runs?limit=9&after={first['next']}")).json()
        assert [each["id"] for each in rest["items"]] == ["run2", "run1", "run0"]
        assert (first["next"] is None, rest["next"]) == (False, None)
        for wrong in ("limit=0", "after=x", "state=odd", "day=soon", "colour=red"):
            assert (await ann.ask("GET", f"/runs?{wrong}")).status_code == 400, wrong
        for others in ("whose=everybody", "user=ann"):
            assert (await bob.ask("GET", f"/runs?{others}")).status_code == 403
        assert (await bob.ask("GET", "/runs/run0")).status_code == 404
        assert "run0" in await ann.look("/runs?state=&day=&whose=own")


async def test_of_others_runs_an_owner_sees_what_figures_say_and_no_content(scene: Scene) -> None:
    await scene.begin("bobs", BOB)
    database, clock = scene.serving.desk.database, scene.serving.clock
    change = FileChange("a.py", "old\n", "secret plan\n")
    proposal = EditProposal("bobs.edit", "bobs", "Change a.py", (change,))
    await Proposals(database, clock).keep(BOB, proposal)
    specification = run("bobs", BOB)
    await Sent(database, clock).keep(specification, "think-0", "m", (Message("user", "hello"),), ())
    await scene.log.record(specification, "think-0", "Thought", "fine", ok=True)
    async with sitting(scene.serving) as ann, sitting(scene.serving, "bob") as bob:
        own, seen = await bob.look("/runs/bobs"), await ann.look("/runs/bobs")
        sent = await bob.look("/runs/bobs/sent")
        refused = await ann.ask("GET", "/runs/bobs/sent")
        (step,) = (await ann.ask("GET", "/runs/bobs/steps?after=0")).json()["items"]
        later = (await ann.ask("GET", f"/runs/bobs/steps?after={step['number']}")).json()
    assert "secret plan" in own
    assert "hello" in sent
    assert "secret plan" not in seen
    assert "a.py" in seen
    assert refused.status_code == 403
    assert (step["name"], later["items"]) == ("think-0", [])


async def test_a_run_is_ended_by_whoever_works_on_it_and_here_where_nobody_does(
    scene: Scene,
) -> None:
    await asyncio.to_thread(scene.window.claim)
    await scene.begin("run1")
    async with sitting(scene.serving) as ann, sitting(scene.serving, "bob") as bob:
        assert (await bob.press("/runs/run1", {"do": "cancel"})).status_code == 404
        asked = (await ann.ask("POST", "/runs/run1/cancel")).json()
        assert asked == {"state": "planning", "cancelled": "asked"}
        assert "(cancel asked)" in text_of(await ann.look("/runs"))
        await asyncio.to_thread(scene.window.release)
        elsewhere = isinstance(scene.place, str)
        # On a shared database nobody here can tell whether another machine works on it.
        expected = "asked" if elsewhere else "now"
        assert (await ann.ask("POST", "/runs/run1/cancel")).json()["cancelled"] == expected
        await scene.log.enter("run1", "cancelled", "end", "Cancelled.")
        assert (await ann.ask("POST", "/runs/run1/cancel")).json()["cancelled"] == "already"


async def test_a_run_goes_on_with_raised_limits_only_for_its_own_person(scene: Scene) -> None:
    await scene.begin("bobs", BOB)
    raised = {"cost_usd": "2.50", "tokens": "1,000", "minutes": "", "do": "resume"}
    async with sitting(scene.serving) as ann, sitting(scene.serving, "bob") as bob:
        early = await bob.ask("POST", "/runs/bobs/resume", {})
        assert early.status_code == 400
        await scene.log.enter("bobs", "failed", "end", "It broke.")
        assert (await ann.ask("POST", "/runs/bobs/resume", {})).status_code == 403
        for wrong in ({"tokens": 0}, {"tokens": "many"}, {"dollars": 1}):
            assert (await bob.ask("POST", "/runs/bobs/resume", wrong)).status_code == 400
        assert (await bob.press("/runs/bobs", raised)).status_code == 303
        page = text_of(await bob.look("/runs/bobs"))
    assert "It goes on in the window that has /bobs open" in page
    assert "asked and not done yet: resume" in page
    ((kept,),) = execute(scene.place, "SELECT raised FROM run WHERE id = 'bobs'")
    assert '"cost_nano_usd":2500000000' in kept
    assert '"tokens":1000' in kept


async def test_an_undo_is_a_wish_that_its_window_takes_up_or_that_is_dropped(scene: Scene) -> None:
    await scene.begin("run1")
    database, clock = scene.serving.desk.database, scene.serving.clock
    proposals = Proposals(database, clock)
    change = FileChange("a.py", "old\n", "new\n")
    await proposals.keep(ANN, EditProposal("run1.edit", "run1", "Change a.py", (change,)))
    execute(
        scene.place,
        "UPDATE proposal SET state = 'applied', ended_at = created_at WHERE id = 'run1.edit'",
    )
    await scene.end("run1")
    async with sitting(scene.serving) as ann, sitting(scene.serving, "bob") as bob:
        assert (await bob.ask("POST", "/runs/run1/undo", {})).status_code == 404
        assert (await ann.ask("POST", "/runs/run1/undo", {"step": "none"})).status_code == 404
        assert (await ann.press("/runs/run1", {"do": "undo"})).status_code == 303
        assert "waits for a window that has the folder open" in text_of(
            await ann.look("/runs/run1")
        )
        (wish,) = (await ann.ask("GET", "/runs/run1")).json()["undo_asked"]
        address = f"/runs/run1/undo/{wish['id']}"
        assert (await bob.ask("DELETE", address)).status_code == 404
        assert (await ann.ask("DELETE", address)).status_code == 204
        assert (await ann.ask("DELETE", address)).status_code == 409
        (ended,) = (await ann.ask("GET", "/runs/run1")).json()["undo_asked"]
    assert (wish["state"], ended["state"]) == ("asked", "ended")


async def test_whatever_a_run_says_is_shown_as_text(scene: Scene) -> None:
    await scene.begin("run1", goal=HOSTILE)
    await scene.log.record(run("run1"), "note-0", HOSTILE, HOSTILE, ok=False)
    async with sitting(scene.serving) as ann:
        for path in ("/runs", "/runs/run1"):
            page = await ann.look(path)
            assert "<script>alert" not in page
            assert "{{ 7*7 }}" in page
            assert "⟨U+202E⟩" in page
            assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page


async def test_a_token_for_reading_asks_nothing_of_a_run(scene: Scene) -> None:
    await scene.begin("run1")
    written, _ = await scene.serving.fresh_token(scopes=frozenset(["reports"]))
    shown = {"Authorization": f"Bearer {written}"}
    client = scene.serving.client
    for path in ("cancel", "resume", "revoke", "undo"):
        answer = await client.post(f"/api/v1/runs/run1/{path}", json={}, headers=shown)
        assert answer.status_code == 403, path
    assert (await client.get("/api/v1/runs/run1", headers=shown)).status_code == 200


async def test_a_refusal_is_taken_back_by_whoever_refused_and_read_by_them_alone(
    scene: Scene,
) -> None:
    await scene.begin("bobs", BOB)
    denials = scene.serving.rooms.approvals.grants.denials
    secret = of_call("edit_file", {"text": "the plan for the launch"})
    await denials.add(BOB, "bobs", secret, "question1")
    (denial,) = await denials.list(BOB, "bobs")
    taken, body = "/api/v1/runs/bobs/revoke", {"grant": denial.denial_id}
    token, _ = await scene.serving.fresh_token("bob", frozenset(("reports", "manage")))
    shown = {"Authorization": f"Bearer {token}"}
    async with sitting(scene.serving) as ann, sitting(scene.serving, "bob") as bob:
        assert "the launch" in await bob.look("/runs/bobs")
        assert "the launch" not in await ann.look("/runs/bobs")
        by_token = await scene.serving.client.post(taken, json=body, headers=shown)
        by_owner = await ann.ask("POST", "/runs/bobs/revoke", body)
        assert (by_token.status_code, by_owner.status_code) == (403, 403)
        assert (await bob.ask("POST", "/runs/bobs/revoke", body)).json() == {"count": 1}
