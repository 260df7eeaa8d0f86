"""Next edits of one editor window: when one is asked for, which is offered, and what becomes of it.

Nothing is applied by itself, and typing never waits: an edit only starts a pause anew.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from steward.completion.asking.rest import Rest
from steward.completion.next_edit.ask import Answered, Foresight
from steward.completion.next_edit.change import Change, made_by
from steward.completion.next_edit.difference import nearest
from steward.completion.next_edit.limits import KEPT_S
from steward.completion.next_edit.offered import Candidate, NextEdit
from steward.completion.next_edit.pace import Pace
from steward.completion.next_edit.sheet import Sheet, Sheets, followed
from steward.completion.outcomes.outcomes import Outcomes, TextBetween
from steward.completion.outcomes.piece import Piece, plain
from steward.completion.outcomes.showing import DISMISSED_S, SHOWN_S, Outcome, Terms
from steward.context.cursor import Cursor
from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.workspace.edit import Edit
from steward.workspace.lines import Place

_log = logging.getLogger(__name__)

KIND = "next_edit"
"""Under which they are counted, where ghost text has the kind of place that it was for."""


class NextEdits:
    """Offers next edits; the loop's thread only. Use it inside `running`."""

    def __init__(
        self,
        foresight: Foresight,
        outcomes: Outcomes,
        clock: Clock,
        pause: Callable[[float], Coroutine[Any, Any, None]],
        new_id: IdSource,
        principal: Principal,
    ) -> None:
        """`pause` lets so many seconds pass."""
        self._foresight = foresight
        self._outcomes = outcomes
        self._clock = clock
        self._pause = pause
        self._new_id = new_id
        self._principal = principal
        self._pace = Pace()
        self._rest = Rest(clock)
        self._sheets = Sheets()
        self._group: asyncio.TaskGroup | None = None
        self.cursor_at: Callable[[str, Place], Cursor | None] = lambda _document, _place: None
        """A document as it is now around a place; `None` where nobody knows its text."""
        self.may_ask: Callable[[Cursor], Awaitable[bool]] = _nobody
        """Whether a model may see a document, and its person wants suggestions there."""
        self.text_between: TextBetween = lambda _document, _start, _end: None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["NextEdits"]:
        """Inside, next edits are asked for; leaving ends all that is under way."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield self
            finally:
                self._group = None
                self._sheets.close()

    def edited(self, edit: Edit) -> None:
        """Take in an edit of a document, before it is applied."""
        if edit.path is None or self._group is None or not self._foresight.is_on(self._principal):
            return
        sheet = self._sheets.of(edit.uri)
        sheet.strokes.note(edit)
        made = made_by(edit)
        sheet.place = made.end_after
        pause_s = self._pace.pause_s if self._follow(sheet, made) else 0.0
        if sheet.settling is not None:
            sheet.settling.cancel()
        sheet.settling = None
        if sheet.strokes.last not in ("undone", "several_cursors"):
            sheet.settling = self._group.create_task(self._settle(sheet, edit.uri, pause_s))

    def current(self, document: str) -> NextEdit | None:
        """What is offered in a document now: fresh, and true of its text as it is."""
        sheet = self._sheets.find(document)
        if sheet is None or sheet.current is None:
            return None
        change = sheet.current.change
        if self._clock.monotonic_s() - sheet.made_s > KEPT_S:
            self._reject(sheet, sheet.current, SHOWN_S)
            return None
        if self.text_between(document, change.start, change.end) != change.removed:
            sheet.clear()
            return None
        return sheet.current

    def shown(self, edit: NextEdit) -> None:
        """Note that a next edit goes to the editor."""
        sheet = self._sheets.find(edit.document)
        if sheet is not None and sheet.seen_s is None:
            sheet.seen_s = self._clock.monotonic_s()

    def dismissed(self, id_: str) -> bool:
        """The editor says that one was put away; whether it is known."""
        sheet = self._sheets.with_offer(id_)
        if sheet is None or sheet.current is None:
            return False
        self._reject(sheet, sheet.current, DISMISSED_S)
        return True

    def leave(self, document: str) -> None:
        """Forget a document that was closed, or came whole again; what was asked for it ends."""
        self._sheets.drop(document)

    async def _settle(self, sheet: Sheet, document: str, pause_s: float) -> None:
        """Wait until the typing has come to rest, and ask then."""
        await self._pause(pause_s)
        if sheet.asking is not None and not sheet.asking.done():
            await asyncio.wait((sheet.asking,))  # There is one at a time.
        if self.current(document) is not None or self._outcomes.is_shown(document):
            return
        if self._group is not None and self._rest.why is None:
            sheet.asking = self._group.create_task(self._ask(sheet, document))

    async def _ask(self, sheet: Sheet, document: str) -> None:
        cursor = self.cursor_at(document, sheet.place)
        if cursor is None:
            return
        sheet.typed = []  # From here on what is typed changes what was shown to the model.
        try:
            if not await self.may_ask(cursor):
                return
            answered = await self._foresight.ask(self._principal, cursor)
            self._rest.note_success()
            if answered is not None:
                self._take(sheet, cursor, answered)
        except StewardError as error:
            _log.info("no next edit: %s", error.code)
            self._rest.note_failure(error)
        except Exception:  # An outer boundary: nobody else would hear of it, and typing goes on.
            _log.exception("a request for a next edit broke")
        finally:
            sheet.typed = None

    def _take(self, sheet: Sheet, cursor: Cursor, answered: Answered) -> None:
        """Keep what an answer changes, as far as it still can be changed."""
        candidates = [each for each in answered.candidates if not sheet.is_decided(each.key)]
        for made in sheet.typed or ():
            candidates = followed(candidates, made)
        sheet.clear()
        sheet.others = [each for each in candidates if self._is_there(cursor.document, each.change)]
        sheet.made_s = self._clock.monotonic_s()
        day = self._clock.now().date().isoformat()
        terms = Terms(day, cursor.language.name, answered.model, KIND)
        self._offer_nearest(sheet, cursor.document, terms)

    def _offer_nearest(self, sheet: Sheet, document: str, terms: Terms) -> None:
        """Offer what is left of an answer, one after the other."""
        sheet.current, sheet.seen_s = None, None
        ordered: list[Candidate] = nearest(sheet.others, sheet.place)
        if ordered:
            first, *sheet.others = ordered
            sheet.current = NextEdit(self._new_id(), document, first.change, first.key, terms)

    def _follow(self, sheet: Sheet, made: Change) -> bool:
        """Keep true what is offered; whether the next is asked for after a pause, or at once."""
        edit, course = sheet.current, sheet.follow(made)
        if edit is None or course == "goes on":
            return True
        if course == "broken":
            self._reject(sheet, edit, SHOWN_S)
            return True
        is_taken = not edit.is_touched and sheet.seen_s is not None
        self._pace.note_acceptance()
        sheet.remember(edit.key)
        self._count(edit, "accepted" if is_taken else "typed")
        self._offer_nearest(sheet, edit.document, edit.terms)
        return not is_taken

    def _reject(self, sheet: Sheet, edit: NextEdit, visible_s: float) -> None:
        """It is gone, and so is all of its answer; if it was seen so long, nobody wanted it."""
        seen_s, now_s = sheet.seen_s, self._clock.monotonic_s()
        is_seen = seen_s is not None and now_s - seen_s >= visible_s
        if is_seen:
            self._pace.note_rejection()
            sheet.remember(edit.key)
        self._count(edit, "rejected" if is_seen else "unseen")
        sheet.clear()

    def _count(self, edit: NextEdit, outcome: Outcome) -> None:
        piece = Piece(edit.change.start, plain(edit.change.inserted), has_edge=False)
        self._outcomes.finished(edit.terms, outcome, edit.document, piece)

    def _is_there(self, document: str, change: Change) -> bool:
        return self.text_between(document, change.start, change.end) == change.removed


async def _nobody(_cursor: Cursor) -> bool:
    return False
