"""A program that stays up in its jail: it is talked to, sees next to nothing, and ends whole."""

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Generator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from steward.core.errors import InvalidInputError, SandboxUnavailableError
from steward.sandbox.ladder import Ladder
from steward.sandbox.launcher import Command, Program
from steward.sandbox.level import LEVELS, Bounds, Level
from tests.jailed import SYSTEM_PYTHON, new_marker, processes, until, working_jail

BOUNDS = Bounds(wall_s=30.0)
_ASKED = r"""
import json, os, socket, subprocess, sys
for line in sys.stdin:
    try: answer = eval(line)
    except Exception as error: answer = type(error).__name__
    print(json.dumps(answer), flush=True)
"""
SECRET = "kestrel-" + "40c1d9"


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that every account may pass: pytest's own are its account's alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def command(workspace: Path, **more: Any) -> Command:
    argv = (SYSTEM_PYTHON, "-I", "-S", "-c", _ASKED, "marker")
    return replace(Command(argv, workspace, workspace), **more)


def opened(jail: Ladder, wanted: Command) -> AbstractAsyncContextManager[Program]:
    return jail.open(wanted, BOUNDS)


async def said(program: Program, expression: str) -> Any:
    program.stdin.write(f"{expression}\n".encode())
    await program.stdin.drain()
    return json.loads(await program.stdout.readline())


@pytest.mark.parametrize("level", LEVELS)
async def test_a_program_is_talked_to_and_reaches_nothing_but_what_it_was_shown(
    tmp_path: Path, open_folder: Path, level: Level
) -> None:
    jail = await working_jail((level,))
    workspace, shown, hidden = tmp_path / "work", open_folder / "shown", open_folder / "hidden"
    for folder in (workspace, shown, hidden):
        folder.mkdir()
        (folder / "file.txt").write_text(folder.name)
    (workspace / ".env").write_text(f"KEY={SECRET}")
    marker = new_marker()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        wanted = command(workspace, shown=(shown,), environment={"GIVEN": SECRET})
        wanted = replace(wanted, argv=(*wanted.argv[:-1], marker))
        async with opened(jail, wanted) as program:
            assert await said(program, "open('file.txt').read()") == "work"
            assert await said(program, f"open({str(shown)!r} + '/file.txt').read()") == "shown"
            for refused in (
                f"open({str(hidden)!r} + '/file.txt').read()",
                "open('new.txt', 'w').write('x')",
                f"open({str(shown)!r} + '/new.txt', 'w').write('x')",
                f"socket.create_connection(('127.0.0.1', {port}), 2) and 'reached'",
            ):
                assert str(await said(program, refused)).endswith("Error"), refused
            assert await said(program, "open('.env').read()") == ""
            assert await said(program, "os.environ['GIVEN']") == SECRET
            inherited = set(await said(program, "sorted(os.environ)")) & set(os.environ)
            assert inherited <= {"PATH", "HOME", "TMPDIR", "LANG", "TERM", "LC_CTYPE"} | {
                "PYTHONDONTWRITEBYTECODE",
                "OMP_NUM_THREADS",
                "OPENBLAS_NUM_THREADS",
                "PWD",
            }
            # Nothing secret stands where every account of the machine can read it.
            lines = b"".join(_command_lines().values())
            assert SECRET.encode() not in lines
            await said(program, f"subprocess.Popen(['sleep', '{marker}']).pid")
            await until(lambda: len(processes(marker)) > 1)
        await until(lambda: not processes(marker))


async def test_what_takes_too_much_is_ended_and_so_is_what_its_caller_leaves(
    tmp_path: Path,
) -> None:
    jail = await working_jail()
    small = Bounds(wall_s=30.0, resident_bytes=96 << 20)
    async with jail.open(command(tmp_path), small) as program:
        program.stdin.write(b"len(bytearray(300 << 20))\n")
        assert await program.stdout.read() == b""
        await until(lambda: program.ended_for is not None)
        assert program.ended_for == "memory"
    async with jail.open(command(tmp_path), Bounds(wall_s=0.2)) as program:
        assert await program.stdout.read() == b""
        assert program.ended_for == "time"
    marker = new_marker()
    wanted = replace(command(tmp_path), argv=("sleep", marker))

    async def held() -> None:
        async with opened(jail, wanted):
            await asyncio.Event().wait()

    holding = asyncio.ensure_future(held())
    await until(lambda: bool(processes(marker)))
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert not processes(marker)
    with pytest.raises(ZeroDivisionError):
        async with opened(jail, wanted):
            raise ZeroDivisionError


async def test_a_program_with_the_network_reaches_it_and_no_socket_of_this_machine_by_name(
    tmp_path: Path,
) -> None:
    jail = await working_jail(("cgroup", "namespaces"))
    name = f"\0steward-{new_marker()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as local,
    ):
        local.bind(name)
        local.listen()
        call = f"socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5) and 1"
        other = f"socket.socket(socket.AF_UNIX).connect({name!r})"
        async with opened(jail, command(tmp_path, has_network=True)) as program:
            assert await said(program, call) == 1
            assert await said(program, other) == "PermissionError"
        weak = await working_jail(("landlock",))
        with pytest.raises(SandboxUnavailableError, match="gives no network"):
            async with opened(weak, command(tmp_path, has_network=True)):
                pass
    with pytest.raises(InvalidInputError):
        async with opened(jail, command(tmp_path, argv=())):
            pass


def _command_lines() -> Mapping[Path, bytes]:
    found: dict[Path, bytes] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found[process] = (process / "cmdline").read_bytes()
        except OSError:
            continue
    return found
