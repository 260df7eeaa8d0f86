"""Runs as the editor's progress, each with a cancel button."""

import asyncio

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from steward.core.events import RunChanged
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

_CREATE_WITHIN_S = 2.0


async def keep_progress(session: Session, rooms: Rooms) -> None:
    """Show what runs do, until cancelled. The run's id is the progress token."""
    begun: dict[str, bool] = {}
    with rooms.events.watch() as events:
        async for event in events:
            if isinstance(event, RunChanged):
                _notify(session, event)
                if session.can.shows_progress:
                    await _progress(session, event, begun)
                if event.has_ended:
                    _tell_the_end(session, event)


def _notify(session: Session, event: RunChanged) -> None:
    if session.can.asks:
        session.protocol.notify(
            "steward/run",
            {
                "runId": event.run_id,
                "state": event.state,
                "step": event.step,
                "message": event.message,
            },
        )


async def _progress(session: Session, event: RunChanged, begun: dict[str, bool]) -> None:
    """`begun`: run → whether the editor shows it. It is asked once: who is silent stays silent."""
    if event.run_id not in begun:
        if event.has_ended:
            return
        begun[event.run_id] = await _begin(session, event)
    elif event.has_ended:
        if begun.pop(event.run_id):
            _send(session, event.run_id, types.WorkDoneProgressEnd(message=event.message))
    elif begun[event.run_id]:
        _send(session, event.run_id, types.WorkDoneProgressReport(message=event.message))


async def _begin(session: Session, event: RunChanged) -> bool:
    try:
        async with asyncio.timeout(_CREATE_WITHIN_S):
            await session.protocol.send_request_async(
                types.WINDOW_WORK_DONE_PROGRESS_CREATE,
                types.WorkDoneProgressCreateParams(event.run_id),
            )
    except (TimeoutError, JsonRpcException):
        return False
    begin = types.WorkDoneProgressBegin("Steward agent", cancellable=True, message=event.message)
    _send(session, event.run_id, begin)
    return True


def _send(
    session: Session,
    token: str,
    value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
) -> None:
    session.protocol.notify(types.PROGRESS, types.ProgressParams(token, value))


def _tell_the_end(session: Session, event: RunChanged) -> None:
    kind = types.MessageType.Info if event.state == "finished" else types.MessageType.Warning
    how = "was cancelled" if event.state == "cancelled" else event.state
    message = f"Steward: the run {how}. {event.message}"
    session.protocol.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(kind, message))
