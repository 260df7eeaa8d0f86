"""JSON-RPC as the specification has it, on top of pygls.

Ours: every request gets exactly one answer, whatever is wrong with it; custom results stay plain
dictionaries; documents are `Documents`; and "exit" ends a loop that we own instead of the process.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Generator
from typing import Any, cast

from cattrs import Converter
from lsprotocol import converters, types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    lsp_method,
)

from steward.lsp.documents import Documents

_log = logging.getLogger(__name__)

REQUEST_FAILED = -32803
"""`LSPErrorCodes.RequestFailed`: a valid request that we could not carry out."""
_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600
_INVALID_PARAMS = -32602
_NOT_INITIALIZED = -32002


class StewardProtocol(LanguageServerProtocol):
    """One connection's protocol state."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ended = asyncio.Event()
        self.documents = Documents(None, None, self._note_document_change)
        self.on_document_change: Callable[[], None] = lambda: None

    @property
    def was_shut_down(self) -> bool:
        """Whether the client asked for the end before it left."""
        return self._shutdown

    def use_own_documents(self) -> None:
        """Replace the documents that pygls made for `initialize`."""
        made = self.workspace
        self.documents = Documents(
            made.root_uri, made.position_encoding, self._note_document_change
        )
        self._workspace = self.documents

    def receive(self, body: bytes) -> None:
        """Take one message. Whatever it holds, a request in it is answered."""
        try:
            data: Any = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, _PARSE_ERROR, "The message is not JSON.")
            return
        if not isinstance(data, dict):
            self._refuse(None, _INVALID_REQUEST, "A message is one JSON object.")
            return
        fields = cast(dict[str, Any], data)
        request_id = fields.get("id") if "method" in fields else None
        if self._workspace is None and fields.get("method") not in (types.INITIALIZE, types.EXIT):
            if request_id is not None:
                self._refuse(request_id, _NOT_INITIALIZED, "Send `initialize` first.")
            return
        if self._shutdown and request_id is not None:
            self._refuse(request_id, _INVALID_REQUEST, "The server was shut down.")
            return
        try:
            message = self.structure_message(fields)
            self.handle_message(cast(Any, message))
        except JsonRpcInvalidParams:
            _log.info("invalid parameters for %r", fields.get("method"))
            if request_id is not None:
                self._refuse(request_id, _INVALID_PARAMS, "The parameters do not fit the method.")
        except Exception:  # The outer boundary of the connection: one bad message, not the end.
            _log.exception("a message could not be handled")
            if request_id is not None:
                self._refuse(request_id, _INVALID_REQUEST, "The message could not be handled.")

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_args: Any) -> Generator[Any, Any, None]:
        """End the loop that reads; whoever owns it ends the process."""
        self.ended.set()
        yield from ()

    def _note_document_change(self) -> None:
        self.on_document_change()

    def _refuse(self, request_id: Any, code: int, message: str) -> None:
        error = {"code": code, "message": message}
        self._send_data({"jsonrpc": "2.0", "id": request_id, "error": error})


def plain_converter() -> Converter:
    """Lsprotocol's converter; what it has no type for stays as JSON gave it."""
    converter = converters.get_converter()
    for kind in (JsonRPCRequestMessage, JsonRPCResponseMessage, JsonRPCNotification):
        converter.register_structure_hook(kind, _as_it_is)
    return converter


def _as_it_is(value: Any, kind: Callable[..., Any]) -> Any:
    fields = {"params": None, **value} if "method" in value else {"result": None, **value}
    return kind(**fields)
