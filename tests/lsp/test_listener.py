"""Editors over TCP and WebSocket: each has a server of its own, and nothing of the others."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.environment import clean_environment, steward_environment
from tests.remote import (
    TRANSPORTS,
    ListenerProcess,
    Remote,
    Transport,
    is_running,
    listener_process,
    remote,
    until,
)
from tests.template import up_to_date

LEFT = ("harbour", "\n    def item_count(self) -> int:\n        ")
RIGHT = ("meadow", "\n    def is_empty(self) -> bool:\n        ")
LEFT_GHOST = "return sum(line.quantity for line in self.lines)"
RIGHT_GHOST = "return not self.lines"

Start = Callable[..., AbstractAsyncContextManager[ListenerProcess]]


@pytest.fixture
def environment(tmp_path: Path, scripted_model: ScriptedModel) -> dict[str, str]:
    """What a listener and its servers run in."""
    own = {
        "STEWARD_COMPLETION__WAIT": "PT0S",
        "STEWARD_CONFIG_DIR": str(tmp_path / "config"),
        "HOME": str(tmp_path / "home"),
    }
    up_to_date(tmp_path / "data" / "steward.db")
    return steward_environment(tmp_path / "data", scripted_model.url, own)


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Start:
    """`async with start(transport, *options) as listener`."""
    return partial(_started, environment, tmp_path)


def _started(
    environment: dict[str, str], folder: Path, transport: Transport, *options: str, **how: str
) -> AbstractAsyncContextManager[ListenerProcess]:
    return listener_process(transport, environment, *options, folder=folder, **how)


@pytest.fixture
async def stack() -> AsyncGenerator[AsyncExitStack]:
    """Whatever is entered here is left when the test is over."""
    async with AsyncExitStack() as stack:
        yield stack


def copy_of(workspace: Path, name: str) -> Path:
    folder = workspace.parent / name
    shutil.copytree(workspace, folder)
    return folder


async def an_editor(
    stack: AsyncExitStack, listener: ListenerProcess, transport: Transport, folder: Path
) -> Remote:
    """An editor that has said its `initialize`."""
    editor = await stack.enter_async_context(remote(transport, listener.port, listener.token))
    await editor.introduce(listener.token, folder)
    return editor


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_two_editors_at_once_have_nothing_of_each_other(
    start: Start, stack: AsyncExitStack, workspace: Path, transport: Transport
) -> None:
    left_folder, right_folder = copy_of(workspace, LEFT[0]), copy_of(workspace, RIGHT[0])
    async with start(transport, log_level="debug") as listener:
        left = await an_editor(stack, listener, transport, left_folder)
        (first,) = listener.servers
        right = await an_editor(stack, listener, transport, right_folder)
        (second,) = set(listener.servers) - {first}

        for editor in (left, right):
            await editor.work()
        typed_left = await left.type(left_folder / "shop/basket.py", LEFT[1])
        typed_right = await right.type(right_folder / "shop/basket.py", RIGHT[1])
        for _ in range(2):
            assert await left.ghost_text(typed_left) == LEFT_GHOST
            assert await right.ghost_text(typed_right) == RIGHT_GHOST
        await left.request("workspace/executeCommand", {"command": "steward.runs"})
        await right.request("workspace/executeCommand", {"command": "steward.runs"})
        for editor, others in ((left, (RIGHT[0], RIGHT_GHOST)), (right, (LEFT[0], LEFT_GHOST))):
            for trace in others:
                assert trace.encode() not in editor.heard

        # The token is nowhere but in its file.
        for pid in (listener.process.pid, first, second):
            for place in ("cmdline", "environ"):
                assert listener.token not in Path(f"/proc/{pid}/{place}").read_text("utf-8")
        assert listener.token.encode() not in left.heard + right.heard

        # One leaves without a word: its server ends, and the other's types on.
        await left.close()
        await until(lambda: not is_running(first))
        assert listener.servers == [second]
        assert await right.ghost_text(typed_right) == RIGHT_GHOST

        # One leaves as the protocol has it.
        await right.request("shutdown", None)
        await right.send({"method": "exit"})
        assert await right.is_hung_up_on()
        await until(lambda: not is_running(second))

        third = await an_editor(stack, listener, transport, right_folder)
        (pid,) = listener.servers
        code, log = await listener.stop()
        assert (code, is_running(pid)) == (0, False)
        assert await third.is_hung_up_on()
        assert listener.token not in log
        assert "Traceback" not in log


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_dies_ends_its_own_connection_and_no_other(
    start: Start, stack: AsyncExitStack, workspace: Path, transport: Transport
) -> None:
    async with start(transport) as listener:
        unlucky = await an_editor(stack, listener, transport, workspace)
        (pid,) = listener.servers
        lucky = await an_editor(stack, listener, transport, workspace)
        os.kill(pid, signal.SIGKILL)
        assert await unlucky.is_hung_up_on()
        assert await lucky.request("shutdown", None) is None


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_no_server_outlives_its_listener(
    start: Start, stack: AsyncExitStack, workspace: Path, how: signal.Signals
) -> None:
    async with start("tcp") as listener:
        editors = [await an_editor(stack, listener, "tcp", workspace) for _ in range(2)]
        servers = listener.servers
        assert len(servers) == 2
        code, _ = await listener.stop(how)
        assert code == (0 if how is signal.SIGINT else -signal.SIGKILL)
        for editor in editors:
            assert await editor.is_hung_up_on()
        await until(lambda: not any(map(is_running, servers)))


async def test_the_token_outlives_the_listener_and_opens_no_other_door(
    start: Start, environment: dict[str, str], tmp_path: Path, stack: AsyncExitStack
) -> None:
    async with start("tcp") as first:
        token = first.token
        assert first.token_file == tmp_path / "data" / "listener.token"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.2", first.port)
        assert first.token_file.stat().st_mode & 0o777 == 0o600
        assert first.token_file.parent.stat().st_mode & 0o777 == 0o700
    async with start("websocket", "--host", "::1") as second:
        assert (second.host, second.token) == ("[::1]", token)
    second.token_file.unlink()
    async with start("tcp") as third:
        assert third.token != token


async def test_nothing_is_imported_from_where_the_listener_was_started(
    environment: dict[str, str], tmp_path: Path, workspace: Path, stack: AsyncExitStack
) -> None:
    trap = "open({!r}, 'w').close()\n".format(str(tmp_path / "sprung"))
    for name in ("json.py", "steward.py", "asyncio.py"):
        (workspace / name).write_text(trap, "utf-8")
    async with listener_process("tcp", environment, folder=workspace) as listener:
        await an_editor(stack, listener, "tcp", workspace)
        assert not (tmp_path / "sprung").exists()


def steward(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steward", "lsp", *words],
        env=steward_environment(folder / "data", "http://127.0.0.1:9/v1"),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost.evil.example", ""])
def test_only_this_machine_is_listened_to(tmp_path: Path, host: str) -> None:
    ended = steward(tmp_path, "--tcp", "--host", host)
    assert ended.returncode == 2
    assert "ssh -L" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()


async def test_a_taken_port_is_explained(start: Start, tmp_path: Path) -> None:
    async with start("tcp") as listener:
        ended = steward(tmp_path, "--websocket", str(listener.port))
    assert ended.returncode == 2
    assert "choose another port" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "words", [("--tcp", "65536"), ("--tcp", "-1"), ("--tcp", "x"), ("--tcp", "--stdio")]
)
def test_a_wrong_option_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = steward(tmp_path, *words)
    assert ended.returncode == 2
    assert f"argument {words[0] if words[1] != '--stdio' else '--stdio'}:" in ended.stderr
    assert "See `steward lsp --help`." in ended.stderr


def test_a_listener_loads_little() -> None:
    heavy = "'pygls', 'lsprotocol', 'sqlalchemy', 'alembic', 'aiohttp', 'dbos', 'git', 'websockets'"
    program = f"import steward.cli.listen, sys; print(sorted({{{heavy}}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
