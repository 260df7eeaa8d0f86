"""An answer under way in this process."""

import asyncio
from collections.abc import Awaitable, Callable

from steward.agents.chat.telling import Telling

_STOPPED = "Stopped by you."
_WITHIN_S = 10.0
"""How long an answer may take to end once it was stopped, before its caller has an answer."""


class Live:
    """What can be done about it while it comes."""

    def __init__(self, telling: Telling) -> None:
        self.telling = telling
        self.task: asyncio.Task[None]
        """What answers; set as soon as it is begun."""
        self.run_id: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """The run that answers, once it is known; empty where none does."""

    def begin_run(self, run_id: str) -> None:
        """A run answers, or none does."""
        if not self.run_id.done():
            self.run_id.set_result(run_id)
            self.telling.begin_run(run_id)

    async def stop(self, cancel_run: Callable[[str], Awaitable[object]]) -> str:
        """Stop it, and wait for its end; the state that it is in then."""
        if self.telling.now.mode == "ask":
            self.telling.why_stopped = _STOPPED
            self.task.cancel()
        # A run is ended as a run: a call of the engine that is cut off could leave half of one.
        elif run_id := await asyncio.shield(self.run_id):
            await cancel_run(run_id)
        await asyncio.wait([self.task], timeout=_WITHIN_S)
        return self.telling.now.state
