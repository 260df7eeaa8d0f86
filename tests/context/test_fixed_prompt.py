"""What every request of an agent carries before there is any work is small."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass

import pytest

import steward.tools
from steward.agents.agent import Agent
from steward.agents.definitions.shipped import shipped
from steward.context.prompts import Assignment, agent_messages, plan_messages
from steward.context.room import tokens_of, tokens_of_tools
from steward.gateway.request import ToolSpec
from steward.tools.schema import schema_for_model

FIXED_TOKENS_MAX = 2_500


def tools() -> Iterator[ToolSpec]:
    """Every tool that there is, as a model is told of it."""
    for module in pkgutil.iter_modules(steward.tools.__path__, "steward.tools."):
        for made in vars(importlib.import_module(module.name)).values():
            if isinstance(made, type) and is_dataclass(made) and made.__module__ == module.name:
                # What an extension offers says itself what it is; none of it stands here.
                given = [field for field in fields(made) if field.default is not MISSING]
                said = {field.name: field.default for field in given}
                if {"name", "description", "arguments"} <= set(said):
                    schema = schema_for_model(said["arguments"])  # pyright: ignore[reportArgumentType]
                    yield ToolSpec(str(said["name"]), str(said["description"]), schema)


@pytest.mark.parametrize("agent", shipped().values(), ids=lambda agent: agent.agent_id)
def test_an_agent_without_work_takes_few_tokens(agent: Agent) -> None:
    offered = [tool for tool in tools() if tool.name in agent.allowed_tools]
    assert offered
    nothing = Assignment("", "", "", run_id="run-1")
    thinking = agent_messages(agent.persona, nothing, "", [])
    assert tokens_of(thinking) + tokens_of_tools(offered) <= FIXED_TOKENS_MAX
    described = {tool.name: tool.description for tool in offered}
    assert tokens_of(plan_messages(agent.persona, described, nothing)) <= FIXED_TOKENS_MAX


def test_a_tool_s_schema_says_all_that_a_model_must_know() -> None:
    said = {tool.name: json.loads(json.dumps(dict(tool.parameters))) for tool in tools()}
    read, change = said["read_file"], said["change_files"]
    assert read["required"] == ["path"]
    assert {"path", "first_line", "last_line"} <= set(read["properties"])
    assert read["properties"]["last_line"]["type"] == "integer"
    assert "null" not in json.dumps(said)
    kinds = {
        one["properties"]["do"]["const"]
        for one in change["$defs"].values()
        if "do" in one.get("properties", {})
    }
    assert kinds == {"edit", "create", "rename", "delete"}
