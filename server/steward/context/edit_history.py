"""What the person changed lately, as small diffs that a model may see."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from steward.context.recent_edits import EditedRange, RecentEdits
from steward.core.errors import StewardError
from steward.core.redact import redact
from steward.workspace.lines import split_lines
from steward.workspace.verdicts import RecentVerdicts
from steward.workspace.workspace import Workspace

_DIFFS_MAX = 8
_DIFF_CHARS_MAX = 2_000
"""Old and new lines of one place."""
_KEY = "PRIVATE KEY-----"


@dataclass(frozen=True, slots=True)
class EditDiff:
    """Whole lines of a file, as they were and as they are."""

    path: str
    """Relative to the workspace."""
    line: int
    """On which they begin, from 0."""
    old: str
    new: str


class EditHistory:
    """Shows recent edits; never one of a file that no model may see."""

    def __init__(self, workspace: Workspace, verdicts: RecentVerdicts, edits: RecentEdits) -> None:
        self._workspace = workspace
        self._verdicts = verdicts
        self._edits = edits

    async def diffs(self) -> tuple[EditDiff, ...]:
        """The edits that can be shown, the latest last."""
        places = self._edits.recent()[:_DIFFS_MAX]
        texts = {
            path: text
            for path in dict.fromkeys(edited.path for edited in places)
            if (text := await self._text(path)) is not None
        }
        known = [(edited, texts[edited.path]) for edited in places if edited.path in texts]
        return await asyncio.to_thread(_shown, known[::-1])

    async def _text(self, path: str) -> str | None:
        """The file as it is now; `None` if a model may not see it, or there is no such text."""
        try:
            place = self._workspace.resolve(path)
            if await self._verdicts.why_not(place) is not None:
                return None
            text = (await self._workspace.current(place)).text
        except StewardError:
            return None
        # Of a private key only its first and last line look like one, and a diff may show others.
        return None if _KEY in text else text


def _shown(known: Sequence[tuple[EditedRange, str]]) -> tuple[EditDiff, ...]:
    found: list[EditDiff] = []
    for edited, text in known:
        if _KEY in edited.removed or (lines := edited.lines(text)) is None:
            continue
        line, old, new = _narrowed(*lines)
        if old != new and len(old) + len(new) <= _DIFF_CHARS_MAX:
            found.append(EditDiff(edited.path, line, redact(old), redact(new)))
    return tuple(found)


def _narrowed(line: int, old: str, new: str) -> tuple[int, str, str]:
    """The same without the lines that stayed: some editors send a whole document for a key."""
    olds, news = split_lines(old), split_lines(new)
    head = sum(1 for _ in takewhile(_is_equal, zip(olds, news, strict=False)))
    olds, news = olds[head:], news[head:]
    pairs = zip(reversed(olds), reversed(news), strict=False)
    tail = sum(1 for _ in takewhile(_is_equal, pairs))
    return line + head, "".join(olds[: len(olds) - tail]), "".join(news[: len(news) - tail])


def _is_equal(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]
