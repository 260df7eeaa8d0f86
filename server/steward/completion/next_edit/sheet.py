"""What is kept of each document for next edits."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from steward.completion.asking.strokes import Strokes
from steward.completion.next_edit.change import Change, rebased
from steward.completion.next_edit.limits import REMEMBERED_MAX, TYPED_MAX
from steward.completion.next_edit.offered import Candidate, NextEdit
from steward.core.limits import GHOST_DOCUMENTS_MAX
from steward.workspace.lines import Place


class Sheet:
    """One document's: in memory only."""

    def __init__(self) -> None:
        self.strokes = Strokes()
        self.place: Place = (0, 0)
        """Behind the last edit."""
        self.current: NextEdit | None = None
        """What is offered now."""
        self.others: list[Candidate] = []
        """What the same answer changes besides."""
        self.made_s = 0.0
        """When the answer came."""
        self.seen_s: float | None = None
        """Since when the current one can be seen."""
        self.typed: list[Change] | None = None
        """What was edited since a model was asked; `None` while none is."""
        self.settling: asyncio.Task[Any] | None = None
        self.asking: asyncio.Task[Any] | None = None
        self._decided = deque[int](maxlen=REMEMBERED_MAX)

    def follow(self, made: Change) -> Literal["goes on", "done", "broken"]:
        """Keep what is offered true when a change is made.

        It is `done` where the change did all that was left of it, and `broken` where both cannot
        be; then `current` is still as it was before.
        """
        if self.typed is not None:
            self.typed.append(made)
            if len(self.typed) > TYPED_MAX and self.asking is not None:
                self.asking.cancel()
        self.others = followed(self.others, made)
        before = self.current
        if before is None:
            return "goes on"
        left = rebased(before.change, made)
        if left is None:
            return "broken"
        if left.is_done:
            return "done"
        is_less = (left.removed, left.inserted) != (before.change.removed, before.change.inserted)
        self.current = replace(before, change=left, is_touched=before.is_touched or is_less)
        return "goes on"

    def remember(self, key: int) -> None:
        """Never offer a change of these lines again in this document."""
        self._decided.append(key)

    def is_decided(self, key: int) -> bool:
        """Whether it was rejected or taken before; wherever in the document that was."""
        return key in self._decided

    def clear(self) -> None:
        """Offer nothing any more."""
        self.current, self.seen_s = None, None
        self.others = []

    def rest(self) -> None:
        """End what is under way."""
        for task in (self.settling, self.asking):
            if task is not None:
                task.cancel()


def followed(candidates: Iterable[Candidate], made: Change) -> list[Candidate]:
    """What is left of candidates when a change was made."""
    kept = [(rebased(each.change, made), each.key) for each in candidates]
    return [Candidate(left, key) for left, key in kept if left is not None and not left.is_done]


class Sheets:
    """The sheets of the documents that were edited last."""

    def __init__(self) -> None:
        self._sheets: dict[str, Sheet] = {}

    def find(self, document: str) -> Sheet | None:
        """The sheet of a document, if there is one."""
        return self._sheets.get(document)

    def with_offer(self, id_: str) -> Sheet | None:
        """The sheet that offers this next edit."""
        sheets = self._sheets.values()
        return next((each for each in sheets if each.current and each.current.id == id_), None)

    def of(self, document: str) -> Sheet:
        """The sheet of a document, which is now the newest."""
        sheet = self._sheets.pop(document, None) or Sheet()
        self._sheets[document] = sheet
        if len(self._sheets) > GHOST_DOCUMENTS_MAX:
            self._sheets.pop(next(iter(self._sheets))).rest()
        return sheet

    def drop(self, document: str) -> None:
        """End what is under way for a document, and forget it."""
        if (sheet := self._sheets.pop(document, None)) is not None:
            sheet.rest()

    def close(self) -> None:
        """End what is under way everywhere."""
        for sheet in self._sheets.values():
            sheet.rest()
