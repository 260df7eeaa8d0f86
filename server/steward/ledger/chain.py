"""The seal on every entry: each vouches for itself and, through the one before it, for all.

An entry's seal is the HMAC-SHA256 of the seal before it and of everything the entry says, under a
key that is kept beside the database and not in it. Who can write the database but does not have
the key can change, remove, slip in or reorder nothing that `verify` does not find. What a chain
cannot show is that its end was cut off: for that there are checkpoints (`integrity.py`).
"""

import hmac
import json
from functools import lru_cache
from typing import NamedTuple

START = "0" * 64
"""What the first entry has for the seal before it."""


class Entry(NamedTuple):
    """One change of a call's accounts, in the order in which it is stored and sealed."""

    seq: int
    tenant_id: str
    team: str
    user: str
    workspace: str
    session: str
    period: str
    reservation_id: str
    at: str
    """UTC, as `2026-11-21 09:30:00.000000`."""
    kind: str
    reserved_change_nano_usd: int
    spent_change_nano_usd: int
    is_estimated: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    task: str
    model: str
    run_id: str | None
    price_version: str
    agent: str = ""
    provider: str = ""
    request_id: str = ""
    """Empty in entries from before requests had attempts: there it is the reservation's."""
    attempt: int = 1


_SEALED_SINCE_EVER = Entry._fields.index("price_version") + 1
"""Fields that every seal vouches for. The later ones came one by one."""
_DEFAULTS = tuple(Entry._field_defaults.values())


class Head(NamedTuple):
    """The end of the chain."""

    seq: int
    seal: str


def seal(key: bytes, before: str, entry: Entry) -> str:
    """The seal of `entry`, which stands behind the one that was sealed with `before`.

    JSON with ASCII escapes is one spelling for one value: a text that looks like a number, or two
    fields run together, give another seal.

    What an entry says by default at its end is left out, so one that was sealed before a field
    came keeps its seal. Nothing can hide in that: there is one default to read into the gap.
    """
    mac = _keyed(key).copy()
    mac.update(_spelt((before, *_without_defaults(entry))).encode("ascii"))
    return mac.hexdigest()


_spelt = json.JSONEncoder(check_circular=False).encode


@lru_cache(1)
def _keyed(key: bytes) -> hmac.HMAC:
    """The key taken up, which is half of the work of a seal."""
    return hmac.new(key, digestmod="sha256")


def _without_defaults(entry: Entry) -> tuple[object, ...]:
    end = len(entry)
    while end > _SEALED_SINCE_EVER and _is_default(entry, end - 1):
        end -= 1
    return entry[:end]


def _is_default(entry: Entry, at: int) -> bool:
    # Not `==` alone: what somebody overwrote with 1.0 or true is not what was sealed as 1.
    default = _DEFAULTS[at - _SEALED_SINCE_EVER]
    return entry[at] == default and type(entry[at]) is type(default)
