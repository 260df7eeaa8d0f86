"""A server leaves nothing running behind it, however it ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from demo.replies import JsonObject, Reply, Stall
from demo.scripted_model import Exchange, ScriptedModel
from tests.client import ASKING, Json
from tests.environment import steward_environment
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import TEST, after_plan, task_of
from tests.fuzz.peer import open_peer
from tests.jailed import new_marker, processes, until, working_jail

ENDS = ("in order", "by a kill", "by closing its input", "by closing its output", "by a signal")


@pytest.mark.parametrize("how", ENDS)
async def test_everything_ends_with_the_server(
    how: str, open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    await working_jail()
    marker = new_marker()
    scripted_model.script = script
    settings = {"STEWARD_AGENTS__TEST_COMMAND": f'["sleep", "{marker}"]'}
    window = await open_window(ASKING, **settings)
    await window.run_agent()
    await until(lambda: bool(processes(marker)))
    assert _descendants(window.pid)
    asked = asyncio.create_task(window.ghost_text(window.open("shop/delivery.py")))
    await until(lambda: "completion" in map(_task, scripted_model.exchanges))
    match how:
        case "in order":
            await window.close()
        case "by a kill":
            await window.kill()
        case "by closing its input":
            await window.hang_up()
        case "by closing its output":
            await window.stop_listening()
        case _:
            await window.terminate()
    await until(lambda: not processes(marker))
    await asyncio.wait([asked])
    assert asked.exception() is not None
    if how != "by a kill":  # What nobody could settle is charged when its time is over.
        assert {each["state"] for each in books.reservations()} == {"settled"}
        assert window.client.process.returncode == (0 if how == "in order" else 1)


def script(request: JsonObject) -> Reply:
    """An agent that runs the tests, and ghost text that never comes to its end."""
    if task_of(request) == "completion":
        return Reply(pieces=("return", " 1"), fault=Stall(after_pieces=1))
    answer = after_plan(TEST)(request)
    assert isinstance(answer, Reply)
    return answer


def _task(exchange: Exchange) -> str:
    return task_of(exchange.body)


EDITOR = """
import subprocess, sys
subprocess.Popen([sys.executable, "-m", "steward", "lsp"]).wait()
"""
"""An editor whose pipes are held by somebody else as well, and outlive it."""


@pytest.mark.parametrize("is_ours", [True, False])
async def test_a_server_ends_with_its_editors_process_and_with_no_other(
    *, is_ours: bool, workspace: Path, data_folder: Path
) -> None:
    environment = steward_environment(data_folder, "http://127.0.0.1:9/v1")
    command = (sys.executable, "-c", EDITOR)
    async with (
        open_peer(workspace, environment, lambda _asked: [], command) as peer,
        _stranger() as stranger,
    ):
        editor = peer.process.pid
        named = editor if is_ours else stranger
        params: Json = {"processId": named, "rootUri": None, "capabilities": {}}
        await peer.ask(1, "initialize", params)
        (server,) = _descendants(editor)
        os.kill(named, signal.SIGKILL)
        if is_ours:
            await until(lambda: not Path(f"/proc/{server}").exists())
        else:
            # Its death was seen by now, if anybody had looked.
            await until(lambda: _state(stranger) == "Z")
            await peer.ask(2, "workspace/executeCommand", {"command": "steward.status"})


@asynccontextmanager
async def _stranger() -> AsyncGenerator[int]:
    """A process that is no ancestor of any server."""
    process = await asyncio.create_subprocess_exec("sleep", "60")
    yield process.pid
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


async def test_a_server_whose_editor_is_gone_ends(open_window: OpenWindow) -> None:
    window = await open_window(ASKING)
    await window.command("steward.status")
    await window.hang_up()
    assert window.client.process.returncode == 1


async def test_what_prints_by_mistake_does_not_reach_the_protocol(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    chatty = tmp_path / "chatty"
    chatty.mkdir()
    (chatty / "sitecustomize.py").write_text(
        "import os, sys, threading\n"
        "def babble():\n"
        "    import steward.app.house\n"
        "    print('babble from python', flush=True)\n"
        "    os.system('echo babble from a child')\n"
        "threading.Timer(0, lambda: None)\n"
        "import atexit; atexit.register(babble)\n"
    )
    path = os.pathsep.join([str(chatty), *_python_path()])
    window = await open_window(ASKING, PYTHONPATH=path)
    await window.command("steward.status")
    await window.close()
    assert "babble from python" in window.log
    assert "babble from a child" in window.log
    assert b"babble" not in window.client.heard


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


def _python_path() -> list[str]:
    from tests.environment import ROOT

    return [str(ROOT / "server"), str(ROOT)]
