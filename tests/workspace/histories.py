"""Random histories of a text that agents and a person change, with the true origin of each line."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

from steward.core.principal import Principal
from steward.workspace.proposal import EditProposal, FileChange
from tests.rooms import Rooms

_COMMON = ("", "}", "    return None", "pass", "    )")
_WORDS = tuple(f"{first}{last}" for first in ("ba", "ke", "li", "mo", "nu") for last in "bcdfghjkl")


@dataclass(frozen=True)
class Line:
    """A line and where it truly comes from."""

    text: str
    run: str
    """Empty: a person wrote it."""
    is_changed: bool = False
    """A person changed it since."""
    is_moved: bool = False


@dataclass
class History:
    """One file as it changes."""

    dice: random.Random
    path: str
    lines: list[Line] = field(default_factory=list[Line])
    number: int = 0

    @property
    def text(self) -> str:
        return "".join(f"{line.text}\n" for line in self.lines)

    def fresh(self, run: str) -> Line:
        if self.dice.random() < 0.2:
            return Line(self.dice.choice(_COMMON), run)
        self.number += 1
        words = " ".join(self.dice.choice(_WORDS) for _ in range(self.dice.randint(2, 5)))
        return Line(f"    {words} = {self.path}{self.number}({self.number * 7919})", run)

    def change(self, run: str) -> None:
        """One to three edits; `run` is empty for the person's."""
        for _ in range(self.dice.randint(1, 3)):
            at = self.dice.randint(0, len(self.lines))
            match self.dice.choice(("add", "add", "remove", "replace", "move", "touch")):
                case "add":
                    block = [self.fresh(run) for _ in range(self.dice.randint(1, 6))]
                    self._put(at, at, block)
                case "remove":
                    self._put(at, at + self.dice.randint(1, 4), [])
                case "replace":
                    block = [self.fresh(run) for _ in range(self.dice.randint(1, 4))]
                    self._put(at, at + self.dice.randint(1, 4), block)
                case "move":
                    self._move(at)
                case _:
                    self._touch(at, run)

    def _put(self, first: int, last: int, block: list[Line]) -> None:
        """What is written over the same line leaves it what it is."""
        old = self.lines[first:last]
        while old and block and old[0].text == block[0].text:
            first, old, block = first + 1, old[1:], block[1:]
        while old and block and old[-1].text == block[-1].text:
            old, block = old[:-1], block[:-1]
        self.lines[first : first + len(old)] = block

    def _move(self, at: int) -> None:
        block = [
            Line(each.text, each.run, each.is_changed, is_moved=True)
            for each in self.lines[at : at + self.dice.randint(1, 5)]
        ]
        del self.lines[at : at + len(block)]
        to = self.dice.randint(0, len(self.lines))
        self.lines[to:to] = block

    def _touch(self, at: int, run: str) -> None:
        if at >= len(self.lines) or not self.lines[at].text.strip():
            return
        line = self.lines[at]
        self.number += 1
        text = f"{line.text} or changed{self.number}"
        changed = Line(text, run) if run else Line(text, line.run, bool(line.run), line.is_moved)
        self.lines[at] = changed


async def land(rooms: Rooms, run: str, number: int, changes: tuple[FileChange, ...]) -> str:
    """Keep a proposal as applied; gives its id."""
    proposal = EditProposal(f"{run}.tool-{number}-0", run, "Change it", changes)
    return await land_proposal(rooms, rooms.principal, proposal)


async def land_proposal(rooms: Rooms, principal: Principal, proposal: EditProposal) -> str:
    await rooms.proposals.keep(principal, proposal)
    rooms.clock.advance(timedelta(seconds=1))
    await rooms.proposals.mark(principal, proposal.id, "applied", outcome="Changed.")
    return proposal.id


async def play(rooms: Rooms, dice: random.Random, path: str, steps: int) -> History:
    """A file that some runs and a person changed in turns."""
    history = History(dice, path)
    history.lines = [history.fresh("") for _ in range(dice.randint(0, 40))]
    for number in range(steps):
        run = f"{path}-run-{number}" if dice.random() < 0.5 else ""
        before = history.text
        history.change(run)
        if run and history.text != before:
            await land(rooms, run, number, (FileChange(path, before or None, history.text),))
    return history
