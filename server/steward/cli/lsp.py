"""`steward lsp`: answer `initialize` first, then open the house behind the door."""

import asyncio
import functools
import gc
import importlib
import logging
import os
import stat
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from steward.core.errors import StewardError
from steward.lsp.chat import keep_chat
from steward.lsp.editor import LspEditor
from steward.lsp.extension_screen import LspScreen
from steward.lsp.features.agent_file import keep_agent_files
from steward.lsp.features.code_lens import keep_lenses
from steward.lsp.features.extension_hooks import keep_extensions
from steward.lsp.folder import choose_folder
from steward.lsp.ghost_text import keep_ghost_text, watch_edits
from steward.lsp.progress import keep_progress
from steward.lsp.questions import QuestionBoard
from steward.lsp.rooms import Rooms
from steward.lsp.server import build_server
from steward.lsp.session import Session
from steward.lsp.status import keep_status
from steward.lsp.stdio import serve_stdio

if TYPE_CHECKING:
    from steward.agents.runs import Runs
    from steward.core.principal import Principal

_log = logging.getLogger(__name__)

_AGAIN_AFTER_S = 1.0
_SWITCH_S = 0.0005
"""How soon a busy thread (the database's, the engine's) lets the loop go on, and somebody types on.

Python's own is ten times as long, and each of a message's steps may wait for it.
"""


async def serve() -> int:
    """Serve one editor until it leaves; returns the exit code."""
    if any(stat.S_ISREG(os.fstat(end.fileno()).st_mode) for end in (sys.stdin, sys.stdout)):
        _log.error(
            "`steward lsp` talks to an editor through pipes, and standard input or output is a"
            " file. Let an editor start it; `make run` shows how that looks."
        )
        return 2
    sys.setswitchinterval(_SWITCH_S)
    _, session = build_server()
    async with asyncio.TaskGroup() as tasks:
        house = tasks.create_task(_keep_house(session))
        try:
            return await serve_stdio(session.protocol)
        finally:
            house.cancel()


async def _keep_house(session: Session) -> None:
    """Open the rooms once the editor is there; a failure is shown, and the editor works on."""
    await session.initialized.wait()
    try:
        # On a thread: importing takes a few hundred milliseconds in which typing goes on.
        app: Any = await asyncio.to_thread(importlib.import_module, "steward.app.house")
        settings: Any = await asyncio.to_thread(_load_settings)
        await _choose_workspace(session)
        async with app.open_house(
            settings, session.root, LspEditor(session), LspScreen(session)
        ) as rooms:
            # What is loaded by now stays: looking through all of it for garbage would hold up
            # an answer for tens of milliseconds, every now and then.
            gc.freeze()
            watch_edits(session, rooms)
            session.open(rooms)
            await _attend(session, rooms)
    except StewardError as error:
        _give_up(session, error)
    except Exception as error:  # The outer boundary: without its rooms the server still answers.
        _log.exception("Steward could not start")
        _give_up(session, StewardError(f"Steward could not start ({type(error).__name__})."))


def _load_settings() -> object:
    from steward.settings import load_settings

    return load_settings()


def _home() -> Path:
    return Path(os.path.expanduser("~"))


async def _choose_workspace(session: Session) -> None:
    folders = session.folders
    session.root, why_none = await asyncio.to_thread(lambda: choose_folder(folders, _home()))
    if why_none:
        _tell(session, why_none, types.MessageType.Warning)


async def _attend(session: Session, rooms: Rooms) -> None:
    """Take over interrupted runs, and keep the editor's screen current."""
    # Imported here because it brings the database layer along, which loads after `initialize`.
    from steward.lsp.budget import keep_budget

    async with asyncio.TaskGroup() as tasks:
        board = QuestionBoard(session, rooms, tasks)
        session.show_questions_again = board.show_again
        session.in_background = lambda work: tasks.create_task(_left_behind(work))
        session.on_late_edit = lambda proposal_id: tasks.create_task(
            _note_late(session, rooms, proposal_id)
        )
        tasks.create_task(_keep("questions", board.keep_current))
        tasks.create_task(_keep("status", functools.partial(keep_status, session, rooms)))
        tasks.create_task(_keep("budget", functools.partial(keep_budget, session, rooms)))
        tasks.create_task(_keep("ghost text", functools.partial(keep_ghost_text, rooms)))
        tasks.create_task(
            _keep("agents' files", functools.partial(keep_agent_files, session, rooms))
        )
        tasks.create_task(_keep("progress", functools.partial(keep_progress, session, rooms)))
        tasks.create_task(_keep("chat", functools.partial(keep_chat, session, rooms)))
        if rooms.conversations is not None:
            kept = functools.partial(rooms.conversations.keep, rooms.principal)
            tasks.create_task(_keep("conversations", kept))
        tasks.create_task(_keep("extensions", functools.partial(keep_extensions, session, rooms)))
        tasks.create_task(_keep("code lenses", functools.partial(keep_lenses, session, rooms)))
        if rooms.undoing is not None:
            undoing, principal = rooms.undoing, rooms.principal
            tasks.create_task(_keep("undo", functools.partial(undoing.keep, principal)))
        if rooms.runs is not None:
            await _recover(session, rooms.runs, rooms.principal)
            tasks.create_task(
                _keep("old runs", functools.partial(rooms.runs.prune, rooms.principal))
            )
            tasks.create_task(_keep("runs", functools.partial(rooms.runs.attend, rooms.principal)))


async def _note_late(session: Session, rooms: Rooms, proposal_id: str) -> None:
    if rooms.runs is None:
        return
    try:
        outcome = await rooms.runs.note_late(rooms.principal, proposal_id)
    except Exception:  # An outer boundary: what the person sees in the editor is still true.
        _log.exception("what the editor did late could not be recorded")
        outcome = "It could not be recorded; the log has the details."
    if outcome:
        _tell(
            session,
            f"The editor has made a change that was given up before. {outcome} Undo it there if you"
            " don't want it.",
            types.MessageType.Warning,
        )


async def _left_behind(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:  # An outer boundary: the other watchers and the server go on.
        _log.exception("what a command left behind it broke")


async def _keep(what: str, watch: Callable[[], Awaitable[None]]) -> None:
    """Watch, and begin again after a fault: one full disk must not end what a person sees."""
    while True:
        try:
            return await watch()
        except Exception:  # An outer boundary: the other watchers and the server go on.
            _log.exception("the %s could not be kept current", what)
        await asyncio.sleep(_AGAIN_AFTER_S)


async def _recover(session: Session, runs: "Runs", principal: "Principal") -> None:
    try:
        await runs.recover(principal)
    except StewardError as error:
        _tell(session, f"An interrupted run could not be continued: {error}")
    except Exception:  # An outer boundary: without the old runs, new work still goes on.
        _log.exception("interrupted runs could not be taken over")
        _tell(session, "An interrupted run could not be continued; the log has the details.")


def _give_up(session: Session, error: StewardError) -> None:
    session.fail(error)
    _tell(session, str(error))


def _tell(
    session: Session, message: str, kind: types.MessageType = types.MessageType.Error
) -> None:
    params = types.ShowMessageParams(kind, f"Steward: {message}")
    session.protocol.notify(types.WINDOW_SHOW_MESSAGE, params)
