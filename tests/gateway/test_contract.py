"""A model that cannot be asked for tools is told of them in words, and its answer is read."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.replies import Refuse, Reply, always, in_order, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import UnstructuredError
from steward.gateway.call.contract import calls_in
from steward.gateway.request import Message, ToolCall, ToolSpec
from tests.gateway.desk import asked, gateway_settings, open_desk

READ = ToolSpec("read_file", "Read a file.", {"type": "object"})
ASKED = replace(asked("mend it", task="agent", tools=(READ,)), stop=(), takes_contract=True)
CALLS = '{"text": "I look.", "tool_calls": [{"name": "read_file", "arguments": {"path": "a.py"}}]}'
SIMPLE = {"models_known": {"custom/large": {"abilities": ["chat"]}}}


def body(model: ScriptedModel, number: int = -1) -> Any:
    return model.exchanges[number].body


async def test_a_model_without_tools_is_told_of_them_and_its_calls_are_read(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say(CALLS))
    async with open_desk(
        tmp_path, scripted_model, gateway_settings(scripted_model.url, **SIMPLE)
    ) as desk:
        text, answer = await desk.ask(ASKED)
    assert answer.trail.is_by_contract
    assert "tools" not in body(scripted_model)
    system, user = body(scripted_model)["messages"]
    assert "read_file: Read a file." in system["content"]
    assert user["content"] == "mend it"
    said, (wanted,) = await calls_in(text)
    assert (said, wanted.name, json.loads(wanted.arguments)) == (
        "I look.",
        "read_file",
        {"path": "a.py"},
    )


async def test_what_was_called_before_is_told_in_words(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    called = ToolCall("1", "read_file", '{"path": "a.py"}')
    turn = (Message("assistant", "", (called,)), Message("tool", "x = 1\n", tool_call_id="1"))
    scripted_model.script = always(say('{"text": "Done.", "tool_calls": []}'))
    async with open_desk(
        tmp_path, scripted_model, gateway_settings(scripted_model.url, **SIMPLE)
    ) as desk:
        text, _ = await desk.ask(replace(ASKED, messages=(*ASKED.messages, *turn)))
    *_, assistant, result = body(scripted_model)["messages"]
    assert json.loads(assistant["content"])["tool_calls"] == [
        {"name": "read_file", "arguments": {"path": "a.py"}}
    ]
    assert result == {"role": "user", "content": "The tool read_file gave (data):\nx = 1\n"}
    assert await calls_in(text) == ("Done.", ())


async def test_each_model_of_a_chain_is_told_in_its_own_way(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = in_order(Reply(fault=Refuse(404)), say(CALLS))
    settings = gateway_settings(
        scripted_model.url,
        models_known={"custom/small": {"abilities": ["chat"]}},
        fallbacks={"large": ["small"]},
    )
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        _, answer = await desk.ask(ASKED)
    assert [("tools" in body(scripted_model, number)) for number in (0, 1)] == [True, False]
    assert answer.trail.is_by_contract


async def test_a_program_that_did_not_agree_gets_no_contract(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("hello"))
    async with open_desk(
        tmp_path, scripted_model, gateway_settings(scripted_model.url, **SIMPLE)
    ) as desk:
        _, answer = await desk.ask(replace(ASKED, takes_contract=False))
    assert not answer.trail.is_by_contract
    assert body(scripted_model)["tools"]


async def test_an_answer_that_breaks_the_contract_is_told_apart_from_one_that_forgot_it() -> None:
    assert await calls_in("All is well.") == ("All is well.", ())
    for broken in (CALLS[:-3], '{"tool_calls": [{"arguments": {}}]}', '{"name": "read_file"}'):
        with pytest.raises(UnstructuredError):
            await calls_in(broken)


async def test_calls_of_different_answers_have_different_ids() -> None:
    _, (first,) = await calls_in(CALLS)
    _, (second,) = await calls_in(CALLS.replace("a.py", "b.py"))
    assert first.id != second.id
