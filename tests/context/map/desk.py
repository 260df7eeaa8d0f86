"""A repository on the disk, an editor with open documents, and the map of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from steward.context.cursor import Cursor
from steward.context.map.sources import Imported, Overview
from steward.context.map.symbol_map import Pace, SymbolMap
from steward.core.clock import ManualClock
from steward.workspace.edit import Edit
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.verdicts import RecentVerdicts
from steward.workspace.workspace import Workspace
from tests.text_editor import TextEditor

DEADLINE_S = 20.0
RENEWED_S = 30.0


@dataclass
class Desk:
    """The map, and the doors to it."""

    root: Path
    editor: TextEditor
    clock: ManualClock
    symbols: SymbolMap
    imported: Imported
    overview: Overview
    asked: int = field(default=0)

    async def shown(self, text: str, path: str = "main.py") -> str:
        """All that both sources give for a document with a bar where the cursor stands."""
        before, after = text.split("|")
        cursor = Cursor(path, before, after)
        found = [*await self.imported.find(cursor), *await self.overview.find(cursor)]
        return "\n".join(f"{snippet.path}\n{snippet.text}" for snippet in found)

    async def settled(self) -> None:
        """Return when everything that was found has been read."""
        await self.until(lambda: self.symbols.is_settled)

    async def mapped(self, text: str = "|", path: str = "main.py") -> None:
        """Ask once, and wait until the map is whole."""
        await self.shown(text, path)
        await self.settled()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not is_so():
                await asyncio.sleep(0.002)

    async def renew(self) -> None:
        """Let the time pass after which the disk is looked at again, and have it done."""
        self.clock.advance(timedelta(seconds=RENEWED_S + 1))
        surveys = self.symbols.surveys
        await self.shown("|")
        await self.until(lambda: self.symbols.surveys > surveys)
        await self.settled()

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def typed(self, path: str, text: str) -> None:
        """The document is open and has this text; the map is told as the editor would."""
        self.symbols.note(Edit((self.root / path).as_uri(), path, (0, 0), "", "x"))
        self.editor.documents[self.root / path] = text


@asynccontextmanager
async def open_desk(root: Path) -> AsyncGenerator[Desk]:
    """The map of a folder; its clock stands still."""
    editor, clock = TextEditor(), ManualClock(datetime(2026, 11, 21, tzinfo=UTC))
    oracle = IgnoreOracle(root)
    verdicts = RecentVerdicts(oracle, clock)
    pace = Pace(slice_s=0.0, pause_s=0.0, typing_pause_s=0.0, renewed_s=RENEWED_S)
    symbols = SymbolMap(Workspace(root, editor, oracle), clock, pace)
    async with symbols.kept_fresh():
        yield Desk(
            root,
            editor,
            clock,
            symbols,
            Imported(symbols, verdicts),
            Overview(symbols, verdicts),
        )
