"""A shipped extension in the real sandbox, with the same world around it as in `sdk`."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from steward.core.clock import SystemClock
from steward.extensions import payloads
from steward.sandbox.wasm.worker import Answer, Guest, HostCalls, WasmBounds, Workers
from tests.environment import ROOT
from tests.extensions.shipped import sdk
from tests.extensions.shipped.sdk import World

Json = Any
CACHE = ROOT / ".runtimes" / "cache"
"""Compiled runtimes; all tests of this checkout share them, since compiling one takes long."""
_BOUNDS = WasmBounds(call_ms=5_000)
"""Time alone is generous, since the clock on the wall counts and a suite keeps a machine busy."""
_REFUSALS: dict[type[sdk.HostError], Any] = {
    sdk.Denied: "denied",
    sdk.NotFound: "not-found",
    sdk.Invalid: "invalid",
    sdk.Limit: "limit",
    sdk.Unavailable: "unavailable",
}


class _Calls(HostCalls):
    """Answers what comes out of the sandbox from a world: a method for each call."""

    def __init__(self, host: sdk.Host) -> None:
        self._host = host

    async def answer(self, extension: str, name: str, arguments: Sequence[str | None]) -> Answer:
        """As `sdk.Host` answers."""
        call: Callable[..., str | None] = getattr(self, name.replace("-", "_"))
        try:
            return "ok", call(*arguments)
        except sdk.HostError as error:
            return _REFUSALS[type(error)], str(error)

    def read_file(self, path: str) -> str:
        return self._host.read_file(path)

    def list_files(self, request: str) -> str:
        return _json(paths=self._host.list_files(**json.loads(request)), is_whole=True)

    def git_read(self, request: str) -> str:
        return _json(text=self._host.git(**json.loads(request)), is_whole=True)

    def product_state(self, part: str) -> str:
        return json.dumps(self._host.state(part))

    def propose_edit(self, request: str) -> str:
        return _json(proposal=self._host.propose_edit(**json.loads(request)))

    def ask_model(self, request: str) -> str:
        wanted = json.loads(request)
        return _json(**vars(self._host.ask_model(wanted.pop("messages"), **wanted)))

    def run_command(self, request: str) -> str:
        return _json(**vars(self._host.run_command(**json.loads(request))))

    def storage_get(self, key: str) -> str | None:
        kept = self._host.storage_get(key)
        return None if kept is None else json.dumps(kept)

    def storage_set(self, key: str, value: str | None) -> None:
        self._host.storage_set(key, None if value is None else json.loads(value))

    def emit(self, name: str, payload: str) -> None:
        self._host.emit(name, json.loads(payload))

    def log(self, level: str, text: str) -> None:
        self._host.log(text, level)

    def show_message(self, level: str, text: str) -> None:
        self._host.show_message(text, level)

    def show_panel(self, panel: str, content: str) -> None:
        self._host.show_panel(panel, *json.loads(content)["blocks"])

    def config_get(self, key: str) -> str:
        return json.dumps(self._host.config(key))


def _json(**told: Json) -> str:
    return json.dumps(told)


class Sandboxed:
    """One shipped extension in a worker."""

    def __init__(self, name: str, world: World, workers: Workers) -> None:
        self.world = world
        self.manifest = sdk.manifest_of(name)
        self._workers = workers
        self._files = sdk.texts_of(name)
        self._calls = _Calls(sdk.Host(self.manifest, world, self._files))

    async def load(self) -> payloads.LoadResponse:
        """Start it; what it registered."""
        bundle = payloads.LoadRequest(
            id=self.manifest.id,
            version=self.manifest.version,
            api_version=self.manifest.api_version,
            entry=self.manifest.entry,
            files=self._files,
        )
        guest = Guest(self.manifest.id, "python", bundle.model_dump_json())
        answer = await self._workers.load(guest, self._calls, is_shipped=True)
        return payloads.LoadResponse.model_validate_json(answer)

    async def handle(self, topic: str, payload: payloads.Payload | dict[str, Json]) -> Json:
        """What it answers to an event."""
        text = json.dumps(payload) if isinstance(payload, dict) else payload.model_dump_json()
        return json.loads(await self._workers.handle(self.manifest.id, topic, text))

    async def command(self, name: str, arguments: Json = None, **place: Json) -> str | None:
        """What a command answers; `place` are fields of `Place`."""
        told = {"place": place, "arguments": arguments}
        request = payloads.CommandRequest.model_validate(told)
        answer = await self.handle(f"command:{name}", request)
        return payloads.CommandResponse.model_validate(answer).message

    async def saved(self, path: str, text: str, language: str = "") -> list[str]:
        """Codes of the remarks on a file that was saved."""
        event = payloads.FileSaved(path=path, language=language, text=text, version=1)
        answer = payloads.FileSavedResponse.model_validate(await self.handle("onFileSave", event))
        return [each.code for each in answer.diagnostics]

    async def stage(self, name: str, **request: Json) -> payloads.StageResponse:
        """What a context stage answers."""
        checked = payloads.StageRequest.model_validate(request)
        return payloads.StageResponse.model_validate(await self.handle(f"context:{name}", checked))


@asynccontextmanager
async def sandboxed(name: str, world: World) -> AsyncGenerator[Sandboxed]:
    """A shipped extension in a worker of its own, loaded, until the block ends."""
    workers = Workers(SystemClock(), CACHE, bounds=_BOUNDS)
    try:
        extension = Sandboxed(name, world, workers)
        loaded = await extension.load()
        assert set(loaded.commands) == {command.id for command in extension.manifest.commands}
        assert set(loaded.hooks) == {hook.event for hook in extension.manifest.hooks}
        yield extension
    finally:
        await workers.aclose()
