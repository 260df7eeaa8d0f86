"""Messages on a byte stream: headers, an empty line, and a body of the promised length.

LSP 3.18, "Base Protocol". Every size that the other side names is checked before it is believed.
"""

import asyncio
import re

from steward.core.errors import LimitError
from steward.core.limits import HEADER_BYTES_MAX, MESSAGE_BYTES_MAX

_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,10})[ \t]*\r?\n\Z", re.IGNORECASE)
_NAMED = re.compile(rb"content-length[ \t]*:", re.IGNORECASE)


async def read_message(reader: asyncio.StreamReader) -> bytes | None:
    """The next message's body; `None` when the other side has hung up.

    Lines may end with LF alone, and names may be written in any case: some clients do.

    Raises:
        LimitError: headers or body are larger than we take, or the length is missing, no number,
            or given twice. Where the next message begins is then unknown, so the stream cannot be
            read on.
    """
    try:
        length = await _read_length(reader)
        if length is None:
            raise LimitError("A message came without a usable Content-Length header.")
        if length > MESSAGE_BYTES_MAX:
            raise LimitError(f"A message of {length} bytes exceeds {MESSAGE_BYTES_MAX} bytes.")
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise LimitError(f"A message's headers exceed {HEADER_BYTES_MAX} bytes.") from error


async def _read_length(reader: asyncio.StreamReader) -> int | None:
    """The length that the headers give."""
    length: int | None = None
    left = HEADER_BYTES_MAX
    while (line := await reader.readuntil(b"\n")) not in (b"\r\n", b"\n"):
        left -= len(line)
        if left < 0:
            raise LimitError(f"A message's headers exceed {HEADER_BYTES_MAX} bytes.")
        if not _NAMED.match(line):
            continue
        if length is not None:
            raise LimitError("A message has two Content-Length headers.")
        if (found := _LENGTH.match(line)) is None:
            return None
        length = int(found[1])
    return length
