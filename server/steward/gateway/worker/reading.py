"""What the worker's process says, read strictly: its word is no more trusted than a provider's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast, get_args

from steward.core.errors import UnavailableError
from steward.core.limits import TOKENS_MAX, TOOL_CALLS_MAX, WORKER_FRAME_BYTES_MAX
from steward.gateway.provider import CallPart, Finished, Piece, Text, Thought, Vector
from steward.gateway.request import Usage
from steward.gateway.worker.child.frames import LENGTH

Kind = Literal["done", "cancelled", "unfit", "unreachable", "refused", "broke"]
"""How a call ended. After `unfit` and `unreachable` no request had left."""

_KINDS: dict[object, Kind] = {kind: kind for kind in get_args(Kind)}
_WORD_CHARS_MAX = 64
_SECONDS_CHARS_MAX = 10
_USAGE_COUNTS = 5


@dataclass(frozen=True, slots=True)
class Ready:
    """litellm is loaded."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Not this litellm is installed there, but `version`, or none."""

    version: str


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of this call's answer."""

    call: int
    piece: Piece
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call."""

    kind: Kind
    status: int = 0
    """The provider's last HTTP status; nought if there was none."""
    retry_after_s: float | None = None
    word: str = ""
    """The provider's or litellm's name for the error."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more comes for this call."""

    call: int
    outcome: Outcome


Frame = Ready | Unfit | Said | Ended


class FrameReader:
    """Cuts what arrives into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete now.

        Raises:
            UnavailableError: this is not what the process should say.
        """
        self._rest += data
        while len(self._rest) >= LENGTH.size:
            (length,) = cast("tuple[int]", LENGTH.unpack_from(self._rest))
            if length > WORKER_FRAME_BYTES_MAX:
                raise _nonsense()
            end = LENGTH.size + length
            if len(self._rest) < end:
                return
            body = bytes(self._rest[LENGTH.size : end])
            del self._rest[:end]
            yield _frame(body)


def _frame(body: bytes) -> Frame:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _nonsense() from error
    match value:
        case {"ready": str()}:
            return Ready()
        case {"unfit": str(version)}:
            return Unfit(version[:_WORD_CHARS_MAX])
        case {"id": int(call), "end": dict()}:
            end = cast("dict[str, dict[str, object]]", value)["end"]
            return Ended(call, _outcome(end))
        case {"id": int(call)}:
            return Said(call, _piece(cast("dict[str, object]", value)), len(body))
        case _:
            raise _nonsense()


def _piece(said: dict[str, object]) -> Piece:
    match said:
        case {"text": str(text)}:
            return Text(text)
        case {"thought": str(text)}:
            return Thought(text)
        case {"call": [int(index), str(id_), str(name), str(arguments)]} if index >= 0:
            # Above the most that is taken, so that it is refused and not mixed up.
            return CallPart(min(index, TOOL_CALLS_MAX * 2), id_, name, arguments)
        case {"vector": [int(index), list()]} if index >= 0:
            values = cast("dict[str, tuple[int, list[object]]]", said)["vector"][1]
            return Vector(index, _floats(values))
        case {"usage": list()}:
            return _usage(cast("dict[str, list[object]]", said)["usage"])
        case {"finished": str(reason)}:
            return Finished(reason[:_WORD_CHARS_MAX])
        case _:
            raise _nonsense()


def _usage(counts: list[object]) -> Usage:
    numbers = [count for count in counts if type(count) is int and 0 <= count <= TOKENS_MAX]
    if len(numbers) != len(counts) or len(numbers) != _USAGE_COUNTS:
        raise _nonsense()
    sent, answered, cached, kept, thought = numbers
    cached = min(cached, sent)
    return Usage(sent, answered, cached, min(kept, sent - cached), min(thought, answered))


def _floats(values: list[object]) -> tuple[float, ...]:
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) != len(values):
        raise _nonsense()
    return tuple(float(number) for number in numbers)


def _outcome(end: dict[str, object]) -> Outcome:
    said = end.get("kind")
    kind = _KINDS.get(said) if isinstance(said, str) else None
    status, word = end.get("status", 0), end.get("word", "")
    if kind is None or not isinstance(status, int) or not isinstance(word, str):
        raise _nonsense()
    is_name = word.isidentifier() and len(word) <= _WORD_CHARS_MAX
    return Outcome(kind, status, _seconds(end.get("retry_after")), word if is_name else "")


def _seconds(text: object) -> float | None:
    """Retry-After as seconds; its other form, a date, is not read."""
    if isinstance(text, str) and text.isdecimal() and len(text) < _SECONDS_CHARS_MAX:
        return float(text)
    return None


def _nonsense() -> UnavailableError:
    return UnavailableError(
        "The process that runs litellm said something that it should not, and was ended. Try again;"
        " if it happens again, install litellm anew with pip install 'steward[litellm]'."
    )
