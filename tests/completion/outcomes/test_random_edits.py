"""Whatever is edited, a suggestion has one outcome, and nothing of the code is written down."""

import asyncio
from pathlib import Path

from hypothesis import given, settings, strategies as st

from steward.completion.outcomes.record import Recorder
from steward.core.database import open_database
from steward.core.principal import Principal
from tests.completion.outcomes.desk import Desk
from tests.places import execute

ANN = Principal("ann", "s1", "/w")
TEXTS = (
    "zebra = quagga(b, kudu)\n    return zebra",
    "okapi",
    "gnu()\n",
    "kudu + okapi * (zebra)",
    "",
)
STEPS = st.one_of(
    st.tuples(st.just("offer"), st.integers(0, 4), st.integers(0, 3)),
    st.tuples(st.just("accept"), st.integers(1, 40), st.integers(0, 3)),
    st.tuples(st.just("type"), st.integers(0, 4), st.integers(0, 6)),
    st.tuples(st.just("delete"), st.integers(1, 30), st.integers(0, 3)),
    st.tuples(st.just("elsewhere"), st.integers(0, 4), st.integers(0, 20)),
    st.tuples(st.just("whole"), st.integers(0, 4), st.integers(0, 20)),
    st.tuples(st.just("wait"), st.integers(0, 40), st.integers(0, 3)),
    st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 20)),
)
OUTCOMES = ("accepted", "partly", "typed", "rejected", "unseen")


def play(desk: Desk, steps: list[tuple[str, int, int]]) -> int:
    """Do what is told; gives how many suggestions came that were not there before."""
    offered = 0
    for step, number, more in steps:
        match step:
            case "offer":
                offered += offer(desk, TEXTS[number % 4], more)
            case "accept":
                desk.put(TEXTS[more][:number])
            case "type":
                desk.type(TEXTS[number][:more] + "x" * (more % 2))
            case "delete":
                line, column = desk.cursor
                desk.edit((line, max(0, column - number)), desk.cursor, "")
            case "wait":
                desk.wait(number / 2 if more else number * 20)
            case "move":
                desk.cursor = (number % len(desk.lines.lines), more)
            case _:
                change_far_away(desk, step, TEXTS[number], more)
        back_into_the_text(desk)
    return offered


def offer(desk: Desk, text: str, replaces: int) -> bool:
    """Whether the suggestion is another one than was there, and none that came back."""
    held = desk.outcomes
    before, count = held._shown.get(desk.uri), len(held._shown) + len(held._gone)
    line, column = desk.cursor
    desk.offer(text, replaces=min(replaces, len(desk.lines.content(line)) - column))
    came_back = len(held._shown) + len(held._gone) == count
    return held._shown[desk.uri] is not before and not came_back


def change_far_away(desk: Desk, step: str, new: str, at: int) -> None:
    """Change the first line, or send the whole text with a change in it."""
    cursor, text = desk.cursor, desk.lines.text
    if step == "whole":
        at = min(at, len(text))
        desk.edit((0, 0), desk.lines.end, text[:at] + new + text[at:])
    else:
        desk.edit((0, 0), (0, min(at, len(desk.lines.content(0)))), new)
    desk.cursor = cursor


def back_into_the_text(desk: Desk) -> None:
    """Where the cursor would stand beyond the text's or the line's end, it stands there."""
    if not desk.lines.lines:
        desk.cursor = (0, 0)
        desk.put("\n")
    line = min(desk.cursor[0], len(desk.lines.lines) - 1)
    desk.cursor = (line, min(desk.cursor[1], len(desk.lines.content(line))))


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_every_suggestion_has_exactly_one_outcome(steps: list[tuple[str, int, int]]) -> None:
    desk = Desk()
    offered = play(desk, steps)
    desk.outcomes.finish()
    counts = desk.counts()
    assert counts.offered == offered
    assert sum(getattr(counts, name) for name in OUTCOMES) == offered
    assert counts.shown == offered - counts.unseen
    assert counts.accepted_characters <= counts.offered_characters
    for after_s in (15, 30, 120, 300, 600):
        kept, looked = (getattr(counts, f"{what}_{after_s}_s") for what in ("kept", "looked"))
        assert kept <= looked <= counts.accepted + counts.partly


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_what_was_accepted_is_followed_to_the_letter(steps: list[tuple[str, int, int]]) -> None:
    desk = Desk()
    desk.offer(TEXTS[0])
    desk.put(TEXTS[0])
    play(desk, [step for step in steps if step[0] != "wait"])
    kept = desk.outcomes._accepted[0]
    found = desk.lines.between(kept.piece.start, kept.piece.end)
    # A whole text that is sent may put the same letters a place further on or back.
    if not any(step[0] == "whole" for step in steps):
        assert found == kept.piece.text


async def test_nothing_of_the_code_is_written_down(tmp_path: Path) -> None:
    place = tmp_path / "steward.db"
    desk = Desk()
    async with open_database(place) as database:
        recorder = Recorder(desk.outcomes, database, desk.clock, ANN)
        for text in TEXTS[:4]:
            desk.offer(text)
            desk.put(text)
            desk.wait(20)
            desk.offer(text)
            desk.put(text[:5])
            desk.type("!")
            desk.wait(20)
        await recorder.close()
    assert execute(place, "SELECT SUM(offered), SUM(accepted) > 3 FROM ghost_text_day") == [(8, 1)]
    code = "\n".join((desk.text, desk.lines.text, *TEXTS, desk.uri, "a.py" * 2))
    pieces = {code[at : at + 6] for at in range(len(code) - 5)} - {"python"}
    written = await asyncio.to_thread(lambda: "\n".join(_everything(place)))
    assert "acme/small" in written
    assert not [piece for piece in pieces if piece.strip() and piece in written]


def _everything(place: Path) -> list[str]:
    """Every value of every row; and the bytes of the files, where deleted ones stay for a while."""
    tables = execute(place, "SELECT name FROM sqlite_master WHERE type = 'table'")
    rows = [row for (name,) in tables for row in execute(place, f'SELECT * FROM "{name}"')]
    files = [file.read_bytes().decode("latin-1") for file in place.parent.glob("steward.db*")]
    names = [f"{value}" for row in rows for value in row]
    # The schema is in the files too, and its words are not from anybody's code.
    return [*names, *(_without_schema(place, text) for text in files)]


def _without_schema(place: Path, text: str) -> str:
    for (statement,) in execute(place, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"):
        text = text.replace(str(statement), "")
    return text
