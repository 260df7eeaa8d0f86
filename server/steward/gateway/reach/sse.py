"""Server-sent events, read as the WHATWG's HTML standard says (section 9.2), within bounds."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from steward.core.errors import LimitError
from steward.core.limits import EVENT_BYTES_MAX, STREAM_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    name: str
    """Its type; empty if none was said."""
    data: str


async def events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Event]:
    """Each event that has data. One that was cut off by the end of the stream is left out.

    Raises:
        LimitError: an event, or all of them together, are larger than we take.
    """
    data: list[bytes] = []
    name = b""
    size = 0
    async for line in _lines(chunks):
        if not line:
            if data:
                yield Event(
                    name.decode("utf-8", "replace"), b"\n".join(data).decode("utf-8", "replace")
                )
            data, name, size = [], b"", 0
        elif line.startswith(b"data:"):
            size += len(line)
            if size > EVENT_BYTES_MAX:
                raise _too_large("an event", EVENT_BYTES_MAX)
            data.append(line[5:].removeprefix(b" "))
        elif line.startswith(b"event:"):
            name = line[6:].removeprefix(b" ")


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Lines without their ends. A lone carriage return, which nobody sends, ends none."""
    rest = b""
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > STREAM_BYTES_MAX:
            raise _too_large("a stream", STREAM_BYTES_MAX)
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
        if len(rest) > EVENT_BYTES_MAX:
            raise _too_large("a line", EVENT_BYTES_MAX)


def _too_large(what: str, most: int) -> LimitError:
    return LimitError(
        f"The model's answer contains {what} of more than {most} bytes; it was cut off there."
        " Ask for less, or use another provider."
    )
