"""What people complain about in other agents, played against the whole product.

`docs/explanation/complaints.md` lists them all; those that are shown elsewhere are not played here.
"""

import json
from pathlib import Path

import pytest

from demo.replies import JsonObject, Refuse, Reply, ToolCall, always, call, say
from demo.scripted_model import ScriptedModel
from steward.context.tokens import count
from tests.attacks.attacker import trust
from tests.client import ASKING
from tests.flows.books import Books, repository
from tests.flows.conftest import OpenWindow, books, data_folder, open_window
from tests.flows.headless import EVERYTHING, Shell, policy_text, shell, write_policy
from tests.flows.scripts import (
    COMMIT,
    EDIT,
    after_plan,
    everything_in,
    results_in,
    task_of,
)
from tests.jailed import SYSTEM_PYTHON, new_marker, processes, working_jail
from tests.person import Choice, Person, Shown
from tests.template import up_to_date

pytestmark = pytest.mark.timeout(240)

PROMPT_TOKENS_MAX = 2_500
REPEATS_MAX = 5
KEY = "kestrel-" + "9b41d7c2"
FILE = "shop/rates.py"
BEFORE = b"low = 1\r\nmid = 2\r\nhigh = 3\r\ntop = 4\r\nend = 5"
THEIRS = b"# Mine, and not to be lost.\r\n"


__all__ = ["books", "data_folder", "open_window"]


@pytest.fixture
def job(workspace: Path, data_folder: Path, tmp_path: Path, scripted_model: ScriptedModel) -> Shell:
    up_to_date(data_folder / "steward.db")
    (tmp_path / "home").mkdir()
    return shell(workspace, data_folder, scripted_model.url, tmp_path / "home")


@pytest.fixture
def policy(workspace: Path, tmp_path: Path) -> Path:
    """An administrator's, that allows more than any person would."""
    return write_policy(tmp_path, policy_text(workspace, "trust = true" + EVERYTHING))


async def test_a_run_that_only_reads_changes_nothing_and_one_that_repeats_itself_ends(
    job: Shell, policy: Path, workspace: Path, scripted_model: ScriptedModel
) -> None:
    changes = Reply(tool_calls=(*EDIT.tool_calls, *COMMIT.tool_calls))
    scripted_model.script = after_plan(changes, *[call("search", query="delivery")] * 200)
    before = repository(workspace)
    ended = await job.fix("--mode", "analysis_only", policy=policy)
    assert (ended.code, ended.result["state"]) != (0, "finished")
    assert repository(workspace) == before
    assert ended.result["files_changed"] == []
    requests = [each.body for each in scripted_model.exchanges if task_of(each.body) == "agent"]
    assert ["analysis only" in each for each in results_in(requests[1])] == [True, True]
    assert len(requests) <= 1 + REPEATS_MAX
    assert count(everything_in(requests[0])) <= PROMPT_TOKENS_MAX


@pytest.mark.soak
async def test_a_provider_that_fails_is_asked_a_few_times_and_no_more(
    job: Shell, policy: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(fault=Refuse(500)))
    assert (await job.fix(policy=policy)).code != 0
    assert len(scripted_model.exchanges) <= 5


def _typed(results: int) -> bytes:
    """What the person has written when the model has so many results; nothing new otherwise."""
    return {0: THEIRS[:-8] + b"\r\n", 2: THEIRS}.get(results, b"")


async def test_what_a_person_writes_between_an_agent_s_read_and_its_write_is_never_lost(
    job: Shell, policy: Path, workspace: Path, scripted_model: ScriptedModel, data_folder: Path
) -> None:
    file = workspace / FILE
    file.write_bytes(BEFORE)
    mine = f"{THEIRS.decode()}low = 7\nnew = 0\nmid = 2\nhigh = 30\ntop = 4\nend = 50"
    whole = call("edit_file", path=FILE, text=BEFORE.decode().replace("2", "20"))
    read = call("read_file", path=FILE)
    hunks = (
        "@@ -1,2 +1,3 @@\n low = 1\n+new = 0\n mid = 2\n"
        "@@ -4,2 +5,2 @@\n top = 4\n-end = 5\n+end = 50\n"
    )
    play = after_plan(
        # The person writes before the first and the third.
        *(whole, read, whole),
        *(call("change_files", changes=[{"do": "delete", "path": FILE}]),),
        # Hunks whose numbers are those of the file before; then its own edit is no stranger's.
        *(read, call("edit_file", path=FILE, diff=hunks)),
        call("edit_file", path=FILE, old_text="high = 3\ntop", new_text="high = 30\ntop"),
        call("edit_file", path=FILE, text=mine.replace("\r\n", "\n")),
    )

    def script(request: JsonObject) -> Reply:
        if task_of(request) == "agent" and (typed := _typed(len(results_in(request)))):
            file.write_bytes(typed + BEFORE)
        return play(request)

    scripted_model.script = script
    ended = await job.fix("--mention", FILE, policy=policy)
    assert ended.code == 0, ended.out
    told = results_in(scripted_model.exchanges[-1].body)
    refused = ["has changed since you read it" in each for each in told[:4]]
    assert refused == [True, False, True, True], told
    expected = b"low = 7\r\nnew = 0\r\nmid = 2\r\nhigh = 30\r\ntop = 4\r\nend = 50"
    assert file.read_bytes() == THEIRS + expected, told
    assert Books(data_folder).answers() == [("plan", "approved")] * 2 + [("edit", "approved")] * 3


