"""A command that takes a while, as the editor's progress with a cancel button."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

from lsprotocol import types

from steward.core.errors import UnavailableError
from steward.lsp.progress import begin_progress, send_progress
from steward.lsp.session import Session

_numbers = count(1)


@asynccontextmanager
async def working(session: Session, title: str) -> AsyncGenerator[None]:
    """A block that the person can cancel. Our own clients show such commands themselves.

    Raises:
        UnavailableError: they did.
    """
    if session.can.asks or not session.can.shows_progress:
        yield
        return
    token = f"steward-work-{next(_numbers)}"
    until = asyncio.timeout(None)
    try:
        async with until:
            now = asyncio.get_running_loop().time
            session.on_cancelled[token] = lambda: until.reschedule(now())
            is_shown = await begin_progress(session, token, title, "")
            try:
                yield
            finally:
                del session.on_cancelled[token]
                if is_shown:
                    send_progress(session, token, types.WorkDoneProgressEnd())
    except TimeoutError as error:
        if not until.expired():
            raise
        raise UnavailableError(f"{title}: you cancelled it.") from error
