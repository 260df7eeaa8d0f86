"""A person asks why a line is there, in the editor and at a shell."""

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from demo.script import RIGHT, SOURCE
from demo.scripted_model import ScriptedModel
from tests.client import ASKING
from tests.environment import git, steward_environment
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT, after_plan
from tests.person import DEADLINE_S


async def why(data_folder: Path, model: ScriptedModel, place: str, *more: str) -> tuple[int, str]:
    """What `steward why` says: its exit code and its output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "steward", "why", place, *more),
        env=steward_environment(data_folder, model.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE_S):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_line_names_its_run_its_question_and_its_price(
    open_window: OpenWindow, workspace: Path, data_folder: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT, COMMIT)
    window = await open_window(ASKING)
    document = window.open(SOURCE)
    run_id = await window.run_agent()
    assert (await window.until_ended(run_id))["state"] == "finished"
    number = (workspace / SOURCE).read_text().split(RIGHT)[0].count("\n")

    # The unsaved text counts: the line stands two lines further down, behind a person's own.
    typed = f"# mine\n# mine too\n{(workspace / SOURCE).read_text()}"
    window.change(document, typed)
    asked: dict[str, Any] = {"uri": document.uri, "line": number + 2}
    answer = await window.command("steward.why", **asked)
    line, (cause,) = answer["lines"][0], answer["causes"]
    assert (line["verdict"], line["number"]) == ("agent", number + 3)
    assert RIGHT in line["text"]
    assert (cause["runId"], cause["agent"]) == (run_id, "Fix")
    assert (cause["step"], cause["think"]) == ("tool-0-0", "think-0")
    assert cause["model"] == "custom/scripted"
    assert 0 < cause["stepCostNanoUsd"] < cause["runCostNanoUsd"]
    assert cause["goal"] == "Make the failing test pass."
    approved = cause["approved"]
    assert (approved["state"], approved["isSealed"]) == ("approved", True)
    assert len(approved["digest"]) == 64
    assert "Committed" in cause["commits"][0]
    assert run_id in answer["markdown"]
    mine = await window.command("steward.why", **asked | {"line": 0})
    assert (mine["lines"][0]["verdict"], mine["causes"]) == ("person", [])

    # Committed by hand, and the row of the answer changed past Steward.
    git(workspace, "commit", "-qam", "By hand")
    with closing(sqlite3.connect(data_folder / "steward.db")) as books, books:
        books.execute("UPDATE approval SET answered_by = 'mallory' WHERE kind = 'edit'")
    place = f"{workspace / SOURCE}:{number + 1}"
    code, said = await why(data_folder, scripted_model, place, "--json")
    assert code == 0, said
    told = json.loads(said)
    assert told["lines"][0]["commit"] == git(workspace, "rev-parse", "HEAD").strip()
    assert told["causes"][0]["approved"]["is_sealed"] is False
    code, said = await why(data_folder, scripted_model, place)
    assert "its seal does not hold" in said
    assert f"steward run sent {run_id} --step think-0" in said
    code, said = await why(data_folder, scripted_model, f"{workspace / SOURCE}:99999")
    assert (code, "so there is nothing" in said) == (2, True), said
