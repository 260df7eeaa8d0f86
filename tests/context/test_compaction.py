"""A long conversation gets shorter where it is old, and stays a conversation."""

import json
from dataclasses import replace

from hypothesis import given, settings, strategies as st

from steward.context import compaction
from steward.context.block import Block
from steward.context.prompts import Assignment, agent_messages, agent_prompt, prompt_min
from steward.context.room import tokens_of
from steward.context.tokens import count
from steward.context.turn import Decision, Turn
from steward.gateway.request import Message, ToolCall
from tests.context.conversations import CONVERSATIONS

ROOM = 3_000


def compacted(turns: list[Turn], room: int) -> list[Turn]:
    return list(compaction.compacted(turns, room).turns)


def lines(name: str, number: int) -> str:
    return "".join(f"{name} line {each}\n" for each in range(number))


def read(number: int, text: str, path: str = "") -> Turn:
    arguments = json.dumps({"path": path or f"file{number}.py"})
    return Turn(f"turn {number}", (ToolCall(f"c{number}", "read_file", arguments),), (text,))


def tokens(turns: list[Turn]) -> int:
    texts = [
        text
        for turn in turns
        for text in (turn.text, *turn.results, *(call.arguments for call in turn.calls))
    ]
    return sum(map(count, texts))


def test_what_fits_is_left_as_it_is() -> None:
    turns = [read(each, lines("a", 20)) for each in range(4)]
    assert compacted(turns, ROOM) == turns


def test_old_results_lose_their_middle_and_the_newest_is_whole() -> None:
    turns = [read(each, lines(f"f{each}", 150)) for each in range(5)]
    shown = compacted(turns, ROOM + 500)
    assert tokens(shown) <= ROOM + 500
    assert shown[-1] == turns[-1]
    (oldest,) = shown[0].results
    assert oldest.startswith("f0 line 0\n")
    assert oldest.endswith("f0 line 149\n")
    assert "(left out 130 lines; call the tool again for them)" in oldest


def test_a_result_that_was_read_again_points_to_the_newer_one() -> None:
    text = lines("a", 200)
    turns = [read(0, text, "a.py"), read(1, lines("b", 150)), read(2, text, "a.py")]
    shown = compacted([*turns, read(3, lines("c", 100))], ROOM)
    assert shown[0].results == ("(the same as the newer result of this call, below)",)
    assert shown[2].results[0].startswith("a line 0\n")


def test_what_a_person_said_is_never_shortened() -> None:
    said = lines("because", 60)
    answered = Turn("", (ToolCall("c", "edit_file", "{}"),), (said,), ("person",))
    turns = [answered, *(read(each, lines("a", 150)) for each in range(3))]
    assert compacted(turns, ROOM)[0] == answered


def test_long_texts_in_old_calls_are_left_out_and_their_json_stays_json() -> None:
    arguments = json.dumps({"path": "a.py", "edits": [{"new_text": lines("new", 200)}]})
    wrote = Turn("", (ToolCall("c", "edit_file", arguments),), ("done",))
    shown = compacted([wrote, *(read(each, lines("a", 150)) for each in range(4))], ROOM)
    assert json.loads(shown[0].calls[0].arguments) == {
        "path": "a.py",
        "edits": [{"new_text": f"(left out {len(lines('new', 200))} characters)"}],
    }


def test_a_single_result_that_is_too_large_is_cut() -> None:
    (shown,) = compacted([read(0, lines("a", 3_000))], ROOM)
    assert count(shown.results[0]) <= ROOM
    assert shown.results[0].startswith("a line 0\n")
    assert "characters; ask for less at once)" in shown.results[0]


def test_a_conversation_is_shortened_seldom_so_that_its_beginning_stays_known() -> None:
    turns = [read(each, lines(f"f{each}", 60)) for each in range(30)]
    before = compacted(turns[:1], ROOM)
    changes = 0
    for number in range(2, len(turns) + 1):
        after = compacted(turns[:number], ROOM)
        changes += after[: len(before)] != before
        before = after
    assert 0 < changes <= len(turns) // 3


SIZES = st.lists(st.lists(st.integers(0, 250), max_size=3), max_size=8)


