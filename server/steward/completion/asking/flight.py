"""A request to a model while it is on its way."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from steward.completion.asking.along import agrees, moved
from steward.completion.offer import Origin
from steward.completion.reason import Reason
from steward.completion.shape.stopper import Stopper
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.context.snippet import Snippet
from steward.workspace.edit import Edit


@dataclass(frozen=True, slots=True)
class Landed:
    """How a request ended."""

    suggestion: Suggestion | None = None
    model: str = ""
    node_kind: str = "other"
    reason: Reason | None = None
    """Why there is no suggestion."""
    network_s: float = 0.0


_OF_NO_USE = Landed(reason=Reason("typed_on"))


class Flight:
    """One request to a model. It belongs to a document, not to whoever asked for it first.

    Whoever types along what has come of the answer keeps it; an edit that leads elsewhere ends it
    at once, and with it the provider's connection.
    """

    def __init__(
        self,
        target: Cursor,
        now: Cursor,
        origin: Origin,
        snippets: Sequence[Snippet] = (),
    ) -> None:
        """Make it; nothing is sent yet.

        Args:
            target: What the model is asked for.
            now: Where the document's cursor stands.
            origin: What an offer of it says.
            snippets: What the model sees of other files.
        """
        self.target = target
        self.snippets = snippets
        self.origin: Origin = origin
        self.landed: asyncio.Future[Landed] = asyncio.get_running_loop().create_future()
        self.waiting = 0
        """Requests of the editor that wait for it."""
        self.is_followed = False
        """Whether somebody has typed along it since the last of them came."""
        self.node_kind = "other"
        """What the target stands in, as soon as that is known."""
        self.was_aborted = False
        """Whether it was given up."""
        self.raw = ""
        """All that has come of the answer, also behind where it was enough."""
        self._stopper = Stopper(target)
        self._now: Cursor | None = now
        self._task: asyncio.Task[Any] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has landed, or was given up."""
        return self.landed.done()

    @property
    def text(self) -> str:
        """What has come of the answer, up to where it was enough."""
        return self._stopper.text

    def carry(self, task: asyncio.Task[Any]) -> None:
        """Take the task that makes the request."""
        self._task = task
        task.add_done_callback(lambda _task: self.land(_OF_NO_USE))

    def suits(self, cursor: Cursor) -> bool:
        """Whether what comes may still be of use at a cursor that has come as far."""
        is_there = len(cursor.before) >= len(self.target.before) or cursor.line > self.target.line
        return is_there and agrees(self.text, self.target, cursor)

    def join(self, cursor: Cursor) -> None:
        """Somebody waits for it at a cursor."""
        self._now = cursor
        self.is_followed = False

    def note(self, edit: Edit) -> None:
        """The document is changed; what that makes useless is given up."""
        if self.is_over:
            return
        self._now = None if self._now is None else moved(self._now, edit)
        self.is_followed = self._now is not None
        self._check()

    def take(self, piece: str) -> bool:
        """Add a piece of the answer; gives whether no more of it is wanted."""
        self.raw += piece
        is_enough = self._stopper.feed(piece)
        self._check()
        return is_enough or self.is_over

    async def read(self, pieces: AsyncIterator[str]) -> bool:
        """Take the answer as it comes; gives whether it came to its own end."""
        async for piece in pieces:
            if self.take(piece):
                return False
        return True

    def land(self, landed: Landed) -> None:
        """Answer all who wait."""
        if not self.landed.done():
            self.landed.set_result(landed)

    def abort(self) -> None:
        """Give it up, and hang up."""
        if not self.is_over:
            self.was_aborted = True
            self.land(_OF_NO_USE)
            if self._task is not None:
                self._task.cancel()

    def _check(self) -> None:
        if self._now is None or not agrees(self.text, self.target, self._now):
            self.abort()
