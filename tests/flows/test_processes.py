"""A server leaves nothing running behind it, however it ends."""

import os
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.client import ASKING
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import TEST, after_plan
from tests.jailed import new_marker, processes, until, working_jail


@pytest.mark.parametrize("how", ["in order", "by a kill", "by closing its input"])
async def test_a_command_in_the_jail_ends_with_the_server(
    how: str, open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    await working_jail()
    marker = new_marker()
    scripted_model.script = after_plan(TEST)
    settings = {"STEWARD_AGENTS__TEST_COMMAND": f'["sleep", "{marker}"]'}
    window = await open_window(ASKING, **settings)
    await window.run_agent()
    await until(lambda: bool(processes(marker)))
    assert _descendants(window.pid)
    match how:
        case "in order":
            await window.close()
        case "by a kill":
            await window.kill()
        case _:
            await window.hang_up()
    await until(lambda: not processes(marker))


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
        "    import steward.app\n"
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
