"""What stages may make of a model's context, and what they may not."""

import asyncio

from steward.context.block import Block
from steward.context.stage import Added, Position, Staged, StageWish
from steward.context.staging import Outcome, Stages
from steward.core.errors import UnavailableError
from steward.gateway.request import Hint

FILE = Block("repository", "shop/basket.py", "price = 1\nname = 2\n", "shop/basket.py")
GIT = Block("git", "state of the repository", "On the branch main.\n")


class Made:
    """A stage that wishes one thing."""

    position: Position = "chosen"

    def __init__(self, wish: StageWish | Exception, *, order: int = 1, takes_s: float = 0) -> None:
        self.wish, self.order, self.takes_s = wish, order, takes_s
        self.seen: list[Staged] = []

    @property
    def name(self) -> str:
        return f"the extension acme.{self.order}"

    async def look(self, staged: Staged) -> StageWish:
        self.seen.append(staged)
        await asyncio.sleep(self.takes_s)
        if isinstance(self.wish, Exception):
            raise self.wish
        return self.wish


def hide(text: str) -> str:
    return text.replace("hunter2", "<secret>")


async def looked(*stages: Made, room: int | None = 1000) -> Outcome:
    staged = Staged("agent", "Fix it.", (FILE, GIT), ())
    return await Stages(lambda: stages).look("chosen", staged, room, hide)


async def test_pieces_are_left_out_and_put_in_order_and_that_is_told() -> None:
    found = await looked(Made(StageWish(keep=(1, 7, 1, -1))))
    assert found.blocks == (GIT,)
    assert [(each.what, each.why) for each in found.left_out] == [
        ("shop/basket.py", "the extension acme.1 left it out")
    ]


async def test_what_a_stage_writes_is_an_extensions_word_without_secrets() -> None:
    wish = StageWish(shorter={0: "pass hunter2"}, add=(Added("rules", "no hunter2 here"),))
    found = await looked(Made(wish))
    shortened, git, added = found.blocks
    assert (shortened.origin, shortened.text) == ("extension", "pass <secret>")
    assert git == GIT
    assert (added.origin, added.text) == ("extension", "no <secret> here")
    assert added.title == "the extension acme.1: rules"


async def test_a_text_that_is_longer_than_the_piece_takes_no_ones_place() -> None:
    found = await looked(Made(StageWish(shorter={0: "x" * 500})))
    assert found.blocks == (FILE, GIT)


async def test_nothing_is_added_beyond_the_room() -> None:
    found = await looked(Made(StageWish(add=(Added("much", "word " * 9000),))), room=40)
    assert len(found.blocks[-1].text) < 400
    assert "no room for all of it" in str(found.left_out)
    assert (await looked(Made(StageWish(add=(Added("a", "b"),))), room=0)).blocks == (FILE, GIT)


async def test_a_stage_that_fails_or_takes_too_long_changes_nothing() -> None:
    broken = Made(UnavailableError("it crashed"))
    slow = Made(StageWish(keep=()), order=2, takes_s=5)
    last = Made(StageWish(keep=(1,)), order=3)
    found = await looked(last, slow, broken)
    assert found.blocks == (GIT,)
    assert "it crashed" in str(found.left_out)
    assert "longer than" in str(found.left_out)
    assert last.seen[0].pieces == (FILE, GIT)


async def test_stages_look_one_after_the_other_and_the_last_hint_counts() -> None:
    first = Made(StageWish(add=(Added("a", "b"),), hint=Hint("strong", "hard", "x")))
    second = Made(StageWish(hint=Hint("cheap", "easy", "y")), order=2)
    found = await looked(second, first)
    assert len(second.seen[0].pieces) == 3
    assert found.hint == Hint("cheap", "easy", "y")
