"""Editors that say odd things: no folder worth the name, half characters, answers that are none."""

import asyncio
import itertools
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from demo.replies import Reply, always
from demo.scripted_model import ScriptedModel
from tests.client import ASKING, ENDED, PLAIN
from tests.environment import steward_environment
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import EDIT, after_plan, everything_in
from tests.fuzz.peer import Peer, open_peer
from tests.person import DEADLINE_S, Person, leave_open

Json = Any


@pytest.mark.parametrize("where", [".", "..", "link"])
async def test_a_folder_that_holds_the_home_folder_is_no_workspace(
    where: str, open_window: OpenWindow, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    home = tmp_path / "people" / "ada"
    home.mkdir(parents=True)
    (tmp_path / "link").symlink_to(home)
    folder = tmp_path / "link" if where == "link" else (home / where).resolve()
    scripted_model.script = always(Reply(pieces=("return 1",)))
    window = await open_window(ASKING, folder=folder, HOME=str(home))
    with pytest.raises(JsonRpcException, match="Open a folder first"):
        await window.run_agent()
    (told,) = window.client.messages
    assert "is not taken as a workspace" in told.message
    if where == "link":
        return  # Behind a link no model may look, where nobody has said what belongs to the work.
    # Ghost text works as without a folder.
    (folder / "a.py").write_text("def one():\n    ")
    assert await window.ghost_text(window.open("a.py")) == "return 1"
    (folder / ".env").write_text("KEY=")
    assert await window.ghost_text(window.open(".env")) == ""


async def test_of_a_thousand_folders_the_first_that_can_be_one_is_the_workspace(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    named = ["file:///", "untitled:x", "file://[", "", workspace.as_uri()]
    named += [(tmp_path / f"folder {number}").as_uri() for number in range(1_000)]
    environment = steward_environment(tmp_path / "data", scripted_model.url)
    async with open_peer(workspace, environment, lambda _asked: []) as peer:
        folders = [{"uri": uri, "name": "x"} for uri in named]
        params = {"rootUri": "file://[", "workspaceFolders": folders, "capabilities": ASKING}
        await peer.ask(1, "initialize", {"processId": None, **params})
        # It never says `initialized`, and is served all the same.
        assert await command(peer, 2, "agent.run", agent="fix", goal="Fix the test.")
        (run,) = await command(peer, 3, "runs")
        assert run["goal"] == "Fix the test."


async def test_half_a_character_is_stored_shown_and_sent_as_a_replacement(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan(EDIT)
    person = Person()
    window = await open_window(ASKING, person=person)
    run = await window.until_ended(await window.run_agent("Mend \ud800 the test\udfff."))
    assert run["state"] == "finished", run
    assert run["goal"] == "Mend \ufffd the test\ufffd."
    assert "Mend \ufffd the" in everything_in(scripted_model.exchanges[0].body)
    with pytest.raises(JsonRpcException, match="There is no run"):
        await window.command("steward.run.show", runId="\ud800")
    assert (await window.command("steward.usage", runId="\udfff"))["entries"] == []
    assert (await books.verdict()).is_intact


ANSWERS: list[Json] = [
    {"result": 5},
    {"result": {"choice": "approve"}},
    {"result": {"choice": ["approve"], "digest": {}}},
    {"result": {"choice": "approve", "digest": "\ud800"}},
    {"error": [5]},
    {},
]
"""What no person said."""


@pytest.mark.parametrize("client", [ASKING, PLAIN], ids=["ours", "plain"])
async def test_a_question_outlives_every_answer_that_is_none(
    client: Json, workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    """Each is given in turn, and the question is shown again; a person's own answer then counts."""
    asked: list[Json] = []
    chance = Random(1)
    numbers = itertools.count()

    def reply(request: Json) -> list[Json]:
        if request["method"] == "window/workDoneProgress/create":
            return [] if client is ASKING else [{"id": request["id"], **chance.choice(ANSWERS)}]
        asked.append(request)
        wrong = {"id": request["id"], **ANSWERS[(len(asked) - 1) % len(ANSWERS)]}
        return [wrong, wrong]

    scripted_model.script = after_plan()
    environment = steward_environment(tmp_path / "data", scripted_model.url)
    async with open_peer(workspace, environment, reply) as peer:
        await peer.ask(1, "initialize", hello(workspace, client))
        await command(peer, 2, "agent.run", agent="fix", goal="Fix the test.")
        (run,) = await command(peer, 5, "runs")
        # The question about the folder stands as firmly as the one about the plan.
        for kind in ("trust", "plan"):
            asked.clear()
            async with asyncio.timeout(DEADLINE_S):
                for turn in range(len(ANSWERS)):
                    while len(asked) <= turn:
                        shown = await command(peer, f"again {next(numbers)}", "questions.show")
                        assert shown["openQuestions"] <= 1
            (question,) = await command(peer, f"open {next(numbers)}", "questions")
            assert question["kind"] == kind
            answer = {"id": question["id"], "digest": question["digest"], "choice": "approve"}
            answered = await command(peer, f"answer {next(numbers)}", "answer", **answer)
            assert answered == {"state": "approved"}
        async with asyncio.timeout(DEADLINE_S):
            while run["state"] not in ENDED:
                (run,) = await command(peer, f"look {next(numbers)}", "runs")
        assert run["state"] == "finished"
        # The person hears of it, though no progress could be shown.
        told = "window/showMessage"
        await peer.until(lambda: peer.notified[told] > 0, "the run's end was not told")


async def test_nobody_answers_for_somebody_else(open_window: OpenWindow, tmp_path: Path) -> None:
    person = Person(leave_open)
    window = await open_window(ASKING, person=person)
    run_id = await window.run_agent()
    shown = await person.sees("plan")
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    other = await open_window(ASKING, folder=other_folder)
    answer = {"id": shown.id, "digest": shown.digest, "choice": "approve"}
    with pytest.raises(JsonRpcException, match="was put to"):
        await other.command("steward.answer", **answer)
    for name in ("run.show", "run.cancel"):
        with pytest.raises(JsonRpcException, match="There is no run"):
            await other.command(f"steward.{name}", runId=run_id)
    for arguments in (
        [{"id": shown.id}],
        [answer, answer],
        [[answer]],
        ["approve"],
        [{**answer, "digest": 5}],
    ):
        with pytest.raises(JsonRpcException):
            await window.execute("steward.answer", arguments)
    assert await other.command("steward.questions") == []
    shown.answer("reject")
    assert (await window.until_ended(run_id))["state"] == "cancelled"


def hello(workspace: Path, abilities: Json) -> Json:
    """`initialize` for a folder."""
    folders = [{"uri": workspace.as_uri(), "name": "shop"}]
    return {
        "processId": None,
        "rootUri": None,
        "capabilities": abilities,
        "workspaceFolders": folders,
    }


async def command(peer: Peer, id_: int | str, name: str, **arguments: Json) -> Json:
    """The result of one of our commands."""
    params = {"command": f"steward.{name}", "arguments": [arguments] if arguments else []}
    answer = await peer.ask(id_, types.WORKSPACE_EXECUTE_COMMAND, params)
    assert "result" in answer, answer
    return answer["result"]