_AGENT = """\
---
name: Rook
description: Runs whatever its model says.
tools: [read_file, list_files, search, edit_file, run_command]
allow: [run_command(ls *), run_command(cat *), run_command(head *), run_command(grep *)]
---

Work.
"""
_PLAN = {
    "summary": "Look.",
    "steps": [
        {"title": "Do", "tool": name}
        for name in ("read_file", "list_files", "search", "edit_file", "run_command")
    ],
}


def line(command: str) -> ToolCall:
    return ToolCall("run_command", {"command": command, "timeout_s": 4})


def program(code: str) -> ToolCall:
    return ToolCall("run_command", {"argv": [SYSTEM_PYTHON, "-c", code], "timeout_s": 4})


async def test_what_is_harmless_runs_unasked_and_no_way_in_shows_a_key_or_leaves_a_process(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel
) -> None:
    await working_jail()
    marker = new_marker()
    folder = workspace / ".steward" / "agents"
    folder.mkdir(parents=True)
    (folder / "rook.md").write_text(_AGENT)
    (workspace / ".gitignore").write_text(".env\nlocal.cfg\n")
    for name in (".env", "local.cfg"):
        (workspace / name).write_text(f"password = '{KEY}'\n")
    unasked = [
        line(each)
        for each in ("ls shop && cat README.md | head -2", "ls shop; grep -n shop README.md")
    ]
    asked = [
        line("cp README.md x"),
        program(
            "import glob\nfor n in glob.glob('.e*') + glob.glob('loc*'): print(open(n).read())"
        ),
        program(
            f"import os\nif os.fork() == 0:\n os.setsid(); os.execlp('sleep', 's', '{marker}')"
        ),
        program(
            "import os\nfor n in range(400):\n if os.fork() == 0: os.execlp('sleep', 's', '3')"
        ),
        line("head -c 30000000 /dev/zero | base64"),
    ]
    looks = [ToolCall("read_file", {"path": name}) for name in (".env", "local.cfg")]
    looks.append(line("cat .env local.cfg"))
    looks.append(ToolCall("search", {"query": "password"}))
    turns = (Reply(tool_calls=tuple(unasked)), Reply(tool_calls=(*looks, *asked)))
    play = after_plan(*turns)
    plan = say(json.dumps(_PLAN))

    def script(request: JsonObject) -> Reply:
        return play(request) if task_of(request) == "agent" else plan

    scripted_model.script = script
    window = await open_window(ASKING)
    await trust(window)
    run = await window.command("steward.agent.run", agent="rook", goal="Look around.")
    ended = await window.until_ended(run["runId"])
    assert ended["state"] == "finished", ended["message"]
    told = results_in(scripted_model.exchanges[-1].body)
    assert [each for each in told[:2] if "Exit code" not in each] == []
    questions = [shown for shown in window.person.shown if shown.kind == "command"]
    assert len(questions) == len(asked)
    # Each names what would be run.
    assert "cp README.md x" in questions[0].text
    assert all(KEY not in everything_in(each.body) for each in scripted_model.exchanges)
    assert sum(map(len, told)) < 200_000
    assert processes(marker) == []


async def test_a_closed_question_is_no_answer_and_nothing_is_called_done_before_it(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    def closing(shown: Shown) -> Choice | None:
        return "approve" if shown.kind == "plan" else None

    scripted_model.script = after_plan(EDIT, COMMIT)
    before = repository(workspace)
    window = await open_window(ASKING, person=Person(closing))
    run_id = await window.run_agent()
    first = await window.person.sees("edit")
    first.answer("dismiss")
    (question,) = await window.command("steward.questions")
    assert await window.command("steward.questions.show") == {"openQuestions": 1}
    again = await window.person.sees("edit", 2)
    assert question["id"] == again.id
    # The file is as it was, no model was told anything, and nothing says that it is done.
    assert repository(workspace) == before
    assert len(scripted_model.exchanges) == 2
    assert [row["state"] for row in books.proposals()] == ["proposed"]
    page = (await window.command("steward.run.show", runId=run_id))["markdown"]
    assert "waits for your decision" in page or "waiting" in page
    for word in ("applied", "written", "changed shop"):
        assert word not in page.lower()
    again.answer("reject")
    ended = await window.until_ended(run_id)
    assert ended["state"] == "finished"
    assert repository(workspace) == before
    assert "rejected" in results_in(scripted_model.exchanges[-1].body)[0]
