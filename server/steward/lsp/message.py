"""What one message is: a request, a notification, a response, or nothing that we can take.

JSON-RPC 2.0, and LSP 3.18, "Base Protocol". Nothing here believes a shape that it has not seen.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from steward.core.depth import is_deeper
from steward.core.errors import InvalidInputError
from steward.core.limits import JSON_DEPTH_MAX

PARSE_ERROR = -32700
INVALID_REQUEST = -32600

MessageId = int | str
"""`1` and `"1"` are two ids."""


@dataclass(frozen=True, slots=True)
class Request:
    """Wants exactly one answer."""

    id: MessageId
    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Notification:
    """Wants none."""

    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Response:
    """Answers a request of ours. `error` counts where there is one, whatever `result` says."""

    id: Any
    result: Any
    error: Any


Message = Request | Notification | Response


class MessageError(InvalidInputError):
    """A message that cannot be taken; `id` is the request's where it could be made out."""

    code = "steward.message"

    def __init__(self, message: str, rpc_code: int, id: MessageId | None = None) -> None:
        super().__init__(message)
        self.rpc_code = rpc_code
        self.id = id


def parse_message(body: bytes) -> Message:
    """The message in a body.

    Raises:
        MessageError: it is not JSON, or not a message.
    """
    try:
        # Not `json.loads(body)`: that takes UTF-16 and encoded halves of surrogate pairs as well.
        data: Any = _DECODER.decode(body.decode().removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise MessageError("The message is not JSON in UTF-8.", PARSE_ERROR) from error
    if not isinstance(data, dict):
        raise MessageError("A message is one JSON object.", INVALID_REQUEST)
    fields = cast(dict[str, Any], data)
    if body.count(b"[") + body.count(b"{") > JSON_DEPTH_MAX:
        _refuse_deep(fields)
    if _HALF_PAIR in body or _HALF_PAIR_CAPITAL in body:
        for name in ("method", "params", "result", "error"):
            if name in fields:
                fields[name] = without_half_pairs(fields[name])
    return _classified(fields)


def without_half_pairs(value: Any) -> Any:
    """The JSON value, with U+FFFD for every half of a surrogate pair in it.

    JSON can carry them, and no database, file or provider takes them. The replacement is one code
    unit in UTF-16 too, so every position stays where it is; editors write the same to disk.
    """
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, list):
        return [without_half_pairs(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {_whole(name): without_half_pairs(item) for name, item in items}
    return value


def _classified(fields: Mapping[str, Any]) -> Message:
    id_, known_id = fields.get("id"), _known_id(fields)
    if fields.get("jsonrpc") != "2.0":
        raise MessageError('A message says `"jsonrpc": "2.0"`.', INVALID_REQUEST, known_id)
    if "method" not in fields:
        if "id" in fields:  # Some clients leave an empty result out.
            return Response(id_, fields.get("result"), fields.get("error"))
        raise MessageError("A request needs a method.", INVALID_REQUEST, known_id)
    method = fields["method"]
    if not isinstance(method, str):
        raise MessageError("A method is a name.", INVALID_REQUEST, known_id)
    if "id" not in fields:
        return Notification(method, fields.get("params"))
    if known_id is None:
        raise MessageError("A request's id is a whole number or a text.", INVALID_REQUEST)
    return Request(known_id, method, fields.get("params"))


def _known_id(fields: Mapping[str, Any]) -> MessageId | None:
    value = fields.get("id")
    # `True == 1`, and as a key it would be the same id.
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _refuse_deep(fields: Mapping[str, Any]) -> None:
    """Whatever follows may recurse through the message, so its depth is known to be small."""
    if is_deeper(fields, JSON_DEPTH_MAX):
        reason = f"The message nests deeper than {JSON_DEPTH_MAX} levels."
        raise MessageError(reason, INVALID_REQUEST, _known_id(fields))


def _whole(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("JSON has neither NaN nor Infinity")


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
_HALF_PAIR, _HALF_PAIR_CAPITAL = b"\\ud", b"\\uD"
"""How an escaped half begins; unescaped halves are no UTF-8."""
