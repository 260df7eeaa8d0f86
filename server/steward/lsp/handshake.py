"""`initialize` on its way through the listener: what it shows us, and what the server gets."""

import json
from typing import Any, cast

from steward.core.errors import LimitError

Fields = dict[str, Any]

NOT_INITIALIZED = -32002
"""`ErrorCodes.ServerNotInitialized`: something came before `initialize`."""
REFUSED = -32803
"""`LSPErrorCodes.RequestFailed`: a valid request that we do not carry out."""
_ID_CHARS_MAX = 128


def parse(body: bytes) -> Fields:
    """The message's fields; none if it is no JSON object."""
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast(Fields, message) if isinstance(message, dict) else {}


def is_initialize(fields: Fields) -> bool:
    """Whether this is the request that begins a conversation."""
    return fields.get("method") == "initialize" and "id" in fields


def shown_token(fields: Fields) -> str:
    """What stands in `initializationOptions.steward.token`; an empty text if nothing does."""
    token = _ours(fields).get("token")
    return token if isinstance(token, str) else ""


def for_the_server(fields: Fields) -> bytes:
    """The message without the token, and without a process that the server would watch.

    The editor may run on another machine, where its process id means something else than here.
    """
    _ours(fields).pop("token", None)
    params = _object(fields, "params")
    if "processId" in params:
        params["processId"] = None
    return json.dumps(fields).encode("ascii")


def refusal(fields: Fields, code: int, message: str) -> bytes | None:
    """The error that answers a request; `None` where nothing waits for an answer."""
    if "method" not in fields or "id" not in fields:
        return None
    asked = fields["id"]
    is_id = isinstance(asked, int | str) and len(str(asked)) <= _ID_CHARS_MAX
    error = {"code": code, "message": message}
    answer = {"jsonrpc": "2.0", "id": asked if is_id else None, "error": error}
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
        fields = parse(body)
        self._is_over = fields.get("method") == "initialized"
        return for_the_server(fields) if fields.get("method") == "initialize" else body


def _ours(fields: Fields) -> Fields:
    return _object(_object(_object(fields, "params"), "initializationOptions"), "steward")


def _object(fields: Fields, name: str) -> Fields:
    found = fields.get(name)
    return cast(Fields, found) if isinstance(found, dict) else {}
