"""A question at a page is the question of the editor, and takes the same answers, once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from steward.agents.question_told import question_told
from steward.permissions.question import Question
from tests.ledger.bank import ANN
from tests.places import execute
from tests.web.questions import EDIT, PLAN, QUESTION, Scene, anywhere, scene
from tests.web.sitting import digest_in, sitting, text_of

__all__ = ["anywhere", "scene"]


@pytest.mark.parametrize("question", [QUESTION, EDIT, PLAN], ids=["command", "edit", "plan"])
async def test_a_question_says_what_the_editor_says(scene: Scene, question: Question) -> None:
    id_ = await scene.put(question)
    (asked,) = await scene.window.pending(ANN)
    told = question_told(asked)
    async with sitting(scene.serving) as ann:
        shown = (await ann.ask("GET", f"/approvals/{id_}")).json()
        page = await ann.look(f"/approvals/{id_}")
    assert shown["line"]["title"] == told["title"]
    for same in (
        "markdown",
        "digest",
        "choices",
        "takes",
        "grant",
        "plan",
        "view",
        "hunks",
        "marks",
    ):
        assert shown[same] == told[same]
    assert digest_in(page) == told["digest"]
    choices: Any = told["choices"]
    for each in (told["title"], *(choice["title"] for choice in choices)):
        assert str(each) in text_of(page)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page
    assert "\u200b" not in page
    hidden = {"command": "⟨U+202E⟩", "edit": "⟨U+200B⟩", "plan": "⟨U+202E⟩"}[question.kind]
    assert hidden in page


async def test_a_yes_at_the_page_is_the_answer_that_the_window_waits_for(anywhere: Scene) -> None:
    id_ = await anywhere.put()
    waiting = asyncio.create_task(anywhere.window.ended(id_))
    async with sitting(anywhere.serving) as ann:
        digest = digest_in(await ann.look(f"/approvals/{id_}"))
        sent = await ann.press(f"/approvals/{id_}", {"digest": digest, "answer": "approve"})
        assert (sent.status_code, sent.headers["location"]) == (303, f"/approvals/{id_}")
        assert "You said yes" in text_of(await ann.look(f"/approvals/{id_}"))
    answer = await waiting
    assert answer.is_approval
    await anywhere.window.use(id_, QUESTION.digest())
    (row,) = execute(
        anywhere.place, f"SELECT channel, answered_by FROM approval WHERE id = '{id_}'"
    )
    assert row == ("page", "ann")


@pytest.mark.parametrize(
    ("question", "fields", "state", "reply"),
    [
        (QUESTION, {"answer": "reject", "reason": "too wide"}, "rejected", {"reason": "too wide"}),
        (QUESTION, {"answer": "for_run", "reason": "x"}, "approved", {"is_for_run": True}),
        (PLAN, {"answer": "step_by_step"}, "approved", {"is_step_by_step": True}),
    ],
    ids=["a reason", "for the run", "step by step"],
)
async def test_a_page_says_what_an_editor_can_say(
    scene: Scene, question: Question, fields: dict[str, str], state: str, reply: dict[str, Any]
) -> None:
    id_ = await scene.put(question)
    async with sitting(scene.serving) as ann:
        sent = await ann.press(f"/approvals/{id_}", {"digest": question.digest(), **fields})
    assert sent.status_code == 303, sent.text
    answer = await scene.answer(id_)
    assert answer.state == state
    for name, value in reply.items():
        assert getattr(answer.reply, name) == value


async def test_some_hunks_are_kept_and_the_rest_is_refused(scene: Scene) -> None:
    id_ = await scene.put(EDIT)
    draft: Any = EDIT.draft
    kept = draft["hunks"][0]["id"]
    fields = {"digest": EDIT.digest(), "answer": "part", "keep": [kept], "reason": "not the rest"}
    async with sitting(scene.serving) as ann:
        assert (await ann.press(f"/approvals/{id_}", fields)).status_code == 303
        page = text_of(await ann.look(f"/approvals/{id_}"))
    answer = await scene.answer(id_)
    assert answer.is_partial
    assert answer.reply.kept == (kept,)
    assert "1 of 3 hunks" in page


async def test_a_plan_is_refused_with_the_one_that_is_wanted(scene: Scene) -> None:
    id_ = await scene.put(PLAN)
    fields = {
        "digest": PLAN.digest(),
        "answer": "plan",
        "summary": "Only look",
        "step-1-keep": "yes",
        "step-1-title": "Look twice",
        "step-1-files": "a.py\r\nb.py",
        "new-title": "Search",
        "new-tool": "search",
    }
    async with sitting(scene.serving) as ann:
        sent = await ann.press(f"/approvals/{id_}", fields)
    assert sent.status_code == 303, sent.text
    answer = await scene.answer(id_)
    assert answer.state == "rejected"
    plan: Any = answer.reply.plan
    assert plan["summary"] == "Only look"
    assert [step["title"] for step in plan["steps"]] == ["Look twice", "Search"]
    assert plan["steps"][0]["files"] == ["a.py", "b.py"]


async def test_a_double_click_and_a_second_window_decide_nothing_twice(anywhere: Scene) -> None:
    id_ = await anywhere.put()
    yes = {"digest": QUESTION.digest(), "answer": "approve"}
    async with sitting(anywhere.serving) as ann, sitting(anywhere.serving) as again:
        both = await asyncio.gather(*(ann.press(f"/approvals/{id_}", yes) for _ in range(2)))
        assert {each.status_code for each in both} == {303}
        other = await again.press(f"/approvals/{id_}", {**yes, "answer": "reject"})
        assert other.status_code == 409
        assert "already approved" in text_of(other.text)
    assert (await anywhere.answer(id_)).is_approval
    taken = [each.action for each in await anywhere.serving.trail()]
    assert taken.count("approval.approved") == 1


async def test_what_ran_out_while_somebody_looked_at_it_is_no_yes(scene: Scene) -> None:
    id_ = await scene.put()
    async with sitting(scene.serving) as ann:
        digest = digest_in(await ann.look(f"/approvals/{id_}"))
        scene.serving.clock.advance(timedelta(minutes=31))
        sent = await ann.press(f"/approvals/{id_}", {"digest": digest, "answer": "approve"})
        assert sent.status_code == 409
        assert "time for an answer is over" in text_of(sent.text)
    assert (await scene.answer(id_)).state == "expired"


async def test_a_stale_page_leads_to_what_is_asked_now(scene: Scene) -> None:
    old = await scene.put()
    async with sitting(scene.serving) as ann:
        digest = digest_in(await ann.look(f"/approvals/{old}"))
        new = await scene.put(replace(QUESTION, body="Run `rm -rf /`, in the jail."))
        sent = await ann.press(f"/approvals/{old}", {"digest": digest, "answer": "approve"})
        assert sent.status_code == 409
        assert f'href="/approvals/{new}"' in sent.text
    assert (await scene.answer(new)).state == "pending"


async def test_open_questions_of_every_workspace_are_listed_page_by_page(anywhere: Scene) -> None:
    ids: list[str] = []
    for number in range(5):
        whose = replace(ANN, workspace=f"/work/{number % 2}")
        ids.append(await anywhere.put(replace(QUESTION, run_id=f"run-{number}"), whose))
        anywhere.serving.clock.advance(timedelta(seconds=number % 2))
    seen: list[str] = []
    after = ""
    async with sitting(anywhere.serving) as ann:
        while True:
            found = (await ann.ask("GET", f"/approvals?limit=2{after}")).json()
            seen += [each["id"] for each in found["items"]]
            if found["next"] is None:
                break
            after = f"&after={found['next']}"
        assert (await ann.ask("GET", "/approvals?after=nonsense")).status_code == 400
        await anywhere.window.withdraw(ANN, "run-0")
        ended = (await ann.ask("GET", "/approvals?shown=ended")).json()["items"]
        assert "waiting" in await ann.look("/approvals")
    assert sorted(seen) == sorted(ids)
    assert len(seen) == len(set(seen))
    assert [each["state"] for each in ended] == ["withdrawn"]
