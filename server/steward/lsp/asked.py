"""What we asked the editor and wait for. Ids of ours never mix with ids of its requests."""

import asyncio
import itertools
import logging
from collections.abc import Mapping
from typing import Any, cast

from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from steward.lsp.message import Response

_log = logging.getLogger(__name__)

_MESSAGE_CHARS_MAX = 500


class EditResult(types.ApplyWorkspaceEditResult):
    """The editor's answer to an edit, with what our own clients add to it."""

    reason: str = ""
    """Why the person said no, in their words; empty where they did not say."""


class Asked:
    """Open requests to the editor, by id."""

    def __init__(self, converter: Converter) -> None:
        self._converter = converter
        self._numbers = itertools.count(1)
        self._open: dict[str, tuple[str, asyncio.Future[Any]]] = {}

    def open(self, method: str, request_id: str | None) -> tuple[str, asyncio.Future[Any]]:
        """A place for an answer; whoever stops waiting for it also frees it."""
        request_id = request_id or f"steward-{next(self._numbers)}"
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._open[request_id] = (method, answer)
        answer.add_done_callback(lambda done: self._close(request_id, done))
        return request_id, answer

    def take(self, response: Response) -> None:
        """Hand an answer to whoever waits. One that nobody waits for is dropped.

        Whatever the editor sent, the wait ends: what does not fit ends it as an error.
        """
        known = self._open.get(response.id) if isinstance(response.id, str) else None
        if known is None or known[1].done():
            _log.info("dropped an answer to nothing that was asked")
            return
        method, answer = known
        if response.error is not None:
            answer.set_exception(_refusal(response.error))
            return
        try:
            answer.set_result(self._structured(method, response.result))
        except Exception as error:  # noqa: BLE001  Whatever is wrong with it, it is the editor's.
            _log.warning("the editor's answer to %s has the wrong shape", method)
            failure = JsonRpcException("The editor's answer has the wrong shape.")
            failure.__cause__ = error
            answer.set_exception(failure)

    def _structured(self, method: str, result: Any) -> Any:
        kinds = types.METHOD_TO_TYPES.get(method)
        if kinds is None:
            return result  # A method of ours: as JSON gave it.
        whole = {"jsonrpc": "2.0", "id": 0, "result": result}
        structured = self._converter.structure(whole, cast("type[Any]", kinds[1])).result
        if method != types.WORKSPACE_APPLY_EDIT:
            return structured
        return _with_reason(structured, result)

    def _close(self, request_id: str, done: asyncio.Future[Any]) -> None:
        known = self._open.get(request_id)
        if known is not None and known[1] is done:
            del self._open[request_id]
        if not done.cancelled():
            done.exception()  # Whoever waited may be gone: then nobody is to be told.


def _with_reason(known: types.ApplyWorkspaceEditResult, sent: Mapping[str, Any]) -> EditResult:
    answer = EditResult(known.applied, known.failure_reason, known.failed_change)
    reason = sent.get("reason")
    answer.reason = reason if isinstance(reason, str) else ""
    return answer


def _refusal(error: Any) -> JsonRpcException:
    fields = cast("Mapping[str, Any]", error if isinstance(error, Mapping) else {})
    code, message = fields.get("code"), fields.get("message")
    return JsonRpcException(
        message[:_MESSAGE_CHARS_MAX] if isinstance(message, str) else "The editor gave no reason.",
        code if isinstance(code, int) else None,
    )
