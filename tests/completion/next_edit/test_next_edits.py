"""When a next edit is asked for, which is offered, and what becomes of it."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.replies import JsonObject, Refuse, Reply, Script, always, say
from demo.scripted_model import ScriptedModel
from steward.completion.next_edit.change import Change
from steward.completion.offer import Offer
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from tests.completion.next_edit.desk import ABLE, ANN, Desk, open_desk

FILE = "shop.py"
TEXT = "def total(items):\n    return sum(items)\n\n\nprint(total([1]))\nprint(total([2]))\n"
CHANGES = [Change((4, 6), "total", "amount"), Change((5, 6), "total", "amount")]


def renaming(request: JsonObject) -> Reply:
    """A model that carries a renaming through."""
    return say(region_in(request).replace("print(total", "print(amount"))


def region_in(request: JsonObject) -> str:
    last = str(request["messages"][-1]["content"])
    return last.partition("<region>\n")[2].partition("</region>")[0]


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    scripted_model.script = renaming
    async with open_desk(tmp_path, scripted_model) as desk:
        desk.open(FILE, TEXT)
        yield desk


async def test_after_an_edit_the_nearest_change_that_follows_from_it_is_offered(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    desk.replace(FILE, "total", "amount")
    offered = await desk.rest(FILE)
    assert offered is not None
    assert offered.change == CHANGES[0]
    assert offered.title == "Next edit: line 5, replace `total` with `amount`"
    (exchange,) = scripted_model.exchanges
    shown = str(exchange.body)
    assert "-def total(items):\\n+def amount(items):" in shown
    system = exchange.messages[0]
    assert system["role"] == "system"
    assert "amount" not in str(system["content"])
    calls = await desk.ledger.calls(ANN)
    assert [call.task for call in calls] == ["next_edit"]


async def test_a_second_one_of_the_same_answer_is_offered_when_the_first_is_taken(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    desk.replace(FILE, "total", "amount")
    first = await desk.rest(FILE)
    assert first is not None
    desk.next_edits.shown(first)
    desk.take(first, FILE)
    second = desk.next_edits.current(desk.uri(FILE))
    assert second is not None
    assert second.change == CHANGES[1]
    assert len(scripted_model.exchanges) == 1
    desk.next_edits.shown(second)
    desk.take(second, FILE)
    assert desk.counts().accepted == 2
    assert desk.text(FILE).count("amount") == 3
    await desk.rest(FILE, 0.0)
    assert len(scripted_model.exchanges) == 2, "when all were taken, the next one is asked for"


async def test_an_offer_follows_what_is_typed_elsewhere_without_another_call(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    desk.replace(FILE, "total", "amount")
    first = await desk.rest(FILE)
    assert first is not None
    desk.put(FILE, (0, 0), (0, 0), "import os\n")
    desk.put(FILE, (5, 0), (5, 5), "log")
    moved = await desk.rest(FILE)
    assert moved is not None
    assert (moved.id, moved.change) == (first.id, Change((5, 4), "total", "amount"))
    assert len(scripted_model.exchanges) == 1


async def test_what_is_typed_while_the_model_thinks_is_counted_in(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    spoken = asyncio.Event()

    def script(request: JsonObject) -> Reply:
        answer = renaming(request)
        return Reply(pieces=answer.pieces, hold=spoken)

    scripted_model.script = script
    desk.replace(FILE, "total", "amount")
    await desk.pauses.advance(0.4)
    await scripted_model.arrived()
    desk.put(FILE, (0, 0), (0, 0), "import os\n\n")
    spoken.set()
    offered = await desk.rest(FILE, 0.0)
    assert offered is not None
    assert offered.change == Change((6, 6), "total", "amount")


async def test_a_disagreeing_edit_ends_it_and_counts_as_a_rejection_where_it_was_seen(
    desk: Desk,
) -> None:
    desk.replace(FILE, "total", "amount")
    offered = await desk.rest(FILE)
    assert offered is not None
    desk.next_edits.shown(offered)
    await desk.pauses.advance(1.0)
    desk.put(FILE, (4, 6), (4, 11), "other")
    assert desk.next_edits.current(desk.uri(FILE)) is None
    assert desk.counts().rejected == 1
    desk.replace(FILE, "items", "things")
    await desk.rest(FILE, 0.0)
    assert desk.pauses.asked[-1] == 0.8, "a rejection doubles the pause"


async def test_what_was_rejected_is_not_offered_again_in_this_document(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    desk.replace(FILE, "total", "amount")
    offered = await desk.rest(FILE)
    assert offered is not None
    desk.next_edits.shown(offered)
    await desk.pauses.advance(0.5)
    assert desk.next_edits.dismissed(offered.id)
    desk.put(FILE, (1, 0), (1, 0), "    # Adds.\n")
    again = await desk.rest(FILE, 0.8)
    assert len(scripted_model.exchanges) == 2
    assert again is not None
    assert again.change == Change((6, 6), "total", "amount"), "the other one of the two"


async def test_each_rejection_in_a_row_doubles_the_pause_and_an_acceptance_resets_it(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    offered = None
    for number, pause_s in enumerate((0.4, 0.8, 1.6, 3.2)):
        scripted_model.script = swapping("print(", f"print_{number}(")
        desk.put(FILE, (0, 0), (0, 0), f"# {number}\n")
        offered = await desk.rest(FILE, pause_s)
        assert desk.pauses.asked[-1] == pytest.approx(pause_s)
        assert offered is not None
        desk.next_edits.shown(offered)
        await desk.pauses.advance(1.0)
        if pause_s < 3.0:
            assert desk.next_edits.dismissed(offered.id)
    assert offered is not None
    desk.take(offered, FILE)
    desk.put(FILE, (0, 0), (0, 0), "# end\n")
    await desk.rest(FILE, 0.0)
    assert desk.pauses.asked[-1] == pytest.approx(0.4)


def swapping(old: str, new: str) -> Script:
    return lambda request: say(region_in(request).replace(old, new))


async def test_typing_on_asks_once_when_it_rests(desk: Desk, scripted_model: ScriptedModel) -> None:
    for column, letter in enumerate("amount"):
        desk.put(FILE, (0, 4 + column), (0, 4 + column), letter)
        await desk.rest(FILE, 0.1)
    assert not scripted_model.exchanges
    await desk.rest(FILE)
    assert len(scripted_model.exchanges) == 1


async def test_nobody_is_asked_after_an_undo(desk: Desk, scripted_model: ScriptedModel) -> None:
    scripted_model.script = swapping("", "")
    desk.replace(FILE, "total", "amount")
    await desk.rest(FILE)
    desk.put(FILE, (1, 4), (1, 21), "")
    desk.put(FILE, (1, 4), (1, 4), "return sum(items)")
    await desk.rest(FILE, 60.0)
    assert len(scripted_model.exchanges) == 1


async def test_nobody_is_asked_while_ghost_text_is_on_the_screen(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    desk.replace(FILE, "total", "amount")
    cursor = Cursor(FILE, "def amount", "(items):\n", uri=desk.uri(FILE))
    desk.outcomes.offered(Offer("ghost", cursor, Suggestion("_of"), "model"))
    await desk.rest(FILE)
    assert not scripted_model.exchanges


async def test_an_offer_that_nobody_takes_is_gone_after_two_minutes(desk: Desk) -> None:
    desk.replace(FILE, "total", "amount")
    assert await desk.rest(FILE) is not None
    await desk.pauses.advance(121.0)
    assert desk.next_edits.current(desk.uri(FILE)) is None
    assert desk.counts().unseen == 1


async def test_a_change_that_only_undoes_the_last_edit_is_not_offered(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = swapping("def amount", "def total")
    desk.replace(FILE, "total", "amount")
    assert await desk.rest(FILE) is None
    assert len(scripted_model.exchanges) == 1


@pytest.mark.parametrize(
    ("chosen", "next_edit"),
    [
        ({"models": {"completion": "seer", "agent": "seer"}}, None),
        ({"models": {"next_edit": "seer"}}, None),
        ({"models": {"completion": "seer"}}, True),
        (ABLE, False),
    ],
    ids=["no model", "not known to be able", "wanted without a model", "switched off"],
)
async def test_nobody_is_asked_without_an_able_model(
    tmp_path: Path, scripted_model: ScriptedModel, chosen: dict[str, object], next_edit: bool | None
) -> None:
    scripted_model.script = renaming
    async with open_desk(tmp_path, scripted_model, chosen, next_edit=next_edit) as desk:
        desk.open(FILE, TEXT)
        desk.replace(FILE, "total", "amount")
        assert await desk.rest(FILE, 60.0) is None
    assert not scripted_model.exchanges


async def test_a_model_of_ones_own_is_asked_where_the_person_insists(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = renaming
    unmarked = {"models": {"next_edit": "seer"}}
    async with open_desk(tmp_path, scripted_model, unmarked, next_edit=True) as desk:
        desk.open(FILE, TEXT)
        desk.replace(FILE, "total", "amount")
        assert await desk.rest(FILE) is not None


async def test_nothing_of_an_ignored_file_or_of_a_key_is_sent(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    key = "sk-ant-" + "abcdefgh" * 4
    desk.open("secret.py", "password_of_ada = 1\n")
    desk.around.ignore("secret.py")
    desk.replace("secret.py", "= 1", "= 2")
    desk.open("conf.py", f"a = 1\nkey = '{key}'\n")
    desk.replace("conf.py", "'\n", "' # mine\n")
    desk.replace(FILE, "total", "amount")
    await desk.rest(FILE)
    sent = "".join(str(exchange.body) for exchange in scripted_model.exchanges)
    assert "def amount" in sent
    assert "mine" in sent
    assert "password_of_ada" not in sent
    assert "abcdefgh" not in sent


async def test_lines_with_a_key_are_not_put_to_a_model_to_be_rewritten(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    desk.open("conf.py", "key = 'sk-ant-abcdefghabcdefghabcdefgh'\nname = 1\n")
    desk.replace("conf.py", "name", "names")
    assert await desk.rest("conf.py") is None
    assert not scripted_model.exchanges


async def test_a_document_that_no_model_may_see_is_never_asked_about(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    desk.is_allowed = False
    desk.replace(FILE, "total", "amount")
    assert await desk.rest(FILE) is None
    assert not scripted_model.exchanges


async def test_a_provider_that_fails_is_left_alone_for_a_while(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(fault=Refuse(500, "down")))
    desk.replace(FILE, "total", "amount")
    assert await desk.rest(FILE) is None
    asked = len(scripted_model.exchanges)
    desk.put(FILE, (0, 0), (0, 0), "# One.\n")
    assert await desk.rest(FILE) is None
    assert len(scripted_model.exchanges) == asked
