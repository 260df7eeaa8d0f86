"""A run is undone and done again from its window and from a shell, beside what was typed since."""

import asyncio
import os
import pty
import re
import sys
from pathlib import Path

from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.client import OURS
from tests.environment import git, steward_environment
from tests.flows.books import repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT, after_plan
from tests.person import DEADLINE_S

_ASKED = re.compile("Enter: more|n: no > ")
MINE = "# I am typing here, and have not saved.\n"


async def steward(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """What `steward` says at a shell that is no terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "steward", *arguments),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE_S):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def at_terminal(environment: dict[str, str], answer: str, *arguments: str) -> tuple[int, str]:
    """What it says at a terminal where somebody gives this answer when they are asked.

    They type something before that, too, which answers nothing.
    """
    ours, theirs = pty.openpty()
    os.write(ours, b"n\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "steward", *arguments),
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)

    def talk() -> str:
        said, seen = "", 0
        try:
            while piece := os.read(ours, 4096):
                said += piece.decode()
                while found := _ASKED.search(said, seen):
                    seen = found.end()
                    is_last = found[0] == "n: no > "
                    os.write(ours, f"{answer if is_last else ''}\n".encode())
        except OSError:  # The other end is gone.
            pass
        return said

    try:
        async with asyncio.timeout(DEADLINE_S):
            said = await asyncio.to_thread(talk)
            return await process.wait(), said
    finally:
        os.close(ours)


async def test_a_run_is_undone_in_its_window_and_from_shells_beside_what_was_typed(
    open_window: OpenWindow, workspace: Path, data_folder: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT, COMMIT)
    before = repository(workspace)
    environment = steward_environment(data_folder, scripted_model.url)
    window = await open_window(OURS)
    run_id = await window.run_agent()
    await window.until_ended(run_id)
    document = next(iter(window.documents.values()), None) or window.open(SOURCE)
    window.change(document, MINE + document.text)

    undone = await window.command("steward.undo", runId=run_id)
    assert undone["state"] == "applied", undone
    assert document.text.startswith(MINE)
    assert WRONG in document.text
    assert RIGHT not in document.text
    (commit,) = undone["standing"]
    assert commit["command"].startswith("git update-ref")
    (listed,) = await window.command("steward.runs")
    assert listed["undone"] == "yes"

    # A shell asks the window, which has the text that is not saved.
    code, said = await steward(environment, "redo", run_id)
    assert code == 0, said
    assert "shows the diff and asks there" in said
    assert document.text.startswith(MINE)
    assert RIGHT in document.text
    kinds = [change["kind"] for change in await window.command("steward.changes", runId=run_id)]
    assert kinds == ["redo", "undo", "change"]
    window.save(document)
    await window.close()

    code, said = await steward(environment, "undo", run_id)
    assert (code, "this is no terminal" in said) == (2, True)
    assert RIGHT in (workspace / SOURCE).read_text()
    code, said = await at_terminal(environment, "y", "undo", run_id)
    assert code == 0, said
    assert (workspace / SOURCE).read_text() == MINE + before.text
    assert commit["command"] in said

    after = repository(workspace)
    assert (after.head, after.index) == (before.head, before.index)
    assert after.refs != before.refs
    # What the run committed stays, until somebody runs the command that was named.
    git(workspace, *commit["command"].split()[1:])
    assert repository(workspace).refs == before.refs
