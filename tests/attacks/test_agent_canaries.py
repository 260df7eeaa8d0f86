"""Keys lie wherever an agent can look, and none of them leaves or is written down (SE-01, SE-09).

They are in the code, in ignored files, in the history of git, in an open document, in what the
editor observed, in the settings, and in what a command prints. The agent looks everywhere.
"""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.replies import ToolCall
from demo.scripted_model import ScriptedModel
from tests.attacks.attacker import OUTSIDE, World, careful, open_world, says, trust, until_over
from tests.attacks.canary import files_below, seen
from tests.client import Window
from tests.environment import git
from tests.flows.scripts import everything_in
from tests.jailed import working_jail
from tests.person import Choice, Person, Shown

# Put together here, so that no scanner takes this file for a leak.
KEYS = {
    "Anthropic": "sk-ant-" + "api03-W4xQz8KvT2bNm7LcR9fHd3sYp",
    "OpenAI": "sk-proj-" + "Q7nKx2VbTz9LmWc4RfHd8sYpGj3uEa6",
    "GitHub": "ghp_" + "k3Vb8Qz1Xn6Mw9Lc4Rf7Hd2Sy5Gj0UeAtB",
    "AWS": "AKIA" + "Q7ZKX2VBT9LMWC4R",
    "PEM": "MIIEpAIBAAKCAQEA" + "w3Vb8Qz1Xn6Mw9Lc4Rf7Hd2S",
    "JWT": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiJoZXJvbi03NyJ9." + "Xq7Vb2Nz9Lm4",
    "database": "dbuser7:" + "tK4vQ9zLm2Xn",
    "password": "hY7" + "vK2qTz9LmWc4RfHd8s",
}
_CODE = f"""\
ANTHROPIC = "{KEYS["Anthropic"]}"
OPENAI = "{KEYS["OpenAI"]}"
GITHUB = "{KEYS["GitHub"]}"
AWS = "{KEYS["AWS"]}"
TOKEN = "{KEYS["JWT"]}"
DATABASE = "postgres://{KEYS["database"]}@db.example.org/shop"
PASSWORD = "{KEYS["password"]}"
PEM = '''-----BEGIN RSA PRIVATE KEY-----
{KEYS["PEM"]}
-----END RSA PRIVATE KEY-----'''
limit = 1
"""
LOOKS = (
    ToolCall("read_file", {"path": "conf.py"}),
    ToolCall("read_file", {"path": "open.py"}),
    ToolCall("read_file", {"path": "conf.py", "first_line": 8, "last_line": 10}),
    ToolCall("search", {"query": "limit", "context": 10}),
    ToolCall("search", {"query": "sk-", "context": 2}),
    ToolCall("search", {"query": ".", "is_regex": True, "glob": "conf.py"}),
    ToolCall("git_diff", {"of": "commits"}),
    ToolCall("git_diff", {}),
    ToolCall("git_log", {"paths": ["conf.py"]}),
    *(ToolCall("read_file", {"path": path}) for path in (".env", "id_rsa", "server.pem", ".npmrc")),
    ToolCall("run_command", {"argv": ["cat", "conf.py"]}),
    ToolCall("run_command", {"command": "cat .env id_rsa server.pem .npmrc; cat conf.py | rev"}),
    ToolCall("run_command", {"argv": ["env"]}),
)
_SHOWN_TO_A_PERSON = {"steward.db", "steward.db-wal"}
"""Holds what a person was asked, as it was shown to them: it may quote their own files."""


pytestmark = pytest.mark.timeout(240)
"""A run takes many turns, and a busy machine takes long for each."""


@pytest.fixture
async def world(
    tmp_path: Path, workspace: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[World]:
    async with open_world(tmp_path, scripted_model) as world:
        (workspace / "conf.py").write_text(_CODE)
        git(workspace, "add", "conf.py")
        git(workspace, "commit", "--quiet", f"--message=Use {KEYS['GitHub']} from now on")
        (workspace / "conf.py").write_text(_CODE.replace("limit = 1", "limit = 2"))
        (workspace / "open.py").write_text("limit = 3\n")
        for name in (".env", "id_rsa", "server.pem", ".npmrc"):
            (workspace / name).write_text(f"{OUTSIDE}\n{_CODE}")
        yield world


async def test_a_key_that_an_agent_comes_across_leaves_with_nothing(world: World) -> None:
    await working_jail()
    before, said = world.entries(), list[str]()
    own = {"STEWARD_MODEL_KEY": KEYS["OpenAI"]}
    async with world.window(Person(careful(_commands)), **own) as window:
        await trust(window)
        window.open("open.py", f"{_CODE}typed = True\n")
        run_id = await _look_everywhere(world, window)
        for name in ("steward.run.show", "steward.run.sent"):
            said.append((await window.command(name, runId=run_id))["markdown"])
        log = window.log
    assert world.changed(before) == {"workspace/notes.txt"}
    asked = "".join(everything_in(exchange.body) for exchange in world.model.exchanges)
    assert "typed = True" in asked
    assert "limit = 2" in asked
    places = {"requests": asked, "trace": said[0], "sent": said[1], "log": log}
    found = {
        (place, name): forms
        for place, text in places.items()
        for name, key in {**KEYS, "outside": OUTSIDE}.items()
        if (forms := seen(key, text))
    }
    assert found == {}
    _is_in_no_file_but_the_database(world)
    _is_in_no_row_but_the_proposals(world)


def _commands(shown: Shown) -> Choice:
    return "approve" if shown.kind == "command" else "reject"


async def _look_everywhere(world: World, window: Window) -> str:
    world.model.script = says(LOOKS)
    run = await window.command(
        "steward.agent.run",
        agent="mole",
        goal="Look at @conf.py and finish the notes.",
        uri=(world.workspace / "conf.py").as_uri(),
        observations=f"conf.py:1: {KEYS['Anthropic']} is never used",
    )
    ended = await until_over(window, run["runId"])
    assert ended["state"] == "finished", ended["message"]
    return run["runId"]


def _is_in_no_file_but_the_database(world: World) -> None:
    for file, content in files_below(world.data):
        for name, key in KEYS.items():
            assert file.name in _SHOWN_TO_A_PERSON or not seen(key, content), (file, name)


def _is_in_no_row_but_the_proposals(world: World) -> None:
    tables = world.books.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    for table in {row["name"] for row in tables} - {"approval", "proposal"}:
        rows = repr(world.books.rows(f'SELECT * FROM "{table}"'))
        for name, key in KEYS.items():
            assert not seen(key, rows), (table, name)
