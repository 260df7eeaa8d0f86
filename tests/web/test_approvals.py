"""A question at a page is the question of the editor, and only its person answers it, once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pytest

from demo.scripted_model import ScriptedModel
from steward.agents.question_told import question_told
from steward.core.principal import Principal
from steward.ledger.key import KEY_BYTES
from steward.permissions import people
from steward.permissions.approvals import Approvals
from steward.permissions.grants import Grants
from steward.permissions.question import Answer, Question
from steward.permissions.roles import Person
from steward.permissions.seal import approval_seal
from steward.permissions.tokens import Scope
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.shown import edit_question
from tests.ledger.bank import ANN
from tests.places import Place, execute
from tests.rooms import numbered
from tests.web.serving import Serving, open_serving
from tests.web.sitting import digest_in, sitting, text_of

QUESTION = Question(
    key="tool-0-0",
    kind="command",
    title="Run a command",
    body="Run `rm -rf build \N{RIGHT-TO-LEFT OVERRIDE}txt.exe`, in the jail.",
    operands={"argv": ["rm"]},
    run_id="run-1",
    takes=frozenset(("reason", "for_run")),
    grant="run_command on rm -rf build",
)
EDIT = edit_question(
    EditProposal(
        "run-1.edit",
        "run-1",
        "Mend two places",
        (
            FileChange(
                "shop/a.py", "one\n" + "same\n" * 9 + "two\n", "ONE\n" + "same\n" * 9 + "TWO\n"
            ),
            FileChange("Makefile", None, "all:\n\trm\u200b -rf /\n"),
        ),
    )
)
PLAN = replace(
    QUESTION,
    key="ask-plan",
    kind="plan",
    title="Plan",
    takes=frozenset(("reason", "edited_plan", "step_by_step")),
    grant="",
    draft={
        "summary": "Mend it",
        "steps": [
            {"title": "Look", "tool": "read_file", "detail": "", "files": [], "agents": []},
            {"title": "Edit", "tool": "edit_file", "detail": "", "files": ["a.py"], "agents": []},
        ],
        "questions": [],
    },
)


@dataclass(frozen=True)
class Scene:
    """A server, and a window elsewhere whose questions wait in the same database."""

    serving: Serving
    window: Approvals
    place: Place

    async def put(self, question: Question = QUESTION, whose: Principal = ANN) -> str:
        return await self.window.open(whose, question)

    async def answer(self, id_: str) -> Answer:
        return await self.window.look(id_)


@pytest.fixture
async def scene(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Scene]:
    async with open_scene(tmp_path, tmp_path / "steward.db", scripted_model) as opened:
        yield opened


@pytest.fixture
async def anywhere(
    tmp_path: Path, place: Place, scripted_model: ScriptedModel
) -> AsyncGenerator[Scene]:
    """The same on both databases."""
    async with open_scene(tmp_path, place, scripted_model) as opened:
        yield opened


@asynccontextmanager
async def open_scene(
    tmp_path: Path, place: Place, scripted_model: ScriptedModel
) -> AsyncGenerator[Scene]:
    async with open_serving(tmp_path, scripted_model, place=place) as serving:
        database, clock = serving.desk.database, serving.clock
        for user, role in (("ann", "owner"), ("bob", "developer")):
            person = Person(user, role)  # pyright: ignore[reportArgumentType]  Both are roles.
            await database.run(lambda s, p=person: people.add(s, ANN, p, clock.now()))
        new_id = numbered("window")
        seal = approval_seal(tmp_path, lambda: "5e" * KEY_BYTES)
        within = timedelta(minutes=30)
        grants = Grants(database, clock, new_id, seal, "window", within)
        events = serving.desk.events
        window = Approvals(database, clock, new_id, events, within, seal, grants)
        yield Scene(serving, window, place)


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


async def test_an_answer_to_what_was_not_shown_is_none(scene: Scene) -> None:
    id_ = await scene.put()
    async with sitting(scene.serving) as ann:
        for digest in ("", "0" * 64, replace(QUESTION, title="Another").digest()):
            body = {"digest": digest, "choice": "approve"}
            asked = await ann.ask("POST", f"/approvals/{id_}/answer", body)
            pressed = await ann.press(f"/approvals/{id_}", {"digest": digest, "answer": "approve"})
            assert asked.status_code == pressed.status_code == 409
            assert asked.json()["error"]["code"] == "steward.stale"
    assert (await scene.answer(id_)).state == "pending"


async def test_others_neither_see_nor_answer_a_question(scene: Scene) -> None:
    id_ = await scene.put()
    yes = {"digest": QUESTION.digest(), "choice": "approve"}
    async with sitting(scene.serving, "bob") as bob:
        assert "Run a command" not in await bob.look("/approvals?shown=all")
        await bob.look(f"/approvals/{id_}", 404)
        assert (await bob.ask("GET", f"/approvals/{id_}")).status_code == 404
        assert (await bob.ask("POST", f"/approvals/{id_}/answer", yes)).status_code == 404
        pressed = await bob.press(
            f"/approvals/{id_}", {"digest": yes["digest"], "answer": "approve"}
        )
        assert pressed.status_code == 404
    assert (await scene.answer(id_)).state == "pending"
    bobs = await scene.put(replace(QUESTION, run_id="run-2"), replace(ANN, user="bob"))
    async with sitting(scene.serving) as owner:
        assert (await owner.ask("GET", f"/approvals/{bobs}")).status_code == 404
        assert (await owner.ask("POST", f"/approvals/{bobs}/answer", yes)).status_code == 404


_SCOPES: tuple[Scope, ...] = get_args(Scope)
_TOKENS = [
    frozenset(chosen)
    for size in range(1, 1 + len(_SCOPES))
    for chosen in combinations(_SCOPES, size)
]


async def test_a_token_answers_nothing_whatever_it_is_for(scene: Scene) -> None:
    id_ = await scene.put()
    client = scene.serving.client
    body = {"digest": QUESTION.digest(), "choice": "approve"}
    fields = {"digest": QUESTION.digest(), "answer": "approve"}
    for scopes in _TOKENS:
        written, _ = await scene.serving.fresh_token(scopes=scopes)
        shown = {"Authorization": f"Bearer {written}"}
        asked = await client.post(f"/api/v1/approvals/{id_}/answer", json=body, headers=shown)
        pressed = await client.post(f"/approvals/{id_}", data=fields, headers=shown)
        assert asked.status_code == pressed.status_code == 403, (scopes, pressed.text)
    assert (await scene.answer(id_)).state == "pending"


async def test_a_session_that_a_token_opened_answers_nothing(scene: Scene) -> None:
    id_ = await scene.put()
    every: frozenset[Scope] = frozenset(_SCOPES)
    written, _ = await scene.serving.fresh_token(scopes=every)
    async with sitting(scene.serving) as ann:
        ann.client.cookies.clear()
        came = await ann.client.post("/sign-in", data={"token": written})
        assert came.status_code == 303
        page = await ann.look(f"/approvals/{id_}")
        assert 'name="digest"' not in page
        fields = {"digest": QUESTION.digest(), "answer": "approve"}
        await ann.look("/runs")
        assert (await ann.press(f"/approvals/{id_}", fields)).status_code == 403
        body = {"digest": QUESTION.digest(), "choice": "approve"}
        assert (await ann.ask("POST", f"/approvals/{id_}/answer", body)).status_code == 403
    assert (await scene.answer(id_)).state == "pending"


async def test_a_row_that_something_else_wrote_in_is_answered_by_nobody(anywhere: Scene) -> None:
    id_ = await anywhere.put()
    execute(anywhere.place, f"UPDATE approval SET body = 'Run `ls`.' WHERE id = '{id_}'")
    async with sitting(anywhere.serving) as ann:
        page = text_of(await ann.look(f"/approvals/{id_}"))
        assert "does not bear our seal" in page
        body = {"digest": QUESTION.digest(), "choice": "approve"}
        sent = await ann.ask("POST", f"/approvals/{id_}/answer", body)
    assert sent.status_code == 409
    assert (await anywhere.answer(id_)).state == "withdrawn"


async def test_an_answer_with_what_nobody_knows_is_refused(scene: Scene) -> None:
    id_ = await scene.put()
    wrong: list[dict[str, Any]] = [
        {"choice": "yes"},
        {"choice": "approve", "isForRun": True},
        {"choice": "approve", "is_for_run": "true"},
        {"choice": "approve", "kept": ["1"]},
        {"choice": "reject", "reason": "x" * 100_000},
    ]
    async with sitting(scene.serving) as ann:
        for each in wrong:
            body = {"digest": QUESTION.digest(), **each}
            sent = await ann.ask("POST", f"/approvals/{id_}/answer", body)
            assert sent.status_code == 400, each
    assert (await scene.answer(id_)).state == "pending"


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
