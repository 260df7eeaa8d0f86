"""What a person tells Steward about changes of the past: take them back, do them again, list them.

Each command takes at most one object; the answer of `steward.undo` and `steward.redo` comes when
the person has answered the question.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from steward.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steward.agents.undoing import Undoing
    from steward.lsp.rooms import Rooms
    from steward.lsp.session import Session

_LIMIT = 20
_LIMIT_MAX = 50


async def undo(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """Take back what agents changed, not what came later: `{runId?, step?, proposalId?}`.

    All of a run, what one of its steps changed, or one change; without any, the newest change that
    is not undone. Shown and asked about like any proposal → `{state, outcome, proposalId, isRedo,
    files: [{path, change, movedFrom}], left: [{path, reason, lines: [[first, last]], later}],
    standing: [{outcome, command}], told}`. The state is that of a proposal, or `nothing` where
    every file was left alone; `told` says in lines what was left, and why.
    """
    return await _taken_back(rooms, arguments, is_redo=False)


async def redo(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """Do again what was undone: `{runId?, step?, proposalId?}`; answers as `steward.undo` does.

    Without any, the newest undo is taken back.
    """
    return await _taken_back(rooms, arguments, is_redo=True)


async def list_changes(_session: Session, rooms: Rooms, arguments: Mapping[str, Any]) -> object:
    """What agents changed here, the newest first: `{runId?, limit?}`; `limit` counts runs.

    → `[{id, runId, step, kind, title, state, at, undone, undoes, files: [{path, change, movedFrom,
    isUndone}]}]`. The kind is `change`, `undo` or `redo`; `undone` is `no`, `partly` or `yes`.
    """
    from steward.agents.changes import changes_of

    limit = arguments.get("limit", _LIMIT)
    if type(limit) is not int or not 1 <= limit <= _LIMIT_MAX:
        raise InvalidInputError(f"`limit` must be a whole number from 1 to {_LIMIT_MAX}.")
    principal = rooms.principal
    work = partial(
        changes_of,
        principal=principal,
        run_id=_text(arguments, "runId"),
        workspace=principal.workspace,
        limit=limit,
    )
    return await rooms.database.read(work)


async def _taken_back(rooms: Rooms, arguments: Mapping[str, Any], *, is_redo: bool) -> object:
    from steward.agents.undo import Wanted

    run_id, step = _text(arguments, "runId"), _text(arguments, "step")
    wanted = Wanted(run_id, step, _text(arguments, "proposalId"), is_redo)
    return (await _undoing(rooms).undo(rooms.principal, wanted)).as_told()


def _undoing(rooms: Rooms) -> Undoing:
    if rooms.undoing is None:
        raise InvalidInputError("Open a folder first; agents change the files of a workspace.")
    return rooms.undoing


def _text(arguments: Mapping[str, Any], name: str) -> str:
    value = arguments.get(name, "")
    if not isinstance(value, str):
        raise InvalidInputError(f"`{name}` must be given as text.")
    return value
