"""JSON-RPC as the specification has it, on top of pygls' table of methods.

Ours: every request gets exactly one answer, whatever is wrong with it; the editor's ids and ours
are kept apart; documents are `Documents`; and "exit" ends a loop that we own instead of the
process.
"""

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Generator, Mapping
from functools import partial
from typing import Any, cast

from cattrs import Converter
from lsprotocol import converters, types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method

from steward.core.limits import LIVE_REQUESTS_MAX, REFUSAL_CHARS_MAX
from steward.lsp.asked import Asked
from steward.lsp.documents import Document, Documents, OnEdit
from steward.lsp.message import (
    INVALID_REQUEST,
    PARSE_ERROR,
    MessageError,
    MessageId,
    Notification,
    Request,
    Response,
    parse_message,
)
from steward.lsp.trigger_kind import TriggerKinds
from steward.workspace.lines import Place

_log = logging.getLogger(__name__)

REQUEST_FAILED = -32803
"""`LSPErrorCodes.RequestFailed`: a valid request that we could not carry out."""
_NOT_INITIALIZED = -32002
_METHOD_NOT_FOUND = -32601
_INVALID_PARAMS = -32602
_INTERNAL_ERROR = -32603
_CANCELLED = -32800

_CLOSE_WITHIN_S = 0.5

_NOT_OFFERED = (
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    # Only the folder of the start counts; pygls would keep every later one.
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
    # Runs have tokens of their own; see `features/progress_cancel`.
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
)
"""What pygls answers by itself and we do not want answered so."""

_NEVER_HALF = (types.WORKSPACE_EXECUTE_COMMAND,)
"""Not cancelled: half of something with effects is worse than all of it, and all are short."""

Handler = Callable[..., Any]


