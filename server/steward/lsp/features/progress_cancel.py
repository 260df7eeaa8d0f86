"""`window/workDoneProgress/cancel`: the cancel button of a run's progress."""

from lsprotocol import types

from steward.lsp.session import Session


async def cancel_progress(session: Session, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancel the run whose id is the token."""
    rooms = await session.rooms()
    if rooms.runs is not None:
        await rooms.runs.cancel(rooms.principal, str(params.token))
