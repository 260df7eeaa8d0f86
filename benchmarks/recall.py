"""`python -m benchmarks.recall`: is the name that a line needs in the prompt?

No model is asked. Lines that need a name of another file are cut out of other people's packages;
for each hole the prompt is made as for ghost text, with all sources, and searched for the name.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from benchmarks.corpora import sources
from benchmarks.holes import Source
from benchmarks.measure import p99_of
from benchmarks.memory import resident_mb
from benchmarks.page import Row, table
from benchmarks.recall_holes import NAME, Hole, Kind, holes
from steward.context.cursor import Cursor
from steward.context.edited import Edited
from steward.context.gather import Gatherer
from steward.context.ghost_prompt import ghost_request_parts
from steward.context.map.sources import Imported, Overview
from steward.context.map.symbol_map import Pace, SymbolMap
from steward.context.neighbours import Neighbours
from steward.context.recent_edits import RecentEdits
from steward.context.similar import Similar
from steward.core.clock import SystemClock
from steward.gateway.catalogue.model import Model
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.verdicts import RecentVerdicts
from steward.workspace.workspace import Workspace
from tests.text_editor import TextEditor

LANGUAGES = ("python", "typescript", "go")
PROMPT_TOKENS = 8_000
HOLES_A_PACKAGE = 25
"""Of each kind, where there are so many."""
_SHARE_MIN = 0.8
_GATHER_S = 5.0
"""Longer than any gathering takes: what is measured is how long, not what is cut off."""
_SEED = 6
_MODEL = Model("recall", "recall")


@dataclass
class Found:
    """What came of the holes of one language."""

    asked: dict[Kind, int] = field(default_factory=dict[Kind, int])
    there: dict[Kind, int] = field(default_factory=dict[Kind, int])
    gather_ms: list[float] = field(default_factory=list[float])
    missed: list[Hole] = field(default_factory=list[Hole])
    files: int = 0
    index_s: float = 0.0

    def note(self, hole: Hole, *, is_there: bool) -> None:
        """Count one hole."""
        self.asked[hole.kind] = self.asked.get(hole.kind, 0) + 1
        self.there[hole.kind] = self.there.get(hole.kind, 0) + is_there
        if not is_there:
            self.missed.append(hole)

    def share(self, *kinds: Kind) -> float:
        """The part of the holes of these kinds whose name was there."""
        asked = sum(self.asked.get(kind, 0) for kind in kinds)
        return sum(self.there.get(kind, 0) for kind in kinds) / asked if asked else 1.0


class Desk:
    """One package as a workspace, and everything that gathers for its prompts."""

    def __init__(self, root: Path) -> None:
        self.root, self.editor, clock = root, TextEditor(), SystemClock()
        workspace = Workspace(root, self.editor, IgnoreOracle(root))
        verdicts = RecentVerdicts(workspace.oracle, clock)
        self.symbols = SymbolMap(workspace, clock, Pace(slice_s=1.0, pause_s=0.0, quiet_s=0.0))
        gathered = (
            Imported(self.symbols, verdicts),
            Overview(self.symbols, verdicts),
            Similar(workspace, verdicts, Neighbours(workspace, clock)),
            Edited(workspace, verdicts, RecentEdits(clock)),
        )
        self.gatherer = Gatherer(gathered, verdicts, clock, _GATHER_S)

    async def settled(self) -> None:
        """Return when everything is mapped."""
        while not self.symbols.is_settled:
            await asyncio.sleep(0.002)

    async def names(self, hole: Hole, found: Found) -> set[str]:
        """The names that the prompt for a hole brings from other files."""
        place = self.root / hole.path
        self.editor.documents[place] = hole.before + hole.after
        self.symbols.changed(hole.path)
        await self.settled()
        line_start = len(hole.before) - len(Cursor("", hole.before, "").line_before)
        # The line before was asked for, too: what is measured is a person at work.
        await self.gatherer.gather(
            Cursor(hole.path, hole.before[: line_start - 1], hole.before[line_start - 1 :])
        )
        cursor = Cursor(hole.path, hole.before, hole.after)
        began = time.perf_counter()
        snippets = await self.gatherer.gather(cursor)
        found.gather_ms.append((time.perf_counter() - began) * 1000)
        del self.editor.documents[place]
        self.symbols.changed(hole.path)
        parts = ghost_request_parts(_MODEL, cursor, snippets, PROMPT_TOKENS)
        return {name for file in parts.fill.files for name in NAME.findall(file.text)}


async def package(root: Path, language: str, found: Found, most: int = HOLES_A_PACKAGE) -> None:
    """Add to `found` what comes of the holes of the package in a folder."""
    desk = Desk(root)
    async with desk.symbols.kept_fresh():
        began = time.perf_counter()
        await desk.symbols.outlook(Cursor("nowhere", "", ""))
        await desk.settled()
        found.index_s += time.perf_counter() - began
        found.files += desk.symbols.files
        for hole in await asyncio.to_thread(holes, root, language, _SEED, most):
            found.note(hole, is_there=hole.needed in await desk.names(hole, found))


def measured(language: str, *, is_held_out: bool = True, most: int = HOLES_A_PACKAGE) -> Found:
    """What comes of all holes of a language's packages."""
    found = Found()
    files = sources(is_held_out=is_held_out, language=language)
    for _, some in groupby(files, key=lambda source: source.package):
        with tempfile.TemporaryDirectory() as name:
            root = Path(name).resolve()
            _write(root, some)
            asyncio.run(package(root, language, found, most))
    return found


