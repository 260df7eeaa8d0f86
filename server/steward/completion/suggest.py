"""Ghost text: reuse, wait a beat, ask, trim. The next keystroke cancels all of it."""

import asyncio
import logging
from dataclasses import dataclass

from steward.completion.cursor import Cursor
from steward.completion.rhythm import Rhythm
from steward.completion.trim import trim
from steward.context.prompts import completion_messages
from steward.core.errors import StewardError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.gateway.request import ModelRequest

_log = logging.getLogger(__name__)

_DOCUMENTS_REMEMBERED_MAX = 64


@dataclass(frozen=True, slots=True)
class _Shown:
    cursor: Cursor
    text: str


class Suggester:
    """Suggests text to insert at a cursor."""

    def __init__(
        self, gateway: Gateway, new_id: IdSource, rhythm: Rhythm, *, output_tokens_max: int
    ) -> None:
        self._gateway = gateway
        self._new_id = new_id
        self._rhythm = rhythm
        self._output_tokens_max = output_tokens_max
        self._shown: dict[str, _Shown] = {}
        self._newest: dict[str, int] = {}

    async def suggest(self, principal: Principal, cursor: Cursor, *, is_automatic: bool) -> str:
        """The text to insert; empty when there is nothing worth showing.

        A later call for the same document supersedes this one, which then ends with nothing.
        Cancelling closes the provider's connection and settles what the call cost. Without
        budget, key or network there is simply no suggestion: ghost text never interrupts.
        """
        pause_s = self._rhythm.keystroke(cursor.path) if is_automatic else 0.0
        if (known := self._reuse(cursor)) is not None:
            return known
        if not cursor.is_worth_asking:
            return ""
        if self._gateway.unavailable_reason(principal) is not None:
            return ""
        turn = self._next_turn(cursor.path)
        if is_automatic and not self._begins_line(cursor):
            await asyncio.sleep(pause_s)
            if self._newest.get(cursor.path) != turn:
                return ""
        try:
            if await self._gateway.is_short(principal, "completion"):
                return ""
            text = trim(await self._ask(principal, cursor, turn), cursor)
        except StewardError as error:
            _log.info("no suggestion: %s", error.code)
            return ""
        if text:
            self._remember(cursor, text)
        return text

    async def _ask(self, principal: Principal, cursor: Cursor, turn: int) -> str:
        before, after = cursor.window()
        request = ModelRequest(
            request_id=self._new_id(),
            task="completion",
            messages=completion_messages(cursor.path, before, after),
            output_tokens_max=self._output_tokens_max,
            stop=("\n\n\n",) if cursor.takes_several_lines else ("\n",),
        )
        pieces: list[str] = []
        async with self._gateway.call(principal, request) as answer:
            async for piece in answer:
                pieces.append(piece)
                if self._newest.get(cursor.path) != turn:
                    return ""
        return "".join(pieces)

    def _reuse(self, cursor: Cursor) -> str | None:
        """What is left of the last suggestion when the person typed along it."""
        shown = self._shown.get(cursor.path)
        if shown is None or shown.cursor.after != cursor.after:
            return None
        if not cursor.before.startswith(shown.cursor.before):
            return None
        typed = cursor.before[len(shown.cursor.before) :]
        if not shown.text.startswith(typed) or typed == shown.text:
            return None
        return shown.text[len(typed) :]

    def _remember(self, cursor: Cursor, text: str) -> None:
        self._shown.pop(cursor.path, None)
        self._shown[cursor.path] = _Shown(cursor, text)
        if len(self._shown) > _DOCUMENTS_REMEMBERED_MAX:
            del self._shown[next(iter(self._shown))]

    def _next_turn(self, path: str) -> int:
        turn = self._newest.pop(path, 0) + 1
        self._newest[path] = turn
        if len(self._newest) > _DOCUMENTS_REMEMBERED_MAX:
            del self._newest[next(iter(self._newest))]
        return turn

    @staticmethod
    def _begins_line(cursor: Cursor) -> bool:
        return not cursor.line_before.strip() and not cursor.line_after.strip()
