"""What an agent's model is shown at the start: what was pointed at first, and no secret."""

import asyncio
import subprocess
from functools import partial
from pathlib import Path

import pytest

from steward.context.agent_context import (
    AgentContext,
    AgentGatherer,
    Wanted,
    context_from_json,
)
from steward.context.git_state import GitState, state_of
from steward.context.tokens import count
from steward.core.errors import InvalidInputError
from steward.core.placeholders import hide, key_of_run
from steward.workspace.git.process import GitProcess
from steward.workspace.git.reading import GitReader
from tests.attacks.canary import seen
from tests.context.surroundings import Surroundings, filler, surrounded
from tests.core.test_redact import SECRETS

KEY = key_of_run(b"k" * 32, "run-1")
HIDE = partial(hide, key=KEY)
CANARY = "canary-of-an-ignored-file"
TOTAL = "def total(lines):\n    return sum(lines)\n"


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    found = surrounded(tmp_path)
    found.write({"shop/a.py": TOTAL + filler("a", 200), "shop/b.py": filler("b", 30)})
    return found


def gatherer(around: Surroundings) -> AgentGatherer:
    return AgentGatherer(around.workspace, around.clock, source_s=5.0)


async def gathered(around: Surroundings, wanted: Wanted, room: int = 8_000) -> AgentContext:
    return await gatherer(around).gather(wanted, HIDE, room)


def whole(context: AgentContext) -> str:
    return "\n".join(f"{block.title}\n{block.text}" for block in context.blocks)


async def test_what_is_pointed_at_comes_first(around: Surroundings) -> None:
    wanted = Wanted("Look.", "shop/b.py:3", ("shop/a.py:1-2", "#total", "shop/a.py:200"))
    lines, symbol, last, place = (await gathered(around, wanted)).blocks
    assert lines.title == "shop/a.py, lines 1 to 2 of 202, which I point at"
    assert lines.text == TOTAL
    assert symbol.title == "shop/a.py, lines 1 to 2, function total, which I point at"
    assert symbol.text == TOTAL
    assert last.text == "a_197 = 197\n"
    assert place.title == "shop/b.py, lines 1 to 30 of 30, where I started from"
    assert {block.origin for block in (lines, symbol, last, place)} == {"repository"}


async def test_what_cannot_be_shown_is_said_with_the_reason(around: Surroundings) -> None:
    mentions = ("shop/none.py", "../x", "#nothing", "#1", "shop/b.py:99", "a:3-2")
    context = await gathered(around, Wanted("Look.", "", mentions))
    assert context.blocks == ()
    assert [each.what for each in context.left_out] == list(mentions)
    assert all(each.why for each in context.left_out)


async def test_no_way_in_shows_a_file_that_is_kept_from_models(around: Surroundings) -> None:
    name = "shop/private.py"
    around.write({name: f"def opened():\n    return '{CANARY}'\n", ".env": f"X={CANARY}\n"})
    around.ignore("private.py")
    around.open(name, f"def opened():\n    return '{CANARY} unsaved'\n")
    wanted = Wanted(f"opened {CANARY}", f"{name}:1", (name, f"{name}:1-2", "#opened", ".env"))
    context = await gathered(around, wanted)
    assert CANARY not in whole(context)
    assert {each.what for each in context.left_out} >= {name, f"{name}:1-2", "#opened", ".env"}
    assert any("stewardignore" in each.why for each in context.left_out)


@pytest.mark.parametrize("kind", SECRETS)
async def test_no_source_shows_a_secret(around: Surroundings, kind: str) -> None:
    secret = SECRETS[kind]
    text = f"def total():\n    return '''{secret}'''\n"
    around.write({"shop/c.py": text})
    around.open("shop/c.py", f"{text}more = 1  # {secret}\n")
    words = "total more " + " ".join(secret.replace("-", " ").split())
    wanted = Wanted(words, "shop/c.py:2", ("shop/c.py", "shop/c.py:2-3", "#total"))
    context = await gathered(around, wanted)
    assert "<secret " in whole(context)
    for piece in secret.split("\n"):
        assert len(piece) < 8 or not seen(piece, whole(context))


async def test_what_is_not_saved_is_shown_the_document_one_is_in_first(
    around: Surroundings,
) -> None:
    around.open("shop/a.py", TOTAL.replace("sum", "max") + filler("a", 200))
    around.open("shop/b.py", filler("b", 30))
    context = await gathered(around, Wanted("Look.", "shop/b.py:1"))
    _, unsaved, listed = context.blocks
    assert (unsaved.origin, unsaved.title) == ("editor", "shop/a.py, not saved yet")
    assert "-    return sum(lines)\n+    return max(lines)\n" in unsaved.text
    assert listed.text == "shop/b.py\nshop/a.py, with changes that are not saved\n"


async def test_lines_with_words_of_the_goal_are_found(around: Surroundings) -> None:
    around.write({"docs/c.md": "The basket is empty.\n", "shop/d.py": "def empty_basket(): ...\n"})
    context = await gathered(around, Wanted("Please fix `empty_basket`: the basket stays."))
    (block,) = context.blocks
    assert block.title == "lines with words of the goal"
    assert block.text.startswith("shop/d.py:1: def empty_basket(): ...\n")
    assert "docs/c.md:1: The basket is empty.\n" in block.text


async def test_the_state_of_git_is_shown_where_there_is_one(around: Surroundings) -> None:
    git = state_of(GitReader(GitProcess(around.root)))
    looking = AgentGatherer(around.workspace, around.clock, git=git, source_s=5.0)
    without = await looking.gather(Wanted("?"), HIDE)
    assert (without.blocks, [each.what for each in without.left_out]) == ((), ["git"])
    subprocess.run(["git", "init", "-qb", "trunk", str(around.root)], check=True)
    (block,) = (await looking.gather(Wanted("?"), HIDE)).blocks
    assert (block.origin, block.text) == ("git", "On the branch trunk.\nnew: shop/\n")


async def test_a_source_that_is_late_holds_up_nothing_else(around: Surroundings) -> None:
    async def never() -> GitState:
        await asyncio.Event().wait()
        raise AssertionError

    late = AgentGatherer(around.workspace, around.clock, git=never, source_s=0.2)
    context = await late.gather(Wanted("?", "", ("shop/b.py:1",)), HIDE)
    assert [block.text for block in context.blocks] == ["b_0 = 0\n"]
    assert [each.what for each in context.left_out] == ["git"]


async def test_all_of_it_keeps_within_the_room(around: Surroundings) -> None:
    wanted = Wanted("a_1 b_1", "shop/b.py:1", ("shop/a.py", "shop/b.py"))
    context = await gathered(around, wanted, room=400)
    assert sum(count(block.text) for block in context.blocks) <= 400 + 10 * len(context.blocks)
    assert any("no room" in each.why for each in context.left_out)
    assert "(left out " in context.blocks[0].text


async def test_it_is_the_same_out_of_the_journal(around: Surroundings) -> None:
    context = await gathered(around, Wanted("a_1", "", ("shop/a.py", "none.py")))
    assert context_from_json(context.as_json()) == context
    with pytest.raises(InvalidInputError, match="start the run again"):
        context_from_json({"blocks": [{"origin": "god", "title": "", "text": ""}]})
