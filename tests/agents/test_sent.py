"""What left for a model in a run can be looked at, on both databases."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from steward.agents.run import RunLog
from steward.agents.sent import Sent, SentCall, sent_in
from steward.gateway.request import Message, ToolCall, ToolSpec
from tests.agents.test_run import run
from tests.places import Place, execute
from tests.rooms import Ground, open_ground

RUN = run("run-1")
TOOLS = (ToolSpec("search", "Finds text.", {"type": "object"}),)
SYSTEM = Message("system", "You are careful.")


@pytest.fixture
async def ground(place: Place) -> AsyncGenerator[Ground]:
    async with open_ground(place) as ground:
        await RunLog(ground.database, ground.clock, ground.events).begin(RUN, "me")
        yield ground


async def calls(ground: Ground, step: str | None = None) -> tuple[SentCall, ...]:
    return await ground.database.read(lambda session: sent_in(session, "run-1", step))


def conversation(turns: int) -> list[Message]:
    """A system prompt and so many turns of a tool call and its result."""
    found = [SYSTEM]
    for turn in range(turns):
        call = ToolCall(f"c{turn}", "search", f'{{"query": "{turn}"}}')
        found.append(Message("assistant", "", (call,)))
        found.append(Message("tool", f"result {turn} " + "x" * 1000, tool_call_id=f"c{turn}"))
    return found


async def test_what_was_sent_is_shown_call_by_call_as_it_left(ground: Ground) -> None:
    sent = Sent(ground.database, ground.clock)
    for turn in range(3):
        await sent.keep(RUN, f"think-{turn}", "acme/small", conversation(turn), TOOLS)
    found = await calls(ground)
    assert [(call.step, call.attempt, len(call.messages)) for call in found] == [
        ("think-0", 1, 1),
        ("think-1", 1, 3),
        ("think-2", 1, 5),
    ]
    asked, answered = found[2].messages[3].value, found[2].messages[4].value
    assert asked["tool_calls"] == [{"id": "c1", "name": "search", "arguments": '{"query": "1"}'}]
    assert (answered["role"], answered["tool_call_id"]) == ("tool", "c1")
    assert found[2].tools is not None
    assert found[2].tools.value[0]["name"] == "search"
    assert await calls(ground, "think-1") == (found[1],)


async def test_what_is_kept_holds_no_secret(ground: Ground, place: Place) -> None:
    key = "sk-ant-" + "a" * 40
    call = ToolCall("c", "search", f'{{"query": "{key}"}}')
    tool = replace(TOOLS[0], description=f"Uses {key}.")
    messages = [Message("user", f"key: {key} \ud800"), Message("assistant", "", (call,))]
    await Sent(ground.database, ground.clock).keep(RUN, "plan", "acme/small", messages, [tool])
    kept = str(execute(place, "SELECT content FROM sent_text"))
    assert "a" * 20 not in kept
    assert kept.count("<redacted anthropic key>") == 3


async def test_a_text_is_kept_once_however_often_it_leaves(ground: Ground, place: Place) -> None:
    turns = 30
    for turn in range(turns):
        # A new one each time, as after each restart.
        sent = Sent(ground.database, ground.clock)
        await sent.keep(RUN, f"think-{turn}", "acme/small", conversation(turn), TOOLS)
    ((texts,),) = execute(place, "SELECT COUNT(*) FROM sent_text")
    assert texts == 2 * (turns - 1) + 2  # All turns but the last answer's, the system's, the tools.
    ((longest,),) = execute(place, "SELECT MAX(LENGTH(messages)) FROM sent_call")
    assert longest < 20


async def test_a_step_that_is_played_again_overwrites_its_own_call(ground: Ground) -> None:
    sent = Sent(ground.database, ground.clock)
    await sent.keep(RUN, "think-0", "acme/small", [SYSTEM], ())
    await sent.keep(RUN, "think-0", "acme/large", [SYSTEM, Message("user", "Again.")], ())
    (call,) = await calls(ground)
    assert (call.model, len(call.messages), call.tools) == ("acme/large", 2, None)


async def test_what_a_run_sends_beyond_its_bound_is_named_and_left_out(ground: Ground) -> None:
    sent = Sent(ground.database, ground.clock, bytes_max=2_500)
    await sent.keep(RUN, "think-0", "acme/small", conversation(3), TOOLS)
    await sent.keep(RUN, "think-1", "acme/small", [*conversation(3), Message("user", "?")], ())
    first, second = await calls(ground)
    assert [text.value is None for text in first.messages] == [False] * 5 + [True] * 2
    assert all(text.bytes > 0 and len(text.digest) == 64 for text in first.messages)
    # What is short still fits.
    assert second.messages[-1].value == {"role": "user", "content": "?"}
