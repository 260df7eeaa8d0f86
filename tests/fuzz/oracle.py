"""What the protocol says must become of a message, whatever it holds."""

from dataclasses import dataclass
from typing import Any, Literal, cast

from lsprotocol import types

from steward.core.limits import JSON_DEPTH_MAX
from tests.fuzz.values import required_names

Json = Any

OFFERED = (
    *("textDocument/inlineCompletion", "textDocument/codeAction", "textDocument/codeLens"),
    "workspace/executeCommand",
)
"""The requests of a session that this server answers with more than a refusal."""
DOES_NOT_FIT = "The parameters do not fit the method."
_MAY_REFUSE = (-32602, -32803)
_CANCELLED = -32800


@dataclass(frozen=True, slots=True)
class Due:
    """What a message must be answered with."""

    to: Literal["nobody", "no id", "its id"]
    code: int | None = None
    """The error's code, where only one is right."""


def due(message: Json) -> Due:
    """What is owed for a message; `None` is what was no JSON."""
    if message is None:
        return Due("no id", -32700)
    id_ = message.get("id")
    has_id = isinstance(id_, (int, str)) and not isinstance(id_, bool)
    refused = Due("its id" if has_id else "no id", -32600)
    if _depth(message) > JSON_DEPTH_MAX or message.get("jsonrpc") != "2.0":
        return refused
    if "method" not in message:
        return Due("nobody") if "id" in message else refused
    if not isinstance(message["method"], str):
        return refused
    if "id" not in message:
        return Due("nobody")
    if not has_id:
        return refused
    return Due("its id", _certain(message["method"], message.get("params")))


def check(sent: Json, answer: Json, wanted: Due, *, is_valid: bool, was_cancelled: bool) -> None:
    """Fail where an answer is not what is owed."""
    error = answer.get("error")
    told = f"{str(sent)[:2000]} was answered with {str(answer)[:2000]}"
    if wanted.code is not None:
        assert error is not None, told
        assert error["code"] == wanted.code, told
    elif error is not None:
        cancelled = (_CANCELLED,) if was_cancelled else ()
        assert error["code"] in _MAY_REFUSE + cancelled, told
        assert not (is_valid and error["message"] == DOES_NOT_FIT), told


def _certain(method: str, params: Json) -> int | None:
    kinds = cast("Json", types.METHOD_TO_TYPES.get(method))
    if kinds is None or method not in OFFERED:
        return -32601
    needed = required_names(kinds[2])
    if not isinstance(params, dict) or not set(needed) <= set(cast("Json", params)):
        return -32602
    return None


def _depth(value: Json) -> int:
    children: Json = ()
    if isinstance(value, dict):
        children = cast("Json", value).values()
    elif isinstance(value, list):
        children = cast("Json", value)
    else:
        return 0
    return 1 + max(map(_depth, children), default=0)
