"""All sources are asked at once, none holds up the others, and what is ignored is left out."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from steward.context.cursor import Cursor
from steward.context.gather import Gatherer, fuse
from steward.context.snippet import Found, Snippet
from steward.core.errors import UnavailableError
from steward.core.limits import GATHERED_DOCUMENTS_MAX, SNIPPETS_CHARS_MAX, SNIPPETS_MAX
from tests.context.surroundings import Surroundings, at, filler, surrounded

CURSOR = at("shop.py", "one = |\n")
DEADLINE_S = 20.0


@dataclass
class Scripted:
    """A source that says what it is told to, when it is told to."""

    name: str
    snippets: Sequence[Snippet] = ()
    go: asyncio.Event | None = None
    error: Exception | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    is_cancelled: bool = False

    async def find(self, cursor: Cursor) -> Sequence[Snippet]:
        self.asked.set()
        try:
            if self.go is not None:
                await self.go.wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        if self.error is not None:
            raise self.error
        return self.snippets


@pytest.fixture
def shop(tmp_path: Path) -> Surroundings:
    return surrounded(tmp_path)


def piece(path: str, line: int = 0, source: Found = "similar", lines: int = 5) -> Snippet:
    text = "".join(f"{path} {number}\n" for number in range(line, line + lines))
    return Snippet(path, text, source, line)


def paths(snippets: Sequence[Snippet]) -> list[str]:
    return [snippet.path for snippet in snippets]


async def test_a_late_source_does_not_hold_up_the_others(shop: Surroundings) -> None:
    late = Scripted("late", [piece("late.py")], go=asyncio.Event())
    gatherer = Gatherer(
        [late, Scripted("quick", [piece("quick.py")])], shop.verdicts, shop.clock, 0.01
    )
    async with asyncio.timeout(DEADLINE_S):
        assert paths(await gatherer.gather(CURSOR)) == ["quick.py"]
    assert late.is_cancelled


async def test_all_sources_are_asked_at_once(shop: Surroundings) -> None:
    first, second = (Scripted(name, [piece(f"{name}.py")]) for name in ("a", "b"))
    first.go, second.go = second.asked, first.asked
    gatherer = Gatherer([first, second], shop.verdicts, shop.clock, DEADLINE_S)
    assert paths(await gatherer.gather(CURSOR)) == ["a.py", "b.py"]


async def test_of_a_late_source_what_it_found_before_is_shown(shop: Surroundings) -> None:
    source = Scripted("a", [piece("a.py")])
    gatherer = Gatherer([source], shop.verdicts, shop.clock, DEADLINE_S)
    await gatherer.gather(CURSOR)
    shop.wait(1)
    source.go, source.snippets = asyncio.Event(), [piece("new.py")]
    assert paths(await gatherer.gather(CURSOR, at_most_s=0.01)) == ["a.py"]
    source.go.set()
    assert paths(await gatherer.gather(CURSOR)) == ["new.py"]


async def test_the_next_key_has_at_once_what_was_found_for_the_document(shop: Surroundings) -> None:
    source = Scripted("a", [piece("a.py")])
    gatherer = Gatherer([source], shop.verdicts, shop.clock)
    assert await gatherer.latest(CURSOR) == ()
    await gatherer.gather(CURSOR)
    source.asked.clear()
    assert paths(await gatherer.latest(at("shop.py", "one = tw|\n"))) == ["a.py"]
    assert await gatherer.latest(at("other.py", "|")) == ()
    assert not source.asked.is_set()


async def test_who_types_on_in_a_line_does_not_have_everything_looked_at_at_every_key(
    shop: Surroundings,
) -> None:
    source = Scripted("a", [piece("a.py")])
    gatherer = Gatherer([source], shop.verdicts, shop.clock)

    async def is_asked(cursor: Cursor) -> bool:
        source.asked.clear()
        assert paths(await gatherer.gather(cursor)) == ["a.py"]
        return source.asked.is_set()

    assert await is_asked(CURSOR)
    shop.wait(0.2)
    assert not await is_asked(at("shop.py", "one = tw|\n"))
    assert await is_asked(at("shop.py", "one = two\n|"))
    shop.wait(0.2)
    assert not await is_asked(at("shop.py", "one = two\nth|"))
    shop.wait(0.2)
    assert await is_asked(at("shop.py", "one = two\nthre|"))


async def test_a_source_that_was_late_is_asked_again_at_the_next_key(shop: Surroundings) -> None:
    source = Scripted("a", [piece("a.py")], go=asyncio.Event())
    gatherer = Gatherer([source], shop.verdicts, shop.clock, 0.01)
    assert await gatherer.gather(CURSOR) == ()
    source.go = None
    assert paths(await gatherer.gather(CURSOR)) == ["a.py"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnavailableError("the words of a file"), "steward.unavailable"),
        (ValueError("the words of a file"), "ValueError"),
    ],
    ids=["expected", "a fault"],
)
async def test_a_source_that_fails_is_left_out_and_logged_without_its_words(
    shop: Surroundings, caplog: pytest.LogCaptureFixture, error: Exception, told: str
) -> None:
    caplog.set_level(logging.INFO)
    broken = Scripted("broken", error=error)
    gatherer = Gatherer([broken, Scripted("a", [piece("a.py")])], shop.verdicts, shop.clock)
    assert paths(await gatherer.gather(CURSOR)) == ["a.py"]
    assert told in caplog.text
    assert "the words of a file" not in caplog.text


async def test_what_a_source_found_before_it_failed_is_forgotten(shop: Surroundings) -> None:
    source = Scripted("a", [piece("a.py")])
    gatherer = Gatherer([source], shop.verdicts, shop.clock)
    await gatherer.gather(CURSOR)
    shop.wait(1)
    source.error = UnavailableError("gone")
    assert await gatherer.gather(CURSOR) == ()


async def test_cancelling_reaches_every_source(shop: Surroundings) -> None:
    sources = [Scripted(name, go=asyncio.Event()) for name in "ab"]
    gathering = asyncio.ensure_future(
        Gatherer(sources, shop.verdicts, shop.clock, DEADLINE_S).gather(CURSOR)
    )
    for source in sources:
        await source.asked.wait()
    gathering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gathering
    assert all(source.is_cancelled for source in sources)


async def test_what_became_ignored_is_not_shown_from_memory(shop: Surroundings) -> None:
    gatherer = Gatherer([Scripted("a", [piece("a.py"), piece("b.py")])], shop.verdicts, shop.clock)
    assert paths(await gatherer.gather(CURSOR)) == ["a.py", "b.py"]
    shop.ignore("a.py")
    assert paths(await gatherer.latest(CURSOR)) == ["b.py"]
    assert paths(await gatherer.gather(CURSOR)) == ["b.py"]


async def test_a_source_that_shows_what_is_ignored_or_outside_is_not_believed(
    shop: Surroundings,
) -> None:
    shown = [piece(".env"), piece("../b.py"), piece("/etc/passwd"), piece(""), piece("c.py")]
    gatherer = Gatherer([Scripted("a", shown)], shop.verdicts, shop.clock)
    assert paths(await gatherer.gather(CURSOR)) == ["c.py"]


async def test_real_sources_together_find_what_is_edited_and_what_is_alike(
    shop: Surroundings,
) -> None:
    alike = "def größe(basket):\n    return basket.größe\n"
    shop.write({"alike.py": alike})
    shop.open("edited.py", filler("line", 60) + alike)
    shop.put("edited.py", (61, 4), (61, 10), "gebe")
    gatherer = Gatherer([shop.similar, shop.edited], shop.verdicts, shop.clock, DEADLINE_S)
    gathered = await gatherer.gather(at("shop.py", "x = basket.größe|\n"))
    assert paths(gathered) == ["edited.py", "alike.py"]
    assert "gebe" in gathered[0].text


async def test_only_the_latest_documents_are_remembered(shop: Surroundings) -> None:
    gatherer = Gatherer([Scripted("a", [piece("a.py")])], shop.verdicts, shop.clock)
    for number in range(GATHERED_DOCUMENTS_MAX + 1):
        await gatherer.gather(Cursor(f"{number}.py", "x", ""))
    assert await gatherer.latest(Cursor("0.py", "x", "")) == ()
    assert await gatherer.latest(Cursor("1.py", "x", "")) != ()


def test_what_several_sources_found_comes_first() -> None:
    fused = fuse([[piece("a.py"), piece("b.py")], [piece("c.py"), piece("b.py", 3)]], CURSOR)
    assert paths(fused) == ["b.py", "a.py", "c.py"]


def test_of_what_overlaps_the_better_one_is_left() -> None:
    fused = fuse([[piece("a.py", 10), piece("a.py", 14), piece("a.py", 15)]], CURSOR)
    assert [snippet.line for snippet in fused] == [10, 15]


def test_definitions_put_together_overlap_nothing_but_their_like() -> None:
    imported, same = piece("a.py", source="imported"), piece("a.py", source="map")
    part = piece("a.py", 2)
    assert fuse([[imported], [same], [part]], CURSOR) == (imported, part)


def test_the_lines_around_the_cursor_are_not_shown_again() -> None:
    own = filler("own", 100)
    cursor = Cursor("shop.py", own, "")
    near = Snippet("shop.py", filler("own", 40), "similar", 0)
    far = Snippet("shop.py", filler("far", 40), "similar", 2000)
    assert fuse([[near, far]], cursor) == (far,)


def test_the_whole_is_bounded() -> None:
    many = [piece(f"{number}.py") for number in range(100)]
    assert len(fuse([many], CURSOR)) == SNIPPETS_MAX
    large = [Snippet(f"{number}.py", "x" * 20_000, "similar") for number in range(9)]
    assert sum(len(each.text) for each in fuse([large], CURSOR)) <= SNIPPETS_CHARS_MAX