@settings(max_examples=40)
@given(SIZES, st.integers(1_000, 6_000))
def test_every_call_keeps_its_result_whatever_the_room(sizes: list[list[int]], room: int) -> None:
    turns = [
        Turn(
            f"turn {number}",
            tuple(ToolCall(f"{number}-{index}", "search", "{}") for index in range(len(row))),
            tuple(lines(f"{number}.{index}", size) for index, size in enumerate(row)),
        )
        for number, row in enumerate(sizes)
    ]
    messages = agent_messages("P", Assignment("goal", "", ""), "plan", turns, room)[3:]
    asked = [call.id for message in messages for call in message.tool_calls]
    answered = [message.tool_call_id for message in messages if message.role == "tool"]
    assert answered == asked
    assert compacted(turns, room) == compacted(turns, room)


def read_as_text(messages: tuple[Message, ...]) -> str:
    return " ".join(" ".join(message.content.split()) for message in messages)


def size(messages: tuple[Message, ...]) -> int:
    calls = [call for message in messages for call in message.tool_calls]
    return tokens_of(messages) + sum(count(call.name) + count(call.arguments) for call in calls)


PLAN = "Make it right.\n1. Look (read_file)\nOpen questions:\n- Which of both?"
BLOCKS = (Block("repository", "a.py", lines("seen", 200)),)
ASSIGNMENT = Assignment("Reach the goal.", "a.py:1", "odd", BLOCKS, "run-1")


@settings(max_examples=60, deadline=None)
@given(CONVERSATIONS, st.integers(0, 12_000))
def test_whatever_the_room_all_fits_and_what_was_decided_stays(
    turns: list[Turn], more: int
) -> None:
    """Goal, plan, questions, landings and refusals; in every room that can hold these at all."""
    room = prompt_min("P", ASSIGNMENT, PLAN, turns) + more
    prompt = agent_prompt("P", ASSIGNMENT, PLAN, turns, room)
    messages = prompt.messages
    assert size(messages) <= room
    assert prompt.meter.tokens <= prompt.meter.room
    text = read_as_text(messages)
    assert "Reach the goal." in text
    assert " ".join(PLAN.split()) in text
    for turn in turns[: prompt.meter.left_out]:
        assert all(" ".join(each.text.split()) in text for each in turn.decisions)
    for turn in turns[prompt.meter.left_out :]:
        said = (each.text for each in turn.decisions if each.is_said)
        assert all(" ".join(each.split()) in text for each in said)
    asked = [call.id for message in messages for call in message.tool_calls]
    answered = [message.tool_call_id for message in messages if message.role == "tool"]
    assert answered == asked
    assert agent_prompt("P", ASSIGNMENT, PLAN, turns, room) == prompt


@settings(max_examples=25, deadline=None)
@given(CONVERSATIONS, st.integers(0, 6_000))
def test_the_beginning_changes_only_where_something_was_shortened(
    turns: list[Turn], more: int
) -> None:
    room = prompt_min("P", ASSIGNMENT, PLAN, turns) + more
    before: tuple[Message, ...] = ()
    for number in range(len(turns) + 1):
        prompt = agent_prompt("P", ASSIGNMENT, PLAN, turns[:number], room)
        opening_changed = prompt.messages[:3] != before[:3]
        if before and not prompt.is_shorter_now and not opening_changed:
            assert prompt.messages[: len(before)] == before
        before = prompt.messages


def test_of_a_thousand_answers_the_decisions_are_left_and_their_order() -> None:
    said = Turn("", (ToolCall("c", "edit_file", "{}"),), ("No: not here.",), ("person",))
    said = replace(said, decisions=(Decision("No: not here.", is_said=True),))
    landed = replace(read(1, "Changed b.py."), decisions=(Decision("Changed b.py."),))
    turns = [said, landed, *(read(each, lines("a", 30)) for each in range(1_000))]
    prompt = agent_prompt("P", ASSIGNMENT, PLAN, turns, 8_000)
    text = read_as_text(prompt.messages)
    assert "What I said in them, in order: - No: not here." in text
    assert "- Changed b.py." in text
    assert prompt.meter.left_out > 900
    assert size(prompt.messages) <= 8_000
