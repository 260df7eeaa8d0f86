"""Messages on a byte stream: headers, an empty line, and a body of the promised length.

LSP 3.18, "Base Protocol". Every size that the other side names is checked before it is believed.
"""

import asyncio
import re

from steward.core.errors import LimitError
from steward.core.limits import HEADER_BYTES_MAX, MESSAGE_BYTES_MAX

_LENGTH = re.compile(rb"(?:\A|\n)content-length:[ \t]*(\d{1,10})[ \t]*\r?\n", re.IGNORECASE)
_END = b"\r\n\r\n"


async def read_message(reader: asyncio.StreamReader) -> bytes | None:
    """The next message's body; `None` when the other side has hung up.

    Raises:
        LimitError: headers or body are larger than we take, or there is no length. Where the next
            message begins is then unknown, so the stream cannot be read on.
    """
    try:
        headers = await reader.readuntil(_END)
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise LimitError(f"A message's headers exceed {HEADER_BYTES_MAX} bytes.") from error
    found = _LENGTH.search(headers)
    if len(headers) > HEADER_BYTES_MAX or found is None:
        raise LimitError("A message came without a usable Content-Length header.")
    length = int(found[1])
    if length > MESSAGE_BYTES_MAX:
        raise LimitError(f"A message of {length} bytes exceeds {MESSAGE_BYTES_MAX} bytes.")
    try:
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
