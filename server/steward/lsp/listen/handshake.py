"""`initialize` on its way through the listener: what it shows us, and what the server gets."""

import json
from typing import Any, cast

from steward.core.errors import LimitError
from steward.lsp.message import (
    Message,
    MessageError,
    MessageId,
    Notification,
    Request,
    parse_message,
)

NOT_INITIALIZED = -32002
"""`ErrorCodes.ServerNotInitialized`: something came before `initialize`."""
REFUSED = -32803
"""`LSPErrorCodes.RequestFailed`: a valid request that we do not carry out."""

_ID_CHARS_MAX = 128


def first_request(body: bytes) -> Request | None:
    """The request in a client's first message; `None` if it holds none."""
    message = _parsed(body)
    return message if isinstance(message, Request) else None


def is_initialize(request: Request) -> bool:
    """Whether this is the request that begins a conversation."""
    return request.method == "initialize"


def shown_token(request: Request) -> str:
    """What stands in `initializationOptions.steward.token`; an empty text if nothing does."""
    token = _ours(request.params).get("token")
    return token if isinstance(token, str) else ""


def refusal(asked: MessageId, code: int, message: str) -> bytes:
    """The error that answers a request."""
    known = asked if len(str(asked)) <= _ID_CHARS_MAX else None
    answer = {"jsonrpc": "2.0", "id": known, "error": {"code": code, "message": message}}
    return json.dumps(answer).encode("ascii")


class Handshake:
    """Takes out of a client's first messages what the server must not get."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._is_over = False

    def pass_on(self, body: bytes) -> bytes:
        """The message as the server gets it.

        Until `initialized` every message is looked into, because a client may send `initialize`
        again after an error. Later ones pass as they are: they can be large.

        Raises:
            LimitError: the message is larger than one of a handshake may be.
        """
        if self._is_over:
            return body
        if len(body) > self._bytes_max:
            raise LimitError(f"A message before `initialized` exceeds {self._bytes_max} bytes.")
        match _parsed(body):
            case Request(id_, "initialize", params):
                return _written({"id": id_, "method": "initialize", "params": _plain(params)})
            case Notification("initialize", params):
                return _written({"method": "initialize", "params": _plain(params)})
            case Notification("initialized"):
                self._is_over = True
                return body
            case _:
                # The server reads with the same eyes: what is no message here is none there.
                return body


def _parsed(body: bytes) -> Message | None:
    try:
        return parse_message(body)
    except MessageError:
        return None


def _plain(params: Any) -> Any:
    """The parameters without the token, and without a process that the server would watch.

    The editor may run on another machine, where its process id means something else than here.
    """
    _ours(params).pop("token", None)
    fields = _object(params)
    if "processId" in fields:
        fields["processId"] = None
    return params


def _ours(params: Any) -> dict[str, Any]:
    return _object(_object(_object(params).get("initializationOptions")).get("steward"))


def _object(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _written(fields: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **fields}).encode("ascii")
