"""One call of a model for a next edit: what it is shown, and what its answer comes to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from steward.completion.next_edit.answer import rewritten
from steward.completion.next_edit.difference import changes_between, whole_lines
from steward.completion.next_edit.limits import CALL_S, CHANGES_MAX
from steward.completion.next_edit.offered import Candidate
from steward.completion.settings import CompletionSettings
from steward.context.cursor import Cursor
from steward.context.edit_history import EditDiff, EditHistory
from steward.context.gather import Gatherer
from steward.context.next_edit_prompt import NextEditParts, Region, next_edit_request_parts
from steward.core.errors import StewardError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.gateway.request import ModelRequest

_LONGER_MAX = 4
_LONGER_CHARS = 2_000
"""An answer that is longer than so many regions and characters more is none."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a model would change, in the text that it was shown."""

    candidates: tuple[Candidate, ...]
    model: str


class Foresight:
    """Asks a model what a person will change next."""

    def __init__(
        self,
        gateway: Gateway,
        gatherer: Gatherer,
        history: EditHistory,
        new_id: IdSource,
        settings: CompletionSettings,
    ) -> None:
        self._gateway = gateway
        self._gatherer = gatherer
        self._history = history
        self._new_id = new_id
        self._settings = settings

    def is_on(self, principal: Principal) -> bool:
        """Whether a model is to be asked at all: one was chosen, and is known to be able."""
        if self._settings.next_edit is False:
            return False
        try:
            model = self._gateway.model_for(principal, "next_edit")
        except StewardError:
            return False
        return self._settings.next_edit is True or "next_edit" in model.abilities

    async def ask(self, principal: Principal, cursor: Cursor) -> Answered | None:
        """What may be changed near a cursor; `None` where nothing was asked or said.

        Raises:
            StewardError: as `Gateway.call`.
        """
        if await self._gateway.is_short(principal, "next_edit"):
            return None
        diffs = await self._history.diffs()
        if not any(diff.path == cursor.path for diff in diffs):
            return None  # Without what was changed there is nothing to go on from.
        snippets = await self._gatherer.gather(cursor)
        model = self._gateway.model_for(principal, "next_edit")
        tokens = self._settings.prompt_tokens_max
        parts = await asyncio.to_thread(
            next_edit_request_parts, model, cursor, diffs, snippets, tokens
        )
        if parts is None:
            return None
        return await self._call(principal, parts, diffs)

    async def _call(
        self, principal: Principal, parts: NextEditParts, diffs: Sequence[EditDiff]
    ) -> Answered | None:
        request = ModelRequest(
            request_id=self._new_id(),
            task="next_edit",
            messages=parts.messages,
            output_tokens_max=parts.output_tokens_max,
        )
        most = _LONGER_MAX * len(parts.region.text) + _LONGER_CHARS
        said, size = list[str](), 0
        try:
            async with (
                asyncio.timeout(CALL_S),
                self._gateway.call(principal, request) as answer,
            ):
                async for piece in answer:
                    said.append(piece)
                    size += len(piece)
                    if size > most:
                        return None
                is_whole, name = answer.finish_reason == "stop", answer.trail.model
        except TimeoutError:
            return None
        candidates = await asyncio.to_thread(
            _candidates, "".join(said), parts.region, diffs, is_whole=is_whole
        )
        return Answered(candidates, name)


def _candidates(
    raw: str, region: Region, diffs: Sequence[EditDiff], *, is_whole: bool
) -> tuple[Candidate, ...]:
    """What an answer changes, without what would only undo what the person did."""
    new = rewritten(raw, region.text, is_whole=is_whole)
    if new is None:
        return ()
    undone = {(diff.new.strip(), diff.old.strip()) for diff in diffs}
    found: list[Candidate] = []
    for change in changes_between(region.text, new, region.line)[:CHANGES_MAX]:
        now, then = whole_lines(change, region.text, region.line)
        if (now.strip(), then.strip()) not in undone:
            found.append(Candidate(change, hash((now, then))))
    return tuple(found)
