"""Everything that has no place in the code, for an editor without views of ours: a menu.

It is a message with buttons (`window/showMessageRequest`), and what is picked is shown as a page
or asked about as always. Nothing is picked by closing it.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import islice
from typing import Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from steward.core.errors import StewardError
from steward.core.limits import RUN_MESSAGE_CHARS_MAX
from steward.lsp.errands import READING
from steward.lsp.extension_menu import extension_commands
from steward.lsp.features import agent_file, commands, drafts, extensions, pages, undo
from steward.lsp.features.commands import Arguments
from steward.lsp.page import show_page
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.workspace.markdown import inline, one_line

_log = logging.getLogger(__name__)

_CLOSE = "Close"
_GOAL_CHARS_MAX = 60
_RUNS_MAX = 20
_COMMANDS_MAX = 20
_Deed = Callable[[Session, Rooms], Awaitable[None]]


def menu_action() -> types.CodeAction:
    """The entry of the code actions that opens the menu."""
    command = types.Command("Steward: more…", "steward.menu")
    return types.CodeAction(command.title, kind=READING, command=command)


async def show_menu(session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """Open a menu as a message: questions, runs, undo, costs, drafts, trust → `{}` at once.

    For editors that have no commands of ours; what is picked is shown as a page or asked about.
    """
    deeds = await _deeds(session, rooms)
    # Not waited for: the editor may not read messages before it has this command's answer.
    session.in_background(_offer(session, rooms, deeds))
    return {}


async def _offer(session: Session, rooms: Rooms, deeds: Mapping[str, _Deed]) -> None:
    params = types.ShowMessageRequestParams(
        types.MessageType.Info,
        "Steward: what shall be shown or done?",
        # What does nothing comes first: in Emacs a bare Enter takes it.
        [types.MessageActionItem(title) for title in (_CLOSE, *deeds)],
    )
    try:
        picked = await session.protocol.send_request_async(
            types.WINDOW_SHOW_MESSAGE_REQUEST, params
        )
        deed = deeds.get(getattr(picked, "title", ""))
        if deed is not None:
            await deed(session, rooms)
    except StewardError as error:
        _tell(session, str(error), types.MessageType.Warning)
    except JsonRpcException as error:
        _log.info("the editor could not show the menu: %s", error)


async def _deeds(session: Session, rooms: Rooms) -> dict[str, _Deed]:
    """What can be picked: title → what it does."""
    waiting = len(await rooms.approvals.pending(rooms.principal))
    deeds: dict[str, _Deed] = {}
    if waiting:
        deeds[f"Open questions ({waiting})"] = _questions
    for run in [] if rooms.runs is None else await rooms.runs.under_way(rooms.principal):
        run_id, goal = str(run["id"]), one_line(str(run["goal"]))[:_GOAL_CHARS_MAX]
        deeds[f"Cancel the run {run_id[:8]}: {goal}"] = partial(_cancel, run_id=run_id)
    for title, extension, command in islice(extension_commands(session), _COMMANDS_MAX):
        deeds[title] = partial(_run_command, extension=extension, command=command)
    for extension, panel in islice(session.extensions.panels, _COMMANDS_MAX):
        shown = session.extensions.panels[extension, panel]
        title = f"Panel: {one_line(shown.panel.title)} ({extension})"
        deeds[title] = partial(_panel, extension=extension, panel=panel)
    return deeds | {
        "Runs": _runs,
        "Undo the newest change": partial(_take_back, undoing=undo.undo),
        "Redo what was undone": partial(_take_back, undoing=undo.redo),
        "Commit message": _commit_message,
        "Pull request text": _pull_request_text,
        "Costs": partial(_page, name="costs", command=pages.usage),
        "Audit trail": partial(_page, name="audit", command=pages.audit_trail),
        "Trust this folder…": _trust,
    }


async def _run_command(session: Session, rooms: Rooms, *, extension: str, command: str) -> None:
    await extensions.run_command(session, rooms, {"extension": extension, "command": command})


async def _panel(session: Session, rooms: Rooms, *, extension: str, panel: str) -> None:
    wanted = {"extension": extension, "panel": panel, "show": True}
    await extensions.panel(session, rooms, wanted)


async def _questions(session: Session, _rooms: Rooms) -> None:
    await session.show_questions_again()


async def _cancel(_session: Session, rooms: Rooms, *, run_id: str) -> None:
    if rooms.runs is not None:
        await rooms.runs.cancel(rooms.principal, run_id)


async def _runs(session: Session, rooms: Rooms) -> None:
    """The newest run whole, and above it a line for each of the last ones."""
    found = cast("list[dict[str, Any]]", await commands.list_runs(session, rooms, {}))
    lines = [
        f"- {inline(str(run['goal']))}: {run['state']}, {run['cost']} (`{run['id']}`)"
        for run in found[:_RUNS_MAX]
    ]
    page = "# Runs\n\n" + ("\n".join(lines) or "There is none yet.") + "\n"
    if found:
        shown = await commands.show_run(session, rooms, {"runId": found[0]["id"]})
        page += "\n" + cast("dict[str, str]", shown)["markdown"]
    await show_page(session, rooms, "runs", page)


async def _page(session: Session, rooms: Rooms, *, name: str, command: commands.Command) -> None:
    shown = cast("dict[str, str]", await command(session, rooms, {}))
    await show_page(session, rooms, name, shown["markdown"])


async def _take_back(session: Session, rooms: Rooms, *, undoing: commands.Command) -> None:
    told = cast("dict[str, Any]", await undoing(session, rooms, {}))
    said = " ".join([str(told["outcome"]), *cast("list[str]", told["told"])])
    _tell(session, said, types.MessageType.Info)


async def _commit_message(session: Session, rooms: Rooms) -> None:
    await drafts.commit_message(session, rooms, {"show": True})


async def _pull_request_text(session: Session, rooms: Rooms) -> None:
    await drafts.pull_request_text(session, rooms, {"show": True})


async def _trust(session: Session, rooms: Rooms) -> None:
    await agent_file.trust_workspace(session, rooms, {})


def _tell(session: Session, message: str, kind: types.MessageType) -> None:
    params = types.ShowMessageParams(kind, f"Steward: {message[:RUN_MESSAGE_CHARS_MAX]}")
    session.protocol.notify(types.WINDOW_SHOW_MESSAGE, params)
