"""An agent opens a pull request: through the whole server, past a kill, and to the books."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from demo.replies import JsonObject, Reply, call, say
from demo.scripted_model import ScriptedModel
from tests.attacks.attacker import plan_of
from tests.attacks.canary import files_below, seen
from tests.client import ASKING, Window
from tests.environment import ROOT, clean_environment, git
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import DONE, everything_in, messages_of, results_in, task_of
from tests.forge_server import BASIC, REPOSITORY, TOKEN, Asked, ForgeServer, Said, serving
from tests.person import DEADLINE_S, Choice, Person, Shown

BRANCH = "steward/parcel"
OPEN = call(
    "open_pull_request",
    title="Weigh parcels",
    text="They were not weighed.",
    branch=BRANCH,
    base="main",
)


@pytest.fixture
def forge(tmp_path: Path, workspace: Path) -> Generator[ForgeServer]:
    with serving(tmp_path / "forge") as server:
        git(workspace, "push", "--quiet", str(server.repository), "main")
        git(workspace, "remote", "add", "origin", server.remote)
        tree = git(workspace, "rev-parse", "main^{tree}")
        commit = git(workspace, "commit-tree", "-p", "main", "-m", "Weigh parcels", tree)
        git(workspace, "update-ref", f"refs/heads/{BRANCH}", commit)
        yield server


def settings(forge: ForgeServer) -> dict[str, str]:
    return {
        "STEWARD_FORGE__API": forge.api,
        "STEWARD_FORGE__HOSTS": json.dumps([forge.host]),
        "STEWARD_FORGE__TOKEN": TOKEN,
    }


def script(model: ScriptedModel) -> None:
    """Plan it, open it, say that it is done: what was answered already follows from the request."""
    plan = say(json.dumps(plan_of("open_pull_request")))

    def answer(request: JsonObject) -> Reply:
        if task_of(request) != "agent":
            return plan
        has_acted = any(message["role"] == "assistant" for message in messages_of(request))
        return DONE if has_acted else OPEN

    model.script = answer


async def begin(window: Window) -> str:
    await window.command("steward.workspace.trust")
    started = await window.command(
        "steward.agent.run", agent="git-helper", goal="Open a pull request."
    )
    return started["runId"]


@pytest.mark.timeout(150)  # Two servers one after the other, and a shell.
async def test_a_pull_request_is_opened_once_though_the_server_is_killed_on_the_way(
    open_window: OpenWindow,
    workspace: Path,
    forge: ForgeServer,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    script(scripted_model)
    pushed, go_on = threading.Event(), threading.Event()

    def hold(asked: Asked) -> Said | None:
        """The first thing that is asked after the push stays unanswered."""
        if not go_on.is_set():
            pushed.set()
            go_on.wait(3 * DEADLINE_S)
        return None

    forge.answer = hold
    before = git(workspace, "for-each-ref"), git(workspace, "status", "--porcelain")
    window = await open_window(ASKING, **settings(forge))
    run_id = await begin(window)
    assert await asyncio.to_thread(pushed.wait, DEADLINE_S)
    assert forge.tip(BRANCH) == git(workspace, "rev-parse", BRANCH)
    await window.kill()
    go_on.set()

    again = await open_window(ASKING, **settings(forge))
    run = await again.until_ended(run_id)
    assert run["state"] == "finished", run
    assert forge.pushes() == 1
    (pull,) = forge.pulls
    assert (pull["title"], pull["head"]["ref"]) == ("Weigh parcels", BRANCH)
    # Approved once; what was left to do after the kill was part of it.
    assert window.person.kinds == ["plan", "pull_request"]
    assert again.person.kinds == []
    shown = window.person.shown[1].text
    for part in (forge.remote, REPOSITORY, forge.api, "Weigh parcels", "They were not weighed."):
        assert part in shown
    told = results_in(scripted_model.exchanges[-1].body)[-1]
    assert f"{forge.url}/{REPOSITORY}/pull/1" in told
    assert "#1" in told
    assert (git(workspace, "for-each-ref"), git(workspace, "status", "--porcelain")) == before
    assert books.actions("proposal.") == [
        "proposal.proposed",
        "proposal.applying",
        "proposal.applied",
    ]
    await again.close()
    (event,) = books.rows("SELECT * FROM event WHERE name = 'PR_CREATED'")
    (row,) = books.rows("SELECT * FROM run")
    assert (event["run_id"], event["agent"]) == (row["id"], "git-helper")
    assert event["took_ms"] > 0
    assert f"{forge.url}/{REPOSITORY}/pull/1" in _shown_at_a_shell(books, workspace, run_id)
    _nobody_has_the_token(books, scripted_model, forge, window, again)


async def test_a_no_a_dry_run_and_a_yes_to_another_remote_send_nothing(
    open_window: OpenWindow,
    forge: ForgeServer,
    workspace: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    script(scripted_model)

    def decide(shown: Shown) -> Choice | None:
        if shown.kind == "pull_request":
            shown.answer("reject", reason="Wait for the release.")
            return None
        return "approve"

    def after_another_push_url(shown: Shown) -> Choice:
        if shown.kind == "pull_request":
            git(workspace, "config", "remote.origin.pushurl", f"{forge.url}/mallory/shop.git")
        return "approve"

    window = await open_window(ASKING, person=Person(decide), **settings(forge))
    await window.until_ended(await begin(window))
    assert "Wait for the release." in results_in(scripted_model.exchanges[-1].body)[-1]
    dry = await window.command(
        "steward.agent.run", agent="git-helper", goal="Open a pull request.", mode="dry_run"
    )
    assert (await window.until_ended(dry["runId"]))["state"] == "finished"
    window.person.decide = after_another_push_url
    await window.until_ended(await begin(window))
    states = [row["state"] for row in books.proposals("pull_request")]
    assert states == ["refused", "recorded", "refused"]
    told = results_in(scripted_model.exchanges[-1].body)[-1]
    assert "is pushed to another repository" in told
    assert forge.pushes() == 0
    assert forge.of_api("POST") == []
    assert books.rows("SELECT * FROM event WHERE name = 'PR_CREATED'") == []


def _shown_at_a_shell(books: Books, workspace: Path, run_id: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "steward", "run", "show", run_id],
        cwd=workspace,
        env=clean_environment()
        | {
            "STEWARD_DATA_DIR": str(books.folder),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT)]),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _nobody_has_the_token(
    books: Books, model: ScriptedModel, forge: ForgeServer, *windows: Window
) -> None:
    """Neither models, logs, questions, the data folder nor any process's words."""
    assert forge.seen_in_words == []
    assert {each.authorization for each in forge.asked} == {f"Basic {BASIC}", f"Bearer {TOKEN}"}
    told = [everything_in(exchange.body) for exchange in model.exchanges]
    told += [window.log for window in windows]
    told += [shown.text for window in windows for shown in window.person.shown]
    for text in told:
        assert TOKEN not in text
        assert BASIC not in text
    for file, content in files_below(books.folder):
        assert not list(seen(TOKEN, content)), file
