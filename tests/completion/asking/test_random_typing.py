"""Whatever is typed, taken back, cancelled and answered: what is offered was made for this text."""

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from demo.replies import Reply
from demo.scripted_model import ScriptedModel
from steward.completion.offer import Offer
from steward.context.cursor import Cursor
from tests.completion.desk import ANN, Desk, Typist, open_desk, settle

STEPS, STEPS_MAX = 120, 1_200
OFFERED = 5
START = "def add(first, second):\n    total = "
WORDS = ("first", "second", "first + second", "second.first(total)")


def answer_for(before: str) -> str:
    """What the model says: another thing for each text, and never what was not asked for."""
    return f"{random.Random(before).choice(WORDS)} - {len(before)}"


def answers(before: str) -> set[str]:
    """Every rest of an answer that may be offered behind a text."""
    found: set[str] = set()
    for end in range(len(START), len(before) + 1):
        answer, typed = answer_for(before[:end]), before[end:]
        if answer.startswith(typed):
            found.add(answer[len(typed) :])
    return found


def script(body: dict[str, Any]) -> Reply:
    said = str(body["messages"][-1]["content"])
    before = said.partition("<before>")[2].partition("</before>")[0]
    answer = answer_for(before)
    return Reply(pieces=tuple(answer[at : at + 3] for at in range(0, len(answer), 3)))


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    scripted_model.script = script
    async with open_desk(tmp_path, scripted_model.url, speculative=True) as desk:
        yield desk


class Restless(Typist):
    """Does anything at any time, and looks at each answer when it comes."""

    def __init__(self, desk: Desk, seed: int) -> None:
        super().__init__(desk, Cursor("a.py", START, "\n", line=1))
        self.chance = random.Random(seed)
        self.offered = 0
        self.faults: list[tuple[str, Offer]] = []

    def take_a_step(self) -> None:
        match self.chance.randrange(8):
            case 0 | 1:
                self.watch(self.type(self.chance.choice("fst +-.(")))
            case 2 | 3:
                self.watch(self.type(self.likely()))
            case 4 if len(self.cursor.before) > len(START):
                self.backspace()
            case 5:
                self.leave()
            case 6:
                self.edit(self.chance.choice("ft"))
            case _:
                self.watch(self.ask())

    def likely(self) -> str:
        return self.chance.choice(sorted(answers(self.cursor.before)) or ["first"])[:1]

    def watch(self, asked: "asyncio.Task[Offer | None]") -> None:
        cursor = self.cursor

        def look(done: "asyncio.Task[Offer | None]") -> None:
            if done.cancelled() or (offer := done.result()) is None:
                return
            self.offered += 1
            assert offer.cursor == cursor
            wrong = offer.suggestion.text not in {each.rstrip() for each in answers(cursor.before)}
            self.faults += [(cursor.before, offer)] if wrong else []
            self.desk.suggester.shown(ANN, offer)

        asked.add_done_callback(look)


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_offered_that_was_made_for_another_text(desk: Desk, seed: int) -> None:
    typist = Restless(desk, seed)
    steps = 0
    # How much is offered is for the machine to say: on a busy one more must be tried.
    while steps < STEPS or typist.offered < OFFERED:
        steps += 1
        assert steps <= STEPS_MAX, "next to nothing is offered"
        typist.take_a_step()
        match typist.chance.randrange(3):
            case 0:
                await settle()
            case 1:
                await desk.pauses.advance(0.2)
            case _:
                flight = desk.flight(typist.cursor)
                if flight is not None:
                    await flight.landed
    assert typist.faults == []