def measured_rows() -> list[Row]:
    """The rows of the page, from the packages that nothing was tuned on."""
    return rows({name: measured(name) for name in LANGUAGES}, resident_mb(os.getpid()))


def rows(found: dict[str, Found], size_mb: float) -> list[Row]:
    """Every language beside its limit."""
    lines = [_language_row(language, one) for language, one in found.items()]
    times = [ms for one in found.values() for ms in one.gather_ms]
    files, index_s = sum(f.files for f in found.values()), sum(f.index_s for f in found.values())
    lines.append(
        Row(
            "ghost text: gathering for a prompt, all files mapped, p99",
            f"{p99_of(times):.0f} ms (p50 {statistics.median(times):.0f} ms)",
            "",
            "150 ms",
            p99_of(times) <= 150,
        )
    )
    lines.append(
        Row(
            "mapping a repository's symbols, without pauses",
            f"{files / index_s:,.0f} files a second; {size_mb:.0f} MB after {files:,} files",
            "",
            "",
            is_held=True,
        )
    )
    return lines


def _language_row(language: str, found: Found) -> Row:
    both = found.share("imported", "removed")
    return Row(
        f"ghost text: the name of another file is in the prompt, {language}",
        f"{both:.0%} of {_count(found, 'imported', 'removed')} (with its import"
        f" {found.share('imported'):.0%}, without {found.share('removed'):.0%});"
        f" members {found.share('member'):.0%} of {_count(found, 'member')}",
        "",
        f"{_SHARE_MIN:.0%}",
        both >= _SHARE_MIN,
    )


def _count(found: Found, *kinds: Kind) -> str:
    return f"{sum(found.asked.get(kind, 0) for kind in kinds)}"


def _write(root: Path, files: Iterable[Source]) -> None:
    for source in files:
        place = root / source.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(source.text, "utf-8")


def main() -> None:
    """Measure once and print the table; leave with 1 when a limit is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recall", description=__doc__)
    parser.add_argument("--tuning", action="store_true", help="the packages that it was tuned on")
    parser.add_argument("--missed", action="store_true", help="also print what was missed")
    parser.add_argument("languages", nargs="*", default=LANGUAGES)
    options = parser.parse_args()
    found = {name: measured(name, is_held_out=not options.tuning) for name in options.languages}
    lines = rows(found, resident_mb(os.getpid()))
    print(table(lines))
    if options.missed:
        for one in found.values():
            for hole in one.missed:
                print(hole.kind, hole.path, hole.before.count("\n") + 1, hole.needed)
    sys.exit(any(not row.is_held for row in lines))


if __name__ == "__main__":
    main()
