"""Neovim as a person has it: keys, and what can be read on its screen."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).with_suffix(".lua")
WITHIN_S = 40.0
"""How long something may take to become true."""
STOP_S = 10.0
"""How long Neovim may take to end before it is ended."""
_LOOK_AGAIN_S = 0.03
_REPLY_BYTES_MAX = 16 * 1024 * 1024


@dataclass(slots=True)
class Neovim:
    """One running Neovim."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def lua(self, code: str) -> Any:
        """What `code` returns. A statement without `return` gives nothing."""
        reply = await self._send({"lua": code})
        if "error" in reply:
            pytest.fail(f"Neovim says: {reply['error']}")
        return reply.get("result")

    async def type(self, keys: str) -> None:
        """Type keys, special ones as `<Esc>`."""
        await self._send({"keys": keys})

    async def command(self, command: str) -> None:
        """Run an Ex command."""
        await self.lua(f"vim.cmd({_quoted(command)})")

    async def open_file(self, path: Path) -> None:
        """Edit a file and wait until Steward is attached to it."""
        await self.command(f"edit {path}")
        await self.until("#vim.lsp.get_clients({ bufnr = 0 }) > 0")
        await self.until("vim.lsp.get_clients({ bufnr = 0 })[1].initialized == true")

    async def until(self, condition: str) -> None:
        """Wait until a Lua expression is true; the screen is in the failure."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while await self.lua(f"return ({condition}) and true or false") is not True:
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            pytest.fail(f"never true: {condition}\n{await self.screen()}\n{await self.shown()}")

    async def screen(self) -> str:
        """What stands on the screen."""
        return await self.lua("return screen()")

    async def shown(self) -> list[str]:
        """Every message so far."""
        return await self.lua("return shown")

    async def sees(self, text: str) -> str:
        """Wait until `text` stands on the screen, which is returned."""
        await self.until(f"screen():find({_quoted(text)}, 1, true)")
        return await self.screen()

    async def photograph(self, name: str) -> None:
        """Keep what stands on the screen as text, when somebody wants to look at it."""
        if folder := os.environ.get("STEWARD_SCREENSHOTS"):
            path = Path(folder, f"neovim_{name}.txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{await self.screen()}\n", "utf-8")

    async def sees_no_more(self, text: str) -> None:
        """Wait until `text` stands nowhere on the screen."""
        await self.until(f"not screen():find({_quoted(text)}, 1, true)")

    async def is_told(self, text: str) -> None:
        """Wait until a message with `text` was shown."""
        await self.until(f"table.concat(shown, '\\n'):find({_quoted(text)}, 1, true)")

    async def _send(self, message: Mapping[str, str]) -> Mapping[str, Any]:
        async with self._lock:
            self.writer.write(json.dumps(message).encode() + b"\n")
            await self.writer.drain()
            line = await self.reader.readline()
            if not line:
                pytest.fail("Neovim ended")
            return json.loads(line)


def _quoted(text: str) -> str:
    """A string in Lua; its escapes are JSON's but for those above ASCII."""
    return json.dumps(text, ensure_ascii=False)


@asynccontextmanager
async def open_neovim(
    program: Path, place: Path, workspace: Path, environment: Mapping[str, str], config: str
) -> AsyncGenerator[Neovim]:
    """Start Neovim in the workspace with `config` as its init.lua, and end it on the way out."""
    place.mkdir(parents=True)
    init = place / "init.lua"
    init.write_text(config, "utf-8")
    socket = place / "socket"
    folders = {
        name: str(place / name) for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    }
    process = await asyncio.create_subprocess_exec(
        *(str(program), "--clean", "--headless", "--cmd", "set columns=110 lines=40"),
        *("-u", str(init), "-S", str(DRIVER)),
        cwd=workspace,
        env={**environment, **folders, "HOME": str(place), "STEWARD_TEST_SOCKET": str(socket)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        reader, writer = await _connect(socket, process)
        yield Neovim(reader, writer)
        writer.close()
    finally:
        await _end(process)


async def _connect(
    socket: Path, process: asyncio.subprocess.Process
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                return await asyncio.open_unix_connection(socket, limit=_REPLY_BYTES_MAX)
            assert process.returncode is None, "Neovim ended at once"
            await asyncio.sleep(_LOOK_AGAIN_S)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End Neovim and everything that it started."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
