"""Nobody answers a question but its own person, at a page of theirs, and what they were shown."""

import asyncio
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

from steward.permissions.tokens import Scope
from tests.jailed import PYTHON, run_in_jail, working_jail
from tests.ledger.bank import ANN
from tests.places import execute
from tests.web.questions import QUESTION, Scene, anywhere, scene
from tests.web.sitting import sitting, text_of

__all__ = ["anywhere", "scene"]


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


_ATTACK = """
import json, sys, urllib.request
body = json.dumps({"digest": sys.argv[3], "choice": "approve"}).encode()
headers = {"Authorization": f"Bearer {sys.argv[2]}", "Content-Type": "application/json"}
try:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    answer = opener.open(urllib.request.Request(sys.argv[1], body, headers), timeout=5)
    print("reached", answer.status)
except urllib.error.HTTPError as error:
    print("reached", error.code)
except OSError as error:
    print("not reached", error)
"""


async def test_a_command_of_an_agent_does_not_even_reach_the_page(
    scene: Scene, tmp_path: Path
) -> None:
    await working_jail()
    id_ = await scene.put()
    written, _ = await scene.serving.fresh_token(scopes=frozenset(_SCOPES))
    url = f"http://127.0.0.1:{scene.serving.port}/api/v1/approvals/{id_}/answer"
    (workspace := tmp_path / "jailed").mkdir()
    words = ("-c", _ATTACK, url, written, QUESTION.digest())
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE
    )
    outside, _ = await process.communicate()
    assert outside.decode().split() == ["reached", "403"], "outside of the jail it is refused"
    outcome = await run_in_jail(workspace, PYTHON, *words)
    assert "not reached" in outcome.output, outcome
    assert (await scene.answer(id_)).state == "pending"
