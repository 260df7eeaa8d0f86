"""A forge for tests: GitHub's REST API for pull requests, and its repositories by git's own HTTP.

It is a real server on loopback with real bare repositories. What it answers is worded as GitHub
words it; a test may have it answer otherwise, or hold an answer back.
"""

import base64
import json
import os
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.environment import clean_environment, git

TOKEN = "ghp_" + "Zq7" * 12
"""Looks like one of GitHub's."""
BASIC = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
REPOSITORY = "acme/shop"
_API = "/api/v3"


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    authorization: str
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass(frozen=True)
class Said:
    """What a test has the API answer."""

    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict[str, str])


Answer = Callable[[Asked], Said | None]
"""Gives what the API answers; None lets it answer as it would."""


@dataclass
class ForgeServer:
    """One forge with one repository."""

    folder: Path
    port: int = 0
    asked: list[Asked] = field(default_factory=list[Asked])
    pulls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    answer: Answer = lambda _asked: None
    elsewhere: str = ""
    """Where git is sent instead; empty where it is served."""
    seen_in_words: list[str] = field(default_factory=list[str])
    """The words of processes that held the token while git talked to us."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return self.url + _API

    @property
    def remote(self) -> str:
        """The URL of its repository."""
        return f"{self.url}/{REPOSITORY}.git"

    @property
    def repository(self) -> Path:
        return self.folder / f"{REPOSITORY}.git"

    def settings(self, **more: object) -> dict[str, Any]:
        """The `[forge]` section for it."""
        return {"api": self.api, "hosts": [self.host], "token": TOKEN, **more}

    def tip(self, branch: str) -> str:
        """Where a branch is; empty where there is none."""
        return git(
            self.repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}"
        )

    def of_api(self, method: str) -> list[Asked]:
        """The requests to the API."""
        return [each for each in self.asked if each.path.startswith(_API) and each.method == method]

    def pushes(self) -> int:
        """How many pushes came."""
        return sum(each.path.endswith("git-receive-pack") for each in self.asked if each.body)

    def open_pull(self, title: str, head: str, base: str, *, draft: bool = False) -> dict[str, Any]:
        """A pull request as the API describes it."""
        number = len(self.pulls) + 1
        pull: dict[str, Any] = {
            "number": number,
            "html_url": f"{self.url}/{REPOSITORY}/pull/{number}",
            "state": "open",
            "title": title,
            "draft": draft,
            "head": {
                "label": f"acme:{head}",
                "ref": head,
                "sha": self.tip(head),
                "repo": {"full_name": REPOSITORY},
            },
            "base": {"ref": base, "sha": self.tip(base), "repo": {"full_name": REPOSITORY}},
        }
        self.pulls.append(pull)
        return pull

    def reply(self, asked: Asked) -> Said:
        """What the API answers."""
        if (said := self.answer(asked)) is not None:
            return said
        if asked.authorization != f"Bearer {TOKEN}":
            return refusal(401, "Bad credentials")
        parts = urlsplit(asked.path)
        if parts.path != f"{_API}/repos/{REPOSITORY}/pulls":
            return refusal(404, "Not Found")
        if asked.method == "GET":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            return Said(200, [each for each in self.pulls if _matches(each, query)])
        wanted = asked.json
        head, base = wanted["head"], wanted["base"]
        if any(_matches(each, {"head": f"acme:{head}", "base": base}) for each in self.pulls):
            return refusal(
                422, "Validation Failed", f"A pull request already exists for acme:{head}."
            )
        if not self.tip(head):
            return refusal(422, "Validation Failed", "Head sha can't be blank")
        return Said(201, self.open_pull(wanted["title"], head, base, draft=wanted["draft"]))


def refusal(status: int, message: str, detail: str = "") -> Said:
    """An error as GitHub words it."""
    body: dict[str, Any] = {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
    if detail:
        body["errors"] = [{"resource": "PullRequest", "code": "custom", "message": detail}]
    return Said(status, body)


def _matches(pull: dict[str, Any], query: dict[str, str]) -> bool:
    wanted = {"head": pull["head"]["label"], "base": pull["base"]["ref"], "state": "open"}
    return all(wanted[name] == value for name, value in query.items() if name in wanted)


@contextmanager
def serving(folder: Path) -> Generator[ForgeServer]:
    """A forge below a folder, with an empty repository."""
    forge = ForgeServer(folder)
    forge.repository.mkdir(parents=True)
    git(forge.repository, "init", "--quiet", "--bare", "--initial-branch=main")
    git(forge.repository, "config", "http.receivepack", "true")

    class Handler(_Handler):
        world = forge

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    forge.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked was killed meanwhile, or has heard enough: no matter for us."""


class _Handler(BaseHTTPRequestHandler):
    world: ForgeServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, self.headers.get("Authorization", ""), body)
        self.world.asked.append(asked)
        if self.path.startswith(_API):
            self._say(self.world.reply(asked))
        else:
            self.world.seen_in_words += _words_with_token()
            self._git(asked)

    def _say(self, said: Said) -> None:
        raw = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        self.send_response(said.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("X-RateLimit-Limit", "5000")
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _git(self, asked: Asked) -> None:
        if self.world.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.world.elsewhere + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if asked.authorization != f"Basic {BASIC}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="GitHub"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        given = {
            "GIT_PROJECT_ROOT": str(self.world.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(asked.body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "token",
        }
        done = subprocess.run(
            ["git", "http-backend"],
            env=clean_environment() | given,
            input=asked.body,
            capture_output=True,
            check=False,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _words_with_token() -> list[str]:
    """The command lines of this machine that hold the token, as it is or as git sends it."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if TOKEN in words or BASIC in words:
            found.append(words)
    return found
