"""The team's two servers, their proxy and their database, made by what the how-to page says."""

import asyncio
import os
import re
import shlex
import shutil
import socket
import ssl
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from steward.core.login import login_name
from tests.environment import ROOT, steward_environment
from tests.flows.test_serve import WITHIN_S, self_signed
from tests.forked import ForkedProcess, Zygote
from tests.live.following import Following
from tests.proxy_server import running_proxy

NAME = "steward.example.org"
FIRST, SECOND = "10.0.0.11", "10.0.0.12"
_PAGE = ROOT / "docs" / "how-to" / "team-servers.md"
_BLOCK = re.compile(r"^```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
_DATABASE = "postgresql://steward@db.example.org/steward?sslmode=verify-full"
_HERE = {FIRST: "127.0.0.2", SECOND: "127.0.0.3"}
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
# Another machine is another folder here, and what looks after its server is the test.
_SSH = """#!/bin/bash
kill -TERM "$(cat {folder}/$1.pid)"
while kill -0 "$(cat {folder}/$1.pid)" 2>/dev/null; do sleep 0.02; done
"""


def blocks() -> list[str]:
    """Everything that the page shows."""
    return _BLOCK.findall(_PAGE.read_text("utf-8"))


def block(beginning: str) -> str:
    """The one block with a line that begins so."""
    (found,) = [
        each for each in blocks() if any(line.startswith(beginning) for line in each.splitlines())
    ]
    return found


SETTINGS = block("STEWARD_DATA_DIR=")
LOAD = block("set -a")
KEYS = block("umask 077")
PEOPLE = block("steward people add")
COPY = block("scp -p")
UNIT = block("ExecStart=")
PROXY = block("upstream steward")
TOKENS = block("steward token create editor")
READY = block("curl --fail")
RESTART = block("for server in")


@dataclass
class Server:
    """One of the two."""

    host: str
    port: int
    folder: Path
    """Where it finds what is in `/` on its machine."""
    process: ForkedProcess | None = None

    @property
    def url(self) -> str:
        """Where the proxy finds it."""
        return f"http://{self.host}:{self.port}"

    def kill(self) -> None:
        """End it at once; it begins again, as systemd has it."""
        assert self.process is not None
        self.process.kill()


@dataclass
class Team:
    """Everything together."""

    folder: Path
    database: str
    model_url: str
    port: int
    """Of the proxy and of each server."""
    zygote: Zygote
    first: Server = field(init=False)
    second: Server = field(init=False)
    trusted: ssl.SSLContext = field(init=False)
    _is_over: bool = False

    def __post_init__(self) -> None:
        self.first = Server(_HERE[FIRST], self.port, self.folder / "first")
        self.second = Server(_HERE[SECOND], self.port, self.folder / "second")

    @property
    def origin(self) -> str:
        """What a browser calls the place."""
        return f"https://{NAME}:{self.proxy_port}"

    @property
    def proxy_port(self) -> int:
        """Where nginx listens, in place of 443."""
        return self.port + 1

    def here(self, text: str, server: Server | None = None) -> str:
        """What the page says, of this machine."""
        root = (server or self.first).folder
        for folder in ("/etc/steward/", "/var/lib/steward/"):
            text = text.replace(f"{SECOND}:{folder}", f"{self.second.folder}{folder}")
        text = re.sub(r"(?<![\w.])/(?=(etc|var/lib)/(steward|nginx)\b)", f"{root}/", text)
        # A key is not shown to its provider where there is no network.
        text = text.replace("steward key add openai", "steward key add openai --unchecked")
        text = text.replace("listen 443", f"listen 127.0.0.1:{self.proxy_port}")
        text = text.replace(_DATABASE, self.database).replace("scp -p", "cp -p")
        for address, own in _HERE.items():
            text = text.replace(address, own)
        return text.replace(":8484", f":{self.port}").replace("--port 8484", f"--port {self.port}")

    async def shell(self, commands: str, typed: str = "") -> str:
        """What the page's commands print, at the first server's shell; every one must succeed."""
        lines = commands.splitlines()
        if all(line.startswith("steward ") for line in lines):
            return "".join([await self._steward(self.here(line), typed) for line in lines])
        script = f"set -euo pipefail\n{self.here(LOAD)}{self.here(commands)}"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", script),
            env=self._environment(),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(2 * WITHIN_S):
            printed, _ = await process.communicate()
        assert process.returncode == 0, f"{commands}{printed.decode()}"
        return printed.decode()

    async def _steward(self, line: str, typed: str) -> str:
        """One command, forked: starting Python for each would take as long as all the rest."""
        words = shlex.split(line.replace("$(id -un)", login_name()))
        process = await self._begun(self.first, words)
        process.stdin.write(typed.encode())
        process.stdin.close()
        printed = (await process.stdout.read()).decode()
        complained = (await process.stderr.read()).decode()
        assert await process.wait() == 0, f"{line}: {printed}{complained}"
        return printed

    async def _begun(self, server: Server, words: list[str]) -> ForkedProcess:
        settings = server.folder / "etc/steward/steward.env"
        own = dict(line.split("=", 1) for line in shlex.split(settings.read_text()))
        environment = steward_environment(self.folder, self.model_url, own)
        environment["HOME"] = str(self.folder)
        return await self.zygote.start(*words, environment=environment, folder=self.folder)

    async def ready(self, server: Server) -> None:
        """Return when a server answers."""
        async with self.client(server) as client, asyncio.timeout(WITHIN_S):
            while True:
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass  # It only just begins.
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def client(
        self, server: Server | None = None, token: str = "", **headers: str
    ) -> AsyncGenerator[httpx.AsyncClient]:
        """Somebody who comes by the proxy, or past it to one of the servers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["Authorization"] = f"Bearer {token}"
        # The proxy is reached by its name, as if a name server knew it.
        at = f"https://127.0.0.1:{self.proxy_port}" if server is None else server.url
        async with httpx.AsyncClient(
            base_url=at,
            headers={"Host": f"{NAME}:{self.proxy_port}", **named},
            verify=self.trusted,
            timeout=WITHIN_S,
            trust_env=False,
        ) as client:
            client.event_hooks["request"].append(_named)
            yield client

    @asynccontextmanager
    async def following(
        self, token: str = "", server: Server | None = None, query: str = "", **headers: str
    ) -> AsyncGenerator[Following]:
        """A socket through the proxy, or at one of the servers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["Authorization"] = f"Bearer {token}"
        async with connect(
            f"{'wss' if server is None else 'ws'}://{NAME}:{self.proxy_port}/api/v1/live{query}",
            host="127.0.0.1" if server is None else server.host,
            port=self.proxy_port if server is None else server.port,
            ssl=self.trusted if server is None else None,
            additional_headers=named,
            compression=None,
            proxy=None,
            close_timeout=1,
        ) as connection:
            yield Following(connection)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """The page from its beginning to its proxy."""
        self._unpack()
        await self.shell(KEYS)
        await self.shell(PEOPLE, typed="sk-" + "canary-0123456789-abcd")
        await self.shell(COPY)
        copied = self.second.folder / "etc/steward/steward.env"
        copied.write_text(
            copied.read_text().replace(str(self.first.folder), str(self.second.folder))
        )
        async with asyncio.TaskGroup() as tasks:
            for server in (self.first, self.second):
                tasks.create_task(self._keep(server))
            try:
                for server in (self.first, self.second):
                    await self.ready(server)
                proxy = self.here(PROXY)
                with running_proxy(self.folder / "nginx", proxy, self.proxy_port):
                    yield
            finally:
                self._is_over = True
                for server in (self.first, self.second):
                    if server.process is not None:
                        server.process.terminate()

    def _unpack(self) -> None:
        for server in (self.first, self.second):
            for each in ("etc/steward", "var/lib/steward", "etc/nginx"):
                (server.folder / each).mkdir(mode=0o700, parents=True)
        settings = self.first.folder / "etc/steward/steward.env"
        settings.write_text(self.here(SETTINGS))
        settings.chmod(0o600)
        nginx = self.first.folder / "etc/nginx"
        certificate, key = self_signed(nginx, NAME)
        self.trusted = ssl.create_default_context(cafile=certificate)
        shutil.move(certificate, nginx / "steward.pem")
        shutil.move(key, nginx / "steward.key")
        ssh = self.folder / "bin" / "ssh"
        ssh.parent.mkdir()
        ssh.write_text(_SSH.format(folder=self.folder))
        ssh.chmod(stat.S_IRWXU)

    def _environment(self) -> dict[str, str]:
        own = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder)}
        return steward_environment(self.folder, self.model_url, own)

    async def _keep(self, server: Server) -> None:
        """What systemd does: run the unit's command with its settings, again and again."""
        unit = self.here(UNIT, server)
        if server is self.second:
            unit = unit.replace(self.first.host, server.host)
        (command,) = re.findall(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)
        (settings,) = re.findall(r"^EnvironmentFile=(.*)$", unit, re.MULTILINE)
        assert settings == str(server.folder / "etc/steward/steward.env")
        while not self._is_over:
            words = ["steward", *shlex.split(command)]
            process = server.process = await self._begun(server, words)
            (self.folder / f"{server.host}.pid").write_text(str(process.pid))
            await process.stderr.read()
            await process.wait()
            process.stop_listening()


@asynccontextmanager
async def open_team(
    folder: Path, database: str, model_url: str, zygote: Zygote
) -> AsyncGenerator[Team]:
    """Two servers on a database, behind a proxy."""
    team = Team(folder, database, model_url, _free_ports(), zygote)
    async with team.running():
        yield team


async def proof(client: httpx.AsyncClient) -> str:
    """What the forms of this session bear."""
    page = await client.get("/usage")
    found = _CSRF.search(page.text)
    assert found is not None, page.text
    return found[1]


async def _named(request: httpx.Request) -> None:
    """The certificate is for the name, not for the number."""
    request.extensions["sni_hostname"] = NAME


def _free_ports() -> int:
    """A port that is free on both servers' addresses, and the next at the proxy's."""
    while True:
        with socket.socket() as one, socket.socket() as two, socket.socket() as proxy:
            one.bind((_HERE[FIRST], 0))
            port: int = one.getsockname()[1]
            try:
                two.bind((_HERE[SECOND], port))
                proxy.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
