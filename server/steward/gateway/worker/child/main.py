"""The program: load litellm, then make the calls that standard input orders, until it ends."""

import asyncio
import contextlib
import importlib
import importlib.metadata
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from .call import Call
from .frames import LENGTH, Json, written
from .guard import Guard, watch_http


def main(version: str) -> None:
    """Serve calls with this version of litellm until standard input ends."""
    # Whatever prints by itself shall not end up between the frames.
    answers = os.dup(1)
    os.dup2(2, 1)
    # A crash must not leave the key and the prompts in a file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    guard = Guard()
    guard.watch()
    found = _installed()
    if found != version:
        os.write(answers, written({"unfit": found}))
        return
    litellm = _load()
    os.write(answers, written({"ready": found}))
    asyncio.run(_serve(litellm, guard, answers))
    sys.stderr.flush()
    # Threads that litellm left behind are not waited for.
    os._exit(0)


def _installed() -> str:
    """Looked up before it is imported: another version's code is never called."""
    try:
        return importlib.metadata.version("litellm")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _load() -> Any:
    watch_http()
    # By its name: it is installed for this process, not for the one that checks the types.
    litellm: Any = importlib.import_module("litellm")
    litellm.telemetry = False
    litellm.callbacks = []
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.disable_streaming_logging = True
    # Its counts would pass for the provider's, and counting asks the network for tokenizers.
    litellm.disable_token_counter = True
    litellm.disable_hf_tokenizer_download = True
    litellm.disable_aiohttp_trust_env = True
    # It would leave out what a provider does not take, the limit of the output included, and send
    # what was refused once more.
    litellm.drop_params = False
    return litellm


async def _serve(litellm: Any, guard: Guard, answers: int) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(answers, "wb")
    )
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    calls: dict[int, asyncio.Task[None]] = {}

    def finish(call: Call, _task: asyncio.Task[None]) -> None:
        calls.pop(call.number)
        call.end()

    async with asyncio.TaskGroup() as group:
        async for order in _orders(reader):
            if "cancel" in order:
                if (task := calls.get(order["id"])) is not None:
                    # Closing a stream of litellm's does not always hang up; cancelling does.
                    task.cancel()
                continue
            for home in order["homes"] or (None,):
                guard.allow(home)
            call = Call(litellm, order, writer)
            calls[call.number] = group.create_task(call.make())
            calls[call.number].add_done_callback(partial(finish, call))
        for task in calls.values():
            task.cancel()


async def _orders(reader: asyncio.StreamReader) -> AsyncIterator[Json]:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            yield json.loads(await reader.readexactly(length))
