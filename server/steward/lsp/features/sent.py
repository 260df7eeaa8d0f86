"""What left this window for models, to be looked at: ghost text, chat, runs and all else."""

from steward.core.errors import InvalidInputError
from steward.core.money import as_usd
from steward.lsp.features.commands import Arguments
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session


async def list_sent(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """This window's latest calls: `[{id, at, task, model, outcome, cost, runId}]`, newest first.

    They are kept in memory, and gone when the window is closed; what a run sent is kept with it.
    """
    return [
        {
            "id": record.request.request_id,
            "at": record.started_at.isoformat(),
            "task": record.request.task,
            "model": record.model or record.chosen,
            "outcome": record.outcome,
            "cost": as_usd(record.cost_nano_usd),
            "runId": record.request.run_id or "",
        }
        for record in rooms.latest.calls()
    ]


async def show_sent(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """What one of these calls sent: `{id}` → `{markdown}`."""
    request_id = arguments.get("id")
    if not isinstance(request_id, str):
        raise InvalidInputError("`id` must be given as text: one of those `steward.sent.list` has.")
    return {"markdown": await rooms.latest.page(request_id)}
