"""What travels between a worker and us: two lengths, a JSON list, and a text or bytes behind it.

to it     ["begin", orders]                        once, when what it was given is known to be ours
          ["component", name] + compiled code      a component that extensions may be made of
          ["load", call, extension, component, ms] + bundle
          ["handle", call, extension, ms, topic] + payload
          ["answer", call, "text" | "none" | refusal] + text
          ["cancel", call]                         nobody waits for it any more
          ["unload", extension]
from it   ["ready", report] | ["unfit", reason]    once
          ["ask", call, name, arguments]           and it waits for the answer
          ["log", call, level] + text              and it does not wait
          ["done", call, "ok" | "raised" | reason] + text
"""

import json
import struct
from typing import Any

LENGTHS = struct.Struct("<II")
"""Of the list and of what is behind it."""

_ENCODED = json.JSONEncoder(separators=(",", ":")).encode


def written(words: list[Any], behind: bytes = b"") -> bytes:
    """The frame as it travels."""
    head = _ENCODED(words).encode("ascii")
    return b"".join((LENGTHS.pack(len(head), len(behind)), head, behind))


def packed(text: str) -> bytes:
    """A text as it travels; what is no character becomes a question mark."""
    return text.encode("utf-8", "replace")
