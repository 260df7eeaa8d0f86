"""How long a proposal of many files takes: to be shown, and to be landed on a real disk."""

import asyncio
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.shown import edit_question
from tests.rooms import Rooms, answering, open_rooms, yes

FILES = 100
_LINES = 60
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class LandingSpeed:
    """Of a proposal that edits 100 files, in ms; the median of some rounds."""

    shown_ms: float
    """Until the question is there, with the whole diff."""
    landed_ms: float
    """From the question to the outcome, with an answer at once."""
    written_ms: float
    """The floor: the same files written and synced, one by one, with nothing looked at or kept."""


async def landing_speed() -> LandingSpeed:
    """Measure both through the real Lander, with SQLite and files on the disk."""
    shown: list[float] = []
    landed: list[float] = []
    written: list[float] = []
    for number in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            root = Path(name) / "project"
            root.mkdir()
            proposal = _furnished(root, number)
            async with open_rooms(Path(name) / "data" / "steward.db", root) as rooms:
                rooms.editor.takes_edits = False
                began = time.perf_counter()
                await asyncio.to_thread(edit_question, proposal)
                shown.append((time.perf_counter() - began) * 1000)
                landed.append(await _landed(rooms, proposal))
                written.append(await asyncio.to_thread(_written, Path(name) / "bare", proposal))
    return LandingSpeed(*map(statistics.median, (shown, landed, written)))


async def _landed(rooms: Rooms, proposal: EditProposal) -> float:
    await rooms.proposals.keep(rooms.principal, proposal)
    async with answering(rooms, rooms.principal, yes):
        began = time.perf_counter()
        outcome = await rooms.lander.land(rooms.principal, proposal.id)
        took = (time.perf_counter() - began) * 1000
    if outcome.state != "applied":
        raise RuntimeError(outcome.outcome)
    return took


def _written(folder: Path, proposal: EditProposal) -> float:
    folder.mkdir()
    began = time.perf_counter()
    for number, change in enumerate(proposal.changes):
        with (folder / str(number)).open("wb") as file:
            file.write((change.after or "").encode())
            file.flush()
            os.fsync(file.fileno())
    return (time.perf_counter() - began) * 1000


def _furnished(root: Path, number: int) -> EditProposal:
    changes: list[FileChange] = []
    for file in range(FILES):
        path = root / f"package_{file % 10}" / f"module_{file}.py"
        path.parent.mkdir(exist_ok=True)
        before = "".join(f"value_{line} = {line * file}\n" for line in range(_LINES))
        path.write_text(before)
        after = before.replace("value_30 =", "changed_30 =")
        changes.append(FileChange(str(path.relative_to(root)), before, after))
    return EditProposal(f"run-{number}.tool-0-0", f"run-{number}", "Rename", tuple(changes))


if __name__ == "__main__":
    print(asyncio.run(landing_speed()))
