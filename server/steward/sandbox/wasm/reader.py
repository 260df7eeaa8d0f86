"""Cuts what a worker says into frames, and believes none of it."""

import asyncio
import json
from typing import Protocol, cast

from steward.core.wasm_limits import WASM_REPLY_BYTES_MAX
from steward.sandbox.wasm.child.frames import LENGTHS


class Hearer(Protocol):
    """Whom the frames are for."""

    def attached(self, pipe: asyncio.Transport) -> None:
        """The connection is there."""
        ...

    def detached(self) -> None:
        """The connection is gone."""
        ...

    def take(self, words: object, text: str) -> None:
        """A frame."""
        ...

    def nonsense(self) -> None:
        """No frame at all."""
        ...


class Reader(asyncio.Protocol):
    """The connection to one worker."""

    def __init__(self, hearer: Hearer) -> None:
        self._hearer = hearer
        self._rest = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._hearer.attached(cast("asyncio.Transport", transport))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """It is closed."""
        self._hearer.detached()

    def data_received(self, data: bytes) -> None:
        """Something has arrived."""
        self._rest += data
        rest, start = self._rest, 0
        try:
            while len(rest) - start >= LENGTHS.size:
                head, behind = cast("tuple[int, int]", LENGTHS.unpack_from(rest, start))
                if head + behind > WASM_REPLY_BYTES_MAX:
                    self._hearer.nonsense()
                    return
                middle = start + LENGTHS.size + head
                if len(rest) < middle + behind:
                    break
                words: object = json.loads(rest[start + LENGTHS.size : middle].decode("ascii"))
                text = rest[middle : middle + behind].decode("utf-8")
                start = middle + behind
                self._hearer.take(words, text)
        except (ValueError, RecursionError):
            self._hearer.nonsense()
        finally:
            del rest[:start]
