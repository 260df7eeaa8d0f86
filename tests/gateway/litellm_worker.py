"""What the tests of litellm's process share: the real one, and programs that stand in its place."""

import asyncio
import os
import stat
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from pydantic import SecretStr

from steward.core.errors import StewardError
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import Piece
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.gateway.worker.provider import LitellmProvider, Route
from steward.gateway.worker.worker import Worker
from tests.environment import ROOT
from tests.gateway.desk import asked

PYTHON = ROOT / ".worker" / "bin" / "python"
"""The interpreter that has litellm; `make worker` installs it."""
KEY = "sk-" + "for-litellm-only-0123456789"
URL = "http://127.0.0.1:9/v1"
"""Where nobody listens."""
MODEL = Model("elsewhere", "small")


def require_litellm() -> None:
    """Skip the test where litellm is not installed, or fail it where it has to be."""
    if PYTHON.exists():
        return
    reason = "litellm is not installed for the tests: run `make worker`"
    if os.environ.get("STEWARD_REQUIRE_WORKER") == "1":
        pytest.fail(f"STEWARD_REQUIRE_WORKER=1, but {reason}")
    pytest.skip(reason)


@dataclass
class Keys:
    """A key that a test may change between two calls."""

    value: str | None = KEY

    async def key(self, provider: str, base_url: str) -> SecretStr | None:
        return None if self.value is None else SecretStr(self.value)


@dataclass
class Elsewhere:
    """A provider behind litellm, and what came of the last call."""

    worker: Worker
    url: str | None
    keys: Keys = field(default_factory=Keys)
    route: Route = field(default_factory=lambda: Route("openai"))
    is_sent: bool = False

    @property
    def provider(self) -> LitellmProvider:
        return LitellmProvider("elsewhere", self.url, self.keys, self.worker, self.route)

    async def ask(
        self,
        request: ModelRequest | EmbeddingRequest | None = None,
        model: Model = MODEL,
        on_piece: Callable[[Piece], None] = lambda _: None,
    ) -> list[Piece]:
        self.is_sent = False
        pieces: list[Piece] = []
        prepared = self.provider.encode(model, request or asked())
        async for piece in self.provider.stream(prepared, self._note_sent):
            pieces.append(piece)
            on_piece(piece)
        return pieces

    async def fails(self, request: ModelRequest | EmbeddingRequest | None = None) -> StewardError:
        try:
            await self.ask(request)
        except StewardError as error:
            return error
        raise AssertionError("the call succeeded")

    def _note_sent(self) -> None:
        self.is_sent = True


def program(folder: Path, code: str) -> Path:
    """An executable that is started as if it were the interpreter, and says what it likes.

    There it has `say`, which writes a frame, `hear`, which waits for one, `ready`, which does
    both, and `wait`, which waits for a file.
    """
    file = folder / "interpreter"
    head = f"""\
        #!{sys.executable} -S
        import json, os, struct, sys, time
        def say(value):
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            os.write(1, struct.pack(">I", len(body)) + body)
        def read(size):
            data = b""
            while len(data) < size:
                part = os.read(0, size - len(data))
                if not part:
                    sys.exit()
                data += part
            return data
        def hear():
            return json.loads(read(struct.unpack(">I", read(4))[0]))
        def wait(path):
            while not os.path.exists(path):
                time.sleep(0.01)
        def ready():
            say({{"ready": "1.106.2"}})
            return hear()
        """
    file.write_text(textwrap.dedent(head) + textwrap.dedent(code), "utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


class Given(Protocol):
    """Gives a provider behind a program with this code."""

    def __call__(self, code: str, idle_s: float = 600.0) -> Elsewhere: ...


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def is_alive(process_id: int) -> bool:
    return Path(f"/proc/{process_id}").exists()
