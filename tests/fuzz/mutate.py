"""One fault in a message, and what it does to the message's meaning."""

import copy
import json
from dataclasses import dataclass
from random import Random
from typing import Any, cast

Json = Any

_WRONG: tuple[Json, ...] = (
    None,
    True,
    -1,
    2**31,
    10**30,
    1.5,
    "text",
    "\ud800",
    [],
    {},
    [[]],
    {"a": 1},
    [None],
)


@dataclass(frozen=True, slots=True)
class Faulty:
    """A message with a fault."""

    body: bytes
    message: Json
    """What it says; `None` where the bytes are no JSON."""


def mutated(message: Json, chance: Random) -> Faulty:
    """The message with one place of it dropped, of another type, nested, or cut in the middle."""
    if chance.random() < 0.05:
        body = _broken(encoded(message, chance), chance)
        return Faulty(body, None)
    faulty = copy.deepcopy(message)
    places = list(_places(faulty))
    container, key = chance.choice(places)
    match chance.randrange(4):
        case 0:
            del container[key]
        case 1 | 2:
            container[key] = copy.deepcopy(chance.choice(_WRONG))
        case _:
            nested = container[key]
            for _ in range(chance.choice((1, 2, 50, 150, 250))):
                nested = [nested] if chance.random() < 0.5 else {"nested": nested}
            container[key] = nested
    return Faulty(encoded(faulty, chance), faulty)


def encoded(message: Json, chance: Random) -> bytes:
    """The message as JSON, in one of the spellings that clients use."""
    written = json.dumps(message, ensure_ascii=chance.random() < 0.5, allow_nan=False)
    try:
        return written.encode()
    except UnicodeEncodeError:  # Half a pair can only be escaped.
        return json.dumps(message, allow_nan=False).encode()


def _broken(body: bytes, chance: Random) -> bytes:
    """Bytes that are no JSON."""
    at = chance.randrange(1, len(body))
    return chance.choice(
        (
            body[:at],
            b"\xff" + body,
            body + b"]",
            b'{"jsonrpc": "2.0", "id": NaN}',
            b'{"jsonrpc": "2.0", "id": 1e999}',
            b"[" * 100_000,
        )
    )


def _places(value: Json) -> Any:
    """Every container and key below a value."""
    items: Any = ()
    if isinstance(value, dict):
        items = list(cast("dict[str, Json]", value).items())
    elif isinstance(value, list):
        items = list(enumerate(cast("list[Json]", value)))
    for key, item in items:
        yield value, key
        yield from _places(item)
