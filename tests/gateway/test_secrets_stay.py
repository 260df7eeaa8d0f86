"""What is never sent to a model, wherever a request holds it."""

import json
from dataclasses import replace

from demo.replies import always, say
from steward.gateway.request import Message, ToolSpec
from tests.gateway.desk import KEY, Desk, asked


async def test_keys_in_the_conversation_stay_here(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    request = replace(
        asked(),
        messages=(
            Message("system", f"system {KEY}"),
            Message("user", f"user {KEY}"),
            Message("assistant", f"assistant {KEY}"),
            Message("tool", f"tool {KEY}", tool_call_id="c1"),
        ),
    )
    await desk.ask(request)
    sent = desk.model.exchanges[0].messages
    assert [message["content"] for message in sent] == [
        f"{role} <redacted openai key>" for role in ("system", "user", "assistant", "tool")
    ]


async def test_keys_stay_here_wherever_else_a_request_holds_them(desk: Desk) -> None:
    desk.model.script = always(say("hello"))
    schema = {"type": "object", "properties": {KEY: {"enum": [f"one {KEY}", 2]}}}
    request = replace(
        asked(tools=(ToolSpec("look", f"looks with {KEY}", schema),)),
        stop=(f"stop {KEY}",),
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}},
    )
    await desk.ask(request)
    sent = desk.model.exchanges[0].body
    assert KEY not in json.dumps(sent)
    assert sent["tools"][0]["function"]["parameters"]["properties"] == {
        "<redacted openai key>": {"enum": ["one <redacted openai key>", 2]}
    }
