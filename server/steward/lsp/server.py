"""The language server: one table of what we answer, and how.

Start reading here. Every protocol method and every command is one row below.
"""

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from steward import __version__
from steward.core.errors import InvalidInputError, StewardError
from steward.lsp.features import (
    agent_file,
    chat,
    commands,
    drafts,
    extension_hooks,
    extensions,
    feedback,
    ghost_text,
    instructions,
    mcp,
    menu,
    next_edit,
    pages,
    sent,
    standings,
    trust,
    undo,
    why,
)
from steward.lsp.features.code_action import KINDS, code_action
from steward.lsp.features.code_lens import code_lens
from steward.lsp.features.inline_completion import completion, inline_completion
from steward.lsp.features.lifecycle import initialize, initialized
from steward.lsp.features.progress_cancel import cancel_progress
from steward.lsp.protocol import REQUEST_FAILED, StewardProtocol, plain_converter
from steward.lsp.session import Session

_log = logging.getLogger(__name__)

P = TypeVar("P")
R = TypeVar("R")

COMMANDS: dict[str, commands.Command] = {
    "steward.agent.run": commands.run_agent,
    "steward.agent.list": agent_file.list_agents,
    "steward.agent.new": agent_file.new_agent,
    "steward.agent.show": agent_file.show_agent,
    "steward.workspace.trust": agent_file.trust_workspace,
    "steward.workspace.enables": trust.show_enabled,
    "steward.instructions": instructions.instructions,
    "steward.run.cancel": commands.cancel_run,
    "steward.run.resume": commands.resume_run,
    "steward.run.show": commands.show_run,
    "steward.run.steps": commands.show_steps,
    "steward.run.sent": commands.show_sent,
    "steward.run.grants": commands.list_grants,
    "steward.run.denials": commands.list_denials,
    "steward.run.revoke": commands.revoke_grants,
    "steward.runs": commands.list_runs,
    "steward.chat.choices": chat.choices,
    "steward.chat.send": chat.send,
    "steward.chat.stop": chat.stop,
    "steward.chat.list": chat.list_conversations,
    "steward.chat.show": chat.show,
    "steward.chat.delete": chat.delete,
    "steward.chat.export": chat.export,
    "steward.chat.sent": chat.sent,
    "steward.chat.apply": chat.apply,
    "steward.undo": undo.undo,
    "steward.redo": undo.redo,
    "steward.changes": undo.list_changes,
    "steward.questions": commands.list_questions,
    "steward.questions.show": commands.show_questions,
    "steward.answer": commands.answer_question,
    "steward.status": commands.show_status,
    "steward.completion.accepted": ghost_text.accepted,
    "steward.completion.dismissed": ghost_text.dismissed,
    "steward.completion.switch": ghost_text.switch,
    "steward.completion.why": ghost_text.why,
    "steward.completion.report": ghost_text.show_report,
    "steward.nextEdit.taken": next_edit.taken,
    "steward.why": why.show_why,
    "steward.commit.message": drafts.commit_message,
    "steward.pullRequest.text": drafts.pull_request_text,
    "steward.menu": menu.show_menu,
    "steward.mcp.list": mcp.list_servers,
    "steward.extension.list": extensions.list_extensions,
    "steward.extension.run": extensions.run_command,
    "steward.extension.install": extensions.install,
    "steward.extension.update": extensions.update,
    "steward.extension.remove": extensions.remove,
    "steward.extension.enable": extensions.enable,
    "steward.extension.disable": extensions.disable,
    "steward.extension.grant": extensions.grant,
    "steward.extension.revoke": extensions.revoke,
    "steward.extension.config": extensions.configure,
    "steward.extension.log": extensions.log,
    "steward.extension.panel": extensions.panel,
    "steward.feedback": feedback.feedback,
    "steward.models": standings.list_models,
    "steward.budgets": standings.list_budgets,
    "steward.sent.list": sent.list_sent,
    "steward.sent.show": sent.show_sent,
    "steward.usage": pages.usage,
    "steward.audit": pages.audit_trail,
}
"""Every command of `workspace/executeCommand`; one row a command."""


def build_server() -> tuple[LanguageServer, Session]:
    """A server and its one session, ready to be given a transport. Call it in a running loop."""
    server = LanguageServer(
        "steward",
        __version__,
        protocol_cls=StewardProtocol,
        converter_factory=plain_converter,
    )
    assert isinstance(server.protocol, StewardProtocol)
    session = Session(server.protocol)

    def on(method: str, handler: Callable[..., Any], options: object | None = None) -> None:
        bound = functools.partial(handler, session)
        is_async = inspect.iscoroutinefunction(handler)
        server.feature(method, options)(_guarded(method, bound) if is_async else bound)

    def began(params: types.InitializeParams) -> None:
        initialize(session, params)
        if not session.can.inline_completion:
            # Offered only instead: with both, an editor would show the same text twice.
            on(types.TEXT_DOCUMENT_COMPLETION, completion, types.CompletionOptions())

    def ready(params: types.InitializedParams) -> None:
        if session.can.inline_completion and session.can.registers_completion:
            on(types.TEXT_DOCUMENT_COMPLETION, agent_file.completion)
            agent_file.register_completion(session)
        initialized(session, params)

    # One row a method; keep it this way: the whole surface on one screen.
    server.feature(types.INITIALIZE)(began)
    server.feature(types.INITIALIZED)(ready)
    on(
        types.TEXT_DOCUMENT_INLINE_COMPLETION,
        inline_completion,
        types.InlineCompletionOptions(),
    )
    on(
        types.TEXT_DOCUMENT_CODE_ACTION,
        code_action,
        types.CodeActionOptions(code_action_kinds=KINDS),
    )
    on(types.TEXT_DOCUMENT_DID_SAVE, extension_hooks.saved)
    on(types.TEXT_DOCUMENT_DID_CLOSE, extension_hooks.closed)
    on(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, extension_hooks.files_changed)
    on(types.TEXT_DOCUMENT_CODE_LENS, code_lens, types.CodeLensOptions())
    on(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, cancel_progress)
    for name, command in COMMANDS.items():
        server.command(name)(_command(name, command, session))
    return server, session


def _command(
    name: str, command: commands.Command, session: Session
) -> Callable[..., Awaitable[object]]:
    async def carried_out(arguments: tuple[Any, ...]) -> object:
        return await command(session, await session.rooms(), commands.one_object(arguments))

    guarded = _guarded(name, carried_out)

    async def executed(*arguments: Any) -> object:
        return await guarded(arguments)

    return executed


def _guarded(method: str, handler: Callable[[P], Awaitable[R]]) -> Callable[[P], Awaitable[R]]:
    """Turn our errors into protocol errors; log bugs as bugs, without what they were about."""

    async def guarded(params: P) -> R:
        try:
            return await handler(params)
        except InvalidInputError as error:
            raise JsonRpcInvalidParams(str(error), data={"code": error.code}) from error
        except StewardError as error:
            _log.info("%s refused: %s", method, error.code)
            raise JsonRpcException(str(error), REQUEST_FAILED, {"code": error.code}) from error
        except Exception as error:  # An outer boundary: this request fails, the server goes on.
            _log.exception("%s broke", method)
            raise JsonRpcException("Something went wrong inside Steward; see its log.") from error

    return guarded
