"""The source of snippets that the person has just edited, in other files."""

import asyncio
from collections.abc import Mapping, Sequence

from steward.context.cursor import Cursor
from steward.context.recent_edits import EditedRange, RecentEdits
from steward.context.snippet import Snippet
from steward.core.errors import StewardError
from steward.core.redact import redact_private_keys
from steward.workspace.lines import split_lines
from steward.workspace.verdicts import RecentVerdicts
from steward.workspace.workspace import Workspace

_AROUND_LINES = 4
_LINES_MAX = 40
_CHARS_MAX = 4_000
_PLACES_MAX = 12


class Edited:
    """Shows what stands now where the person edited other files lately."""

    name = "edited"

    def __init__(self, workspace: Workspace, verdicts: RecentVerdicts, edits: RecentEdits) -> None:
        self._workspace = workspace
        self._verdicts = verdicts
        self._edits = edits

    async def find(self, cursor: Cursor) -> Sequence[Snippet]:
        """The places with some lines around them, the one edited last first."""
        elsewhere = [each for each in self._edits.recent() if each.path != cursor.path]
        places = elsewhere[:_PLACES_MAX]
        texts: dict[str, str] = {}
        for path in dict.fromkeys(edited.path for edited in places):
            if (text := await self._text(path)) is not None:
                texts[path] = text
        return await asyncio.to_thread(_all_shown, places, texts)

    async def _text(self, path: str) -> str | None:
        """The file as it is now; None if a model may not see it, or there is no such text."""
        try:
            place = self._workspace.resolve(path)
            if await self._verdicts.why_not(place) is not None:
                return None
            return (await self._workspace.current(place)).text
        except StewardError:
            return None


def _all_shown(places: Sequence[EditedRange], texts: Mapping[str, str]) -> list[Snippet]:
    found: list[Snippet] = []
    for edited in places:
        shown = _shown(edited, texts[edited.path]) if edited.path in texts else None
        if shown is not None:
            found.append(shown)
    return found


def _shown(edited: EditedRange, text: str) -> Snippet | None:
    """None where the text is not the one that was edited, or is too long to be shown."""
    if edited.lines(text) is None:
        return None
    lines = split_lines(redact_private_keys(text))
    first = max(0, edited.start[0] - _AROUND_LINES)
    last = min(edited.end[0] + 1 + _AROUND_LINES, first + _LINES_MAX)
    shown = "".join(lines[first:last])
    return Snippet(edited.path, shown, "edited", first) if 0 < len(shown) <= _CHARS_MAX else None
