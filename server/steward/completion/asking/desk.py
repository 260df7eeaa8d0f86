"""What is kept of each document that ghost text was asked for."""

import asyncio
from typing import Any

from steward.completion.asking.flight import Flight
from steward.completion.asking.known import Known
from steward.completion.asking.rhythm import Rhythm
from steward.completion.asking.strokes import Strokes
from steward.completion.offer import Offer
from steward.completion.reason import Reason
from steward.core.limits import GHOST_DOCUMENTS_MAX
from steward.workspace.edit import Edit


class Desk:
    """One document's: in memory only."""

    def __init__(self, wait_s: float) -> None:
        self.rhythm = Rhythm(wait_s)
        self.strokes = Strokes()
        self.known = Known()
        self.current: Offer | None = None
        """What was offered last, from its beginning."""
        self.flight: Flight | None = None
        """The newest request to a model; there is one at a time."""
        self.has_looked = False
        """Whether other files were looked at for it."""
        self.turn = 0
        """Counts the editor's requests: a later one supersedes those before."""
        self.reason: Reason | None = None
        """Why the last of them got nothing."""
        self.is_edited = False
        """Whether something was changed since the last of them."""
        self.speculating: asyncio.Task[Any] | None = None
        """Waits whether a suggestion stays on the screen."""

    def begin(self) -> None:
        """The editor asks."""
        self.turn += 1
        self.is_edited = False
        self.rest()

    def note(self, edit: Edit) -> None:
        """The document is changed."""
        self.strokes.note(edit)
        self.is_edited = True
        self.rest()

    @property
    def why_not_yet(self) -> Reason | None:
        """What speaks against a suggestion after the last edit, where none was asked for since."""
        match self.strokes.last:
            case "deleted" | "undone" | "several_cursors" as stroke:
                return Reason(stroke) if self.is_edited else None
            case "none" | "typed":
                return None

    def rest(self) -> None:
        """End the wait for a suggestion to stay on the screen: it does not."""
        if self.speculating is not None:
            self.speculating.cancel()
            self.speculating = None

    def close(self) -> None:
        """Give up what is under way."""
        self.rest()
        if self.flight is not None:
            self.flight.abort()


class Desks:
    """The desks of the documents that were worked on last."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._desks: dict[str, Desk] = {}

    def find(self, document: str) -> Desk | None:
        """The desk of a document, if there is one."""
        return self._desks.get(document)

    def of(self, document: str) -> Desk:
        """The desk of a document, which is now the newest."""
        desk = self._desks.pop(document, None) or Desk(self._wait_s)
        self._desks[document] = desk
        if len(self._desks) > GHOST_DOCUMENTS_MAX:
            self._desks.pop(next(iter(self._desks))).close()
        return desk

    def close(self) -> None:
        """Give up what is under way everywhere."""
        for desk in self._desks.values():
            desk.close()
