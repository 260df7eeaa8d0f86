"""Runs as the editor's progress, each with a cancel button."""

import asyncio
from dataclasses import dataclass, field

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from steward.core.events import RunChanged
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

_CREATE_WITHIN_S = 2.0
_AGAIN = "#"


@dataclass(slots=True)
class _Begun:
    """The progress of this window's runs."""

    shown: dict[str, str] = field(default_factory=dict[str, str])
    """Run → its token; an empty one where the editor does not show it."""
    used: dict[str, int] = field(default_factory=dict[str, int])
    """Run → how often it was begun here. No token may come twice."""

    def token(self, run_id: str) -> str:
        """A new one."""
        self.used[run_id] = self.used.get(run_id, 0) + 1
        times = self.used[run_id]
        return run_id if times == 1 else f"{run_id}{_AGAIN}{times}"


def run_of_token(token: str) -> str:
    """The run whose progress it is."""
    return token.partition(_AGAIN)[0]


async def keep_progress(session: Session, rooms: Rooms) -> None:
    """Show what runs do, until cancelled. The progress token begins with the run's id."""
    begun = _Begun()
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
                **({} if event.context is None else {"context": dict(event.context)}),
            },
        )


async def _progress(session: Session, event: RunChanged, begun: _Begun) -> None:
    """Who was asked once to show a run and is silent stays silent."""
    if event.run_id not in begun.shown:
        if event.has_ended:
            return
        token = begun.token(event.run_id)
        is_shown = await begin_progress(session, token, "Steward agent", event.message)
        begun.shown[event.run_id] = token if is_shown else ""
    elif event.has_ended:
        if token := begun.shown.pop(event.run_id):
            send_progress(session, token, types.WorkDoneProgressEnd(message=event.message))
    elif token := begun.shown[event.run_id]:
        send_progress(session, token, types.WorkDoneProgressReport(message=event.message))


async def begin_progress(session: Session, token: str, title: str, message: str) -> bool:
    """Show the beginning of something that can be cancelled; whether the editor does."""
    try:
        async with asyncio.timeout(_CREATE_WITHIN_S):
            await session.protocol.send_request_async(
                types.WINDOW_WORK_DONE_PROGRESS_CREATE,
                types.WorkDoneProgressCreateParams(token),
            )
    except (TimeoutError, JsonRpcException):
        return False
    begin = types.WorkDoneProgressBegin(title, cancellable=True, message=message or None)
    send_progress(session, token, begin)
    return True


def send_progress(
    session: Session,
    token: str,
    value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
) -> None:
    """Tell the editor how it goes with something that it shows."""
    session.protocol.notify(types.PROGRESS, types.ProgressParams(token, value))


def _tell_the_end(session: Session, event: RunChanged) -> None:
    kind = types.MessageType.Info if event.state == "finished" else types.MessageType.Warning
    how = "was cancelled" if event.state == "cancelled" else event.state
    message = f"Steward: the run {how}. {event.message}"
    session.protocol.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(kind, message))
