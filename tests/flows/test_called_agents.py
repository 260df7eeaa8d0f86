"""An agent calls another in a real window: it survives a kill, and a no holds for both."""

import json
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from demo.replies import JsonObject, Reply, call, say
from demo.script import RIGHT, SOURCE
from demo.scripted_model import ScriptedModel
from tests.agents.definitions.written import written
from tests.client import ASKING, Window
from tests.flows.books import Books, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import EDIT, messages_of, results_in, task_of
from tests.jailed import working_jail
from tests.person import Choice, Person, Shown

pytestmark = pytest.mark.timeout(120)

TOOLS = "[read_file, edit_file, run_command]"
TOUCH = call("run_command", argv=["touch", "mark"])
ASK = call("ask_agent", agent="helper", task="Correct the delivery.")
SAID: dict[str, list[Reply]] = {
    "lead": [TOUCH, ASK, say("All is well.")],
    "helper": [TOUCH, EDIT, say("I corrected it.")],
}
PLAN = {
    "summary": "Have it corrected.",
    "steps": [
        {"title": "Mark it", "tool": "run_command"},
        {"title": "Correct it", "tool": "edit_file"},
        {"title": "Have it done", "tool": "ask_agent", "agents": ["helper"]},
    ],
}


def script(request: JsonObject) -> Reply:
    """Follows from the request alone, so a run that is played again is answered the same way."""
    if task_of(request) == "plan":
        return say(json.dumps(PLAN))
    first, *rest = messages_of(request)
    who = "helper" if "You are the helper." in str(first["content"]) else "lead"
    taken = sum(message["role"] == "assistant" for message in rest)
    return SAID[who][taken]


def no_command(shown: Shown) -> Choice | None:
    """No to each command; edits stand; yes to the rest."""
    return {"command": "reject", "edit": None}.get(shown.kind, "approve")  # pyright: ignore[reportReturnType]


@contextmanager
def journal_held(books: Books) -> Generator[None]:
    """While inside, the engine can write nothing to its journal: steps happen unrecorded."""
    with closing(sqlite3.connect(books.folder / "engine.db", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        yield
        held.execute("ROLLBACK")


@pytest.fixture
async def lead(workspace: Path, scripted_model: ScriptedModel) -> None:
    """A folder with an agent that may call another."""
    await working_jail()
    folder = workspace / ".steward" / "agents"
    folder.mkdir(parents=True)
    head = written("agents: [helper]", name="Lead", tools=TOOLS, persona="You are the lead.")
    (folder / "lead.md").write_text(head)
    (workspace / "AGENTS.md").write_text("Spell as the British do.")
    helper = written(name="Helper", tools=TOOLS, persona="You are the helper.")
    (folder / "helper.md").write_text(helper)
    scripted_model.script = script


async def start(window: Window) -> str:
    assert await window.command("steward.workspace.trust") == {"trusted": True}
    started = await window.command("steward.agent.run", agent="lead", goal="Make it right.")
    return str(started["runId"])


@pytest.mark.usefixtures("lead")
async def test_a_kill_inside_of_a_called_agent_loses_and_repeats_nothing(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    first = await open_window(ASKING, person=Person(no_command))
    run_id = await start(first)
    edit = await first.person.sees("edit")
    # Who edits a definition now changes no run that has begun.
    (workspace / ".steward" / "agents" / "helper.md").write_text("gone")
    with journal_held(books):
        edit.answer("approve")
        await books.until(lambda books: "tool-1-0/land-1-0" in books.steps())
        await first.kill()
    assert "tool-1-0/land-1-0" not in books.journaled()

    second = await open_window(ASKING, person=Person(no_command))
    run = await second.until_ended(run_id)
    assert (run["state"], run["message"]) == ("finished", "All is well.")
    assert RIGHT in repository(workspace).text
    assert len(first.edits) + len(second.edits) == 1
    assert sorted(set(books.journaled())) == sorted(books.journaled())
    assert [row["state"] for row in books.proposals()] == ["applied"]
    # The command was refused to the one agent, and nobody was asked for the other.
    assert [shown.kind for shown in (*first.person.shown, *second.person.shown)] == [
        *("plan", "command", "edit")
    ]
    helper = [each for each in scripted_model.exchanges if "the helper." in str(each.messages[0])]
    assert "you refused this at" in results_in(helper[-1].body)[0]
    assert "Spell as the British do." in str(helper[0].messages)
    assert not (workspace / "mark").exists()
    await _is_shown_nested(second, run_id, books)
    text = (workspace / SOURCE).read_text()
    line = text[: text.index(RIGHT)].count("\n")
    uri = second.open(SOURCE).uri
    (cause,) = (await second.command("steward.why", uri=uri, line=line))["causes"]
    assert (cause["step"], cause["think"]) == ("tool-1-0/tool-1-0", "tool-1-0/think-1")
    assert cause["stepCostNanoUsd"] > 0
    assert (await books.verdict()).is_intact


async def _is_shown_nested(window: Window, run_id: str, books: Books) -> None:
    shown = (await window.command("steward.run.show", runId=run_id))["markdown"]
    assert "| ↳ tool-1-0/think-0 |" in shown
    assert "| ↳ tool-1-0/answer | Helper: Answered | I corrected it. |" in shown
    sent = await window.command("steward.run.sent", runId=run_id, step="tool-1-0/think-0")
    assert "Correct the delivery." in sent["markdown"]
    booked = [row["agent"] for row in books.reservations("agent") if row["run_id"] == run_id]
    assert (booked.count("lead"), booked.count("helper")) == (3, 3)
    assert await window.command("steward.run.grants", runId=run_id) == []
    (denial,) = await window.command("steward.run.denials", runId=run_id)
    assert (denial["tool"], denial["subject"], denial["isOver"]) == (
        *("run_command", "touch mark", False),
    )
    taken = await window.command("steward.run.revoke", runId=run_id, grantId=denial["id"])
    assert taken == {"revoked": 1}
    (denial,) = await window.command("steward.run.denials", runId=run_id)
    assert denial["isOver"]


@pytest.mark.usefixtures("lead")
async def test_a_run_is_cancelled_inside_of_a_called_agent(
    open_window: OpenWindow, workspace: Path, books: Books
) -> None:
    window = await open_window(ASKING, person=Person(no_command))
    before = repository(workspace)
    run_id = await start(window)
    edit = await window.person.sees("edit")
    assert await window.command("steward.run.cancel", runId=run_id) == {"state": "cancelled"}
    while edit.id not in window.closed:
        await window.until_news(window.news)
    assert repository(workspace) == before
    # What was refused in this session no agent that another run calls asks again.
    second = await start(window)
    again = await window.person.sees("edit", 2)
    assert [shown.kind for shown in window.person.shown].count("command") == 2
    again.answer("reject")
    run = await window.until_ended(second)
    assert run["state"] == "finished"
    assert books.actions("denial.").count("denial.given") == 3