class StewardProtocol(LanguageServerProtocol):
    """One connection's protocol state."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ended = asyncio.Event()
        self.documents = Documents(
            None, None, self._note_document_change, self._warn, self._note_edit, self._note_gone
        )
        self.on_document_change: Callable[[], None] = lambda: None
        self.on_edit: OnEdit = lambda _document, _start, _removed, _inserted: None
        self.on_gone: Callable[[str], None] = lambda _uri: None
        self.on_initialize: Callable[[types.InitializeParams], None] = lambda _params: None
        """Called for the transport, which wants to know whose child it is."""
        self._asked = Asked(self._converter)
        self._live: dict[MessageId, asyncio.Task[Any]] = {}
        self._working: dict[asyncio.Task[Any], str] = {}
        self._begun = 0
        """Handlers that were started so far."""
        # pygls' table of methods, which it does not type.
        table: Any = self.fm
        self._builtin: dict[str, Handler] = table.builtin_features
        self._features: dict[str, Handler] = table.features
        self._commands: dict[str, Callable[..., Awaitable[Any]]] = table.commands
        self._options: dict[str, Any] = table.feature_options
        for method in _NOT_OFFERED:
            del self._builtin[method]
        self._builtin[types.WORKSPACE_EXECUTE_COMMAND] = self._execute_command

    @property
    def was_shut_down(self) -> bool:
        """Whether the client asked for the end before it left."""
        return self._shutdown

    def receive(self, body: bytes) -> bool:
        """Take one message. Whatever it holds, a request in it is answered once.

        Gives whether a handler is to start, which it does when the loop goes round.
        """
        begun = self._begun
        try:
            message = parse_message(body)
        except MessageError as error:
            _log.warning("refused a message: %s", error)
            self._refuse(error.id, error.rpc_code, str(error))
            return False
        match message:
            case Request():
                self._take_request(message)
            case Notification():
                self._take_notification(message)
            case Response():
                if not self._shutdown:
                    self._asked.take(message)
        return self._begun != begun

    def refuse_stream(self, reason: str) -> None:
        """Say that nothing more can be read from this client."""
        self._refuse(None, PARSE_ERROR, reason)

    def send_request_async(
        self, method: str, params: Any | None = None, msg_id: MessageId | None = None
    ) -> asyncio.Future[Any]:
        """Ask the editor. Cancel the future to stop waiting; a later answer is then dropped.

        Raises (when awaited):
            JsonRpcException: the editor refused, or its answer does not fit the question.
        """
        request_id, answer = self._asked.open(method, None if msg_id is None else str(msg_id))
        try:
            asked = self._converter.unstructure(params)
            self._send({"jsonrpc": "2.0", "id": request_id, "method": method, "params": asked})
        except Exception as error:
            answer.cancel()
            raise JsonRpcException(f"{method} could not be sent.") from error
        return answer

    async def close(self) -> None:
        """End whatever still works for this client; commands get a moment to come to their end."""
        working = dict(self._working)
        for task, method in working.items():
            if method not in _NEVER_HALF:
                task.cancel()
        if working:
            _, slow = await asyncio.wait(working, timeout=_CLOSE_WITHIN_S)
            for task in slow:
                task.cancel()

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        """Learn what the editor can do, and say what we can."""
        # Not pygls' own: it reads every folder's URI, and a strange one would end the start.
        self.client_capabilities = params.capabilities
        encoding = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
        self.documents = Documents(
            None, encoding, self._note_document_change, self._warn, self._note_edit, self._note_gone
        )
        self._workspace = self.documents
        self.on_initialize(params)
        yield self._features[types.INITIALIZE], (params,), None
        self.server_capabilities = ServerCapabilitiesBuilder(
            params.capabilities,
            {*self._features, *self._builtin},
            self._options,
            list(self._commands),
            types.TextDocumentSyncKind.Incremental,
            None,
            encoding,
        ).build()
        return types.InitializeResult(self.server_capabilities, self.server_info)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Change an open document; all changes of one notification have one version."""
        self.documents.change(params.text_document, params.content_changes)
        yield from ()

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_args: Any) -> Generator[Any, Any, None]:
        """Begin no more; what the client may still want is what was begun."""
        self._shutdown = True
        for request_id in list(self._live):
            self._cancel(request_id)
        yield from ()

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_args: Any) -> Generator[Any, Any, None]:
        """End the loop that reads; whoever owns it ends the process."""
        self.ended.set()
        yield from ()

    def _take_request(self, request: Request) -> None:
        if request.id in self._live:
            # Its answer could not be told from the first one's: that one id gets one answer.
            _log.warning("dropped a request whose id is in use: %.100r", request.id)
            return
        if (refusal := self._why_not_now(request)) is not None:
            self._refuse(request.id, *refusal)
            return
        handler = self._handler(request.method, wants_answer=True)
        if handler is None:
            _log.info("no such request: %.100r", request.method)
            self._refuse(request.id, _METHOD_NOT_FOUND, f"There is no request {request.method!r}.")
            return
        try:
            params = self._structured(request.method, request.params)
        except Exception:  # Whatever is wrong with them, they are the client's.
            _log.info("parameters that do not fit %s", request.method)
            self._refuse(request.id, _INVALID_PARAMS, "The parameters do not fit the method.")
            return
        if inspect.iscoroutinefunction(handler):
            task = self._work(request.method, handler, params)
            self._live[request.id] = task
            task.add_done_callback(partial(self._finish, request.id, request.method))
            return
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            done.set_result(_in_place(handler, params))
        except Exception as error:  # An outer boundary: this request fails, the server goes on.
            done.set_exception(error)
        self._answer(request.id, request.method, done)

    def _why_not_now(self, request: Request) -> tuple[int, str] | None:
        if self._shutdown:
            return INVALID_REQUEST, "The server was shut down."
        is_first = request.method == types.INITIALIZE
        if self._workspace is None and not is_first:
            return _NOT_INITIALIZED, "Send `initialize` first."
        if self._workspace is not None and is_first:
            return INVALID_REQUEST, "The server is initialized already."
        if len(self._live) >= LIVE_REQUESTS_MAX:
            return REQUEST_FAILED, f"{LIVE_REQUESTS_MAX} requests are unanswered; wait for some."
        return None

    def _take_notification(self, notification: Notification) -> None:
        method = notification.method
        if method == types.EXIT:
            self.ended.set()
            return
        if self._workspace is None or self._shutdown:
            return
        if method == types.CANCEL_REQUEST:
            self._cancel(_field(notification.params, "id"))
            return
        handler = self._handler(method, wants_answer=False)
        if handler is None:
            _log.debug("nothing listens to %.100r", method)
            return
        try:
            params = self._structured(method, notification.params)
        except Exception:  # As in a request, only that nobody waits to be told.
            _log.warning("dropped a notification whose parameters do not fit %s", method)
            return
        try:
            if inspect.iscoroutinefunction(handler):
                task = self._work(method, handler, params)
                task.add_done_callback(partial(_log_failure, method))
            else:
                _in_place(handler, params)
        except Exception:  # An outer boundary: this message is lost, the server goes on.
            _log.exception("%s broke", method)

    def _handler(self, method: str, *, wants_answer: bool) -> Handler | None:
        """Who answers. A notification sent as a request is no request, and the other way round."""
        kinds = cast("tuple[Any, ...] | None", types.METHOD_TO_TYPES.get(method))
        if kinds is None or (kinds[1] is not None) != wants_answer:
            return None
        return self._builtin.get(method) or self._features.get(method)

    def _structured(self, method: str, params: Any) -> Any:
        shape = cast("type[Any] | None", types.METHOD_TO_TYPES[method][2])
        # What takes no parameters takes any: some clients send an empty object.
        return None if shape is None else self._converter.structure(params, shape)

    def _work(self, method: str, handler: Handler, params: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(handler(params))
        self._begun += 1
        self._working[task] = method
        task.add_done_callback(self._working.__delitem__)
        return task

    def _cancel(self, request_id: Any) -> None:
        if not isinstance(request_id, (int, str)) or isinstance(request_id, bool):
            return
        task = self._live.get(request_id)
        if task is not None and self._working.get(task) not in _NEVER_HALF:
            task.cancel()

    def _finish(self, request_id: MessageId, method: str, task: asyncio.Task[Any]) -> None:
        del self._live[request_id]
        self._answer(request_id, method, task)

    def _answer(self, request_id: MessageId, method: str, done: asyncio.Future[Any]) -> None:
        """The one place that answers a request that was taken on."""
        try:
            result = self._converter.unstructure(done.result())
            self._send({"jsonrpc": "2.0", "id": request_id, "result": result})
        except asyncio.CancelledError:
            self._refuse(request_id, _CANCELLED, "The request was cancelled.")
        except JsonRpcException as error:
            self._refuse(request_id, error.code, error.message, error.data)
        except Exception:  # An outer boundary: a bug of ours, or an answer that is not JSON.
            _log.exception("%s broke", method)
            reason = "Something went wrong inside Steward; see its log."
            self._refuse(request_id, _INTERNAL_ERROR, reason)

    def _refuse(
        self, request_id: MessageId | None, code: int, message: str, data: Any = None
    ) -> None:
        error: dict[str, Any] = {"code": code, "message": message[:REFUSAL_CHARS_MAX]}
        if data is not None:
            error["data"] = data
        self._send({"jsonrpc": "2.0", "id": request_id, "error": error})

    def _send_data(self, data: Any) -> None:
        """As pygls calls it for notifications and requests of ours. Never a toast on failure."""
        try:
            self._send(self._converter.unstructure(data))
        except Exception:  # An outer boundary: one message less, which nobody waits for.
            _log.exception("a message could not be sent")

    def _send(self, message: Mapping[str, Any]) -> None:
        # `allow_nan`: what is no JSON must not reach the protocol.
        body = json.dumps(
            message, default=self._serialize_message, allow_nan=False, separators=(",", ":")
        ).encode()
        writer = cast(Any, self.writer)
        if writer is not None:
            writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _execute_command(self, params: types.ExecuteCommandParams) -> Any:
        command = self._commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command!r}.")
        return await command(*(params.arguments or ()))

    def _note_document_change(self) -> None:
        self.on_document_change()

    def _note_edit(self, document: Document, start: Place, removed: str, inserted: str) -> None:
        self.on_edit(document, start, removed, inserted)

    def _note_gone(self, uri: str) -> None:
        self.on_gone(uri)

    def _warn(self, message: str) -> None:
        params = types.ShowMessageParams(types.MessageType.Warning, f"Steward: {message}")
        self.notify(types.WINDOW_SHOW_MESSAGE, params)


def plain_converter() -> Converter:
    """Lsprotocol's converter for one connection, also with a client of drafts of the protocol."""
    converter = converters.get_converter()
    kinds = TriggerKinds()
    converter.register_structure_hook(
        types.InlineCompletionTriggerKind, lambda value, _kind: kinds.read(value)
    )
    return converter


def _in_place(handler: Handler, params: Any) -> Any:
    """Carry out what needs no waiting; pygls' own handlers hand on to ours by yielding them."""
    steps: Any = handler(params)
    if not inspect.isgenerator(steps):
        return steps
    steps = cast("Generator[tuple[Handler, tuple[Any, ...], None], Any, Any]", steps)
    given: Any = None
    while True:
        try:
            inner, arguments, _ = steps.send(given)
        except StopIteration as end:
            return end.value
        given = inner(*arguments)


def _field(params: Any, name: str) -> Any:
    return cast("Mapping[str, Any]", params).get(name) if isinstance(params, Mapping) else None


def _log_failure(method: str, task: asyncio.Task[Any]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    if isinstance(error, JsonRpcException):
        _log.info("%s was refused", method)
    else:
        _log.error("%s broke", method, exc_info=error)
