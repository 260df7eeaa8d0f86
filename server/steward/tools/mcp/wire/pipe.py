"""A server in the jail: JSON messages, a line each, over its standard input and output."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from anyio import ClosedResourceError, create_memory_object_stream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter
from pydantic import ValidationError

from steward.core.errors import LimitError
from steward.sandbox.launcher import Program
from steward.tools.mcp.wire.bounds import Item, Sieve
from steward.tools.mcp.wire.session import Failure, Streams


@asynccontextmanager
async def over_pipe(program: Program, failure: Failure) -> AsyncGenerator[Streams]:
    """The two streams that the SDK reads from and writes to."""
    inward, heard = create_memory_object_stream[Any](0)
    spoken, outward = create_memory_object_stream[Any](0)
    sieve = Sieve(inward)
    async with asyncio.TaskGroup() as group, inward, heard, spoken, outward:
        tasks = [
            group.create_task(_listen(program, sieve, inward, failure)),
            group.create_task(_speak(program, sieve, outward)),
        ]
        try:
            yield heard, spoken
        finally:
            for task in tasks:
                task.cancel()


async def _listen(
    program: Program, sieve: Sieve, inward: MemoryObjectSendStream[Any], failure: Failure
) -> None:
    try:
        while line := await program.stdout.readline():
            await sieve.take(_read(line))
        failure.reason = "it ended"
    except ValueError:
        # A line longer than the reader's limit.
        failure.reason = "it sent a message larger than we take"
    except (LimitError, ConnectionError) as error:
        failure.reason = str(error)
    except ClosedResourceError:
        return
    if program.ended_for is not None:
        failure.reason = f"it was ended for taking too much: {program.ended_for}"
    # Whoever waits for an answer is told that none comes.
    await inward.aclose()


async def _speak(
    program: Program, sieve: Sieve, outward: MemoryObjectReceiveStream[SessionMessage]
) -> None:
    async for said in outward:
        sieve.unasked = 0
        text = said.message.model_dump_json(by_alias=True, exclude_unset=True)
        try:
            program.stdin.write(f"{text}\n".encode())
            await program.stdin.drain()
        except ConnectionError:
            return


def _read(line: bytes) -> Item:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except (ValidationError, RecursionError) as error:
        return error if isinstance(error, ValidationError) else ValueError("too deep")
