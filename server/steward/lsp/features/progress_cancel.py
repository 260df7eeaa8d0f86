"""`window/workDoneProgress/cancel`: the cancel button of what goes on."""

from lsprotocol import types

from steward.lsp.progress import run_of_token
from steward.lsp.session import Session


async def cancel_progress(session: Session, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancel the run, or the command, whose progress it is."""
    cancel = session.on_cancelled.get(str(params.token))
    if cancel is not None:
        cancel()
        return
    rooms = await session.rooms()
    if rooms.runs is not None:
        await rooms.runs.cancel(rooms.principal, run_of_token(str(params.token)))
