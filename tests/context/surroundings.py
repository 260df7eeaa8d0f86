"""A folder of files with an editor, and the sources of snippets that look at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from steward.context.cursor import Cursor
from steward.context.edited import Edited
from steward.context.neighbours import Neighbours
from steward.context.recent_edits import RecentEdits
from steward.context.similar import Similar
from steward.core.clock import ManualClock
from steward.workspace.edit import Edit
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.lines import Lines, Place
from steward.workspace.verdicts import RecentVerdicts
from steward.workspace.workspace import Workspace
from tests.text_editor import TextEditor


@dataclass(frozen=True)
class Surroundings:
    """All real but the editor and the clock."""

    root: Path
    editor: TextEditor
    clock: ManualClock
    workspace: Workspace
    verdicts: RecentVerdicts
    edits: RecentEdits
    similar: Similar
    edited: Edited

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="")

    def open(self, name: str, text: str) -> None:
        self.editor.documents[self.root / name] = text

    def put(self, name: str, start: Place, end: Place, new: str) -> None:
        """The person edits an open document."""
        lines = Lines(self.editor.documents[self.root / name])
        removed = lines.between(start, end)
        self.edits.note(Edit((self.root / name).as_uri(), name, start, removed, new))
        lines.replace(start, end, new)
        self.open(name, lines.text)

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def ignore(self, name: str) -> None:
        """From now on no model may see the file; it is noticed after a second."""
        (self.root / ".stewardignore").write_text(f"{name}\n")
        self.wait(1)


def surrounded(root: Path) -> Surroundings:
    editor, clock = TextEditor(), ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    oracle = IgnoreOracle(root)
    workspace = Workspace(root, editor, oracle)
    verdicts = RecentVerdicts(oracle, clock)
    edits = RecentEdits(clock)
    neighbours = Neighbours(workspace, clock)
    return Surroundings(
        root,
        editor,
        clock,
        workspace,
        verdicts,
        edits,
        Similar(workspace, verdicts, neighbours),
        Edited(workspace, verdicts, edits),
    )


def at(path: str, text: str) -> Cursor:
    """The cursor where the bar stands."""
    before, after = text.split("|")
    return Cursor(path, before, after)


def filler(name: str, lines: int) -> str:
    """Lines that resemble nothing."""
    return "".join(f"{name}_{number} = {number}\n" for number in range(lines))
