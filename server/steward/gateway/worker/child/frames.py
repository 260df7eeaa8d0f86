"""What travels between the worker's process and ours: four bytes of length, then a JSON object.

to it     {"id", "form", "url", "homes", "key", "key_parameter", "parameters", "request"}
          {"id", "cancel": true}                                hang up
from it   {"ready": version}, or {"unfit": what is installed}   once, at the start
          {"id", "sending": true}                               a request is about to leave
          {"id", "text" | "thought" | "call" | "vector" | "usage" | "finished": ...}
          {"id", "end": {"kind", "status", "retry_after", "word"}}   the last of a call
"""

import json
import struct
from typing import Any

Json = dict[str, Any]

LENGTH = struct.Struct(">I")

TEXT_CHARS_MAX = 8_000
"""Characters of one frame; a longer text is cut into several."""


def framed(body: bytes) -> bytes:
    """The JSON as it travels."""
    return LENGTH.pack(len(body)) + body


def written(value: Json) -> bytes:
    """The frame for this value."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return framed(text.encode("utf-8", "replace"))
