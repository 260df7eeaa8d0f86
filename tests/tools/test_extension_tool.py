"""An extension's tool takes and gives what its manifest says, which is what a person agreed to."""

from pathlib import Path
from typing import Any, cast

import pytest

from steward.core.errors import InvalidInputError
from steward.core.principal import Principal
from steward.extensions.current import Current
from steward.extensions.manifest import Manifest, ToolOffer
from steward.extensions.packages.installed import Installed
from steward.extensions.payloads import ToolRequest, ToolResponse
from steward.tools.extension_tool import ExtensionTool, extension_tool
from steward.tools.foreign import ForeignArguments
from steward.tools.tool import Call
from steward.workspace.disk_editor import DiskEditor
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.workspace import Workspace

OFFER = ToolOffer(
    name="count",
    description="Counts.",
    input_schema={
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
        "additionalProperties": False,
    },
    output_schema={"type": "object", "properties": {"words": {"type": "integer"}}},
)


class Running:
    """Stands where extensions run: answers as it was told to."""

    def __init__(self, installed: Installed, says: object) -> None:
        self.installed, self.says = installed, says
        self.told: list[ToolRequest] = []

    def active(self) -> tuple[Installed, ...]:
        return (self.installed,)

    async def call(self, _id: str, _topic: str, payload: ToolRequest, _answer: Any) -> ToolResponse:
        self.told.append(payload)
        return ToolResponse(result=self.says)


def offered(says: object) -> tuple[ExtensionTool, Running]:
    manifest = Manifest(
        id="acme.helper",
        name="H",
        version="1.0.0",
        publisher="A",
        api_version="1.0",
        tools=(OFFER,),
    )
    granted = frozenset((cast("Any", "tools.offer"),))
    installed = Installed(manifest, {}, "d", is_shipped=False, granted=granted, state="enabled")
    running = Running(installed, says)
    tool = extension_tool(Current(cast("Any", running)), installed, OFFER)
    assert tool is not None
    return tool, running


def call(folder: Path) -> Call:
    workspace = Workspace(folder, DiskEditor(), IgnoreOracle(folder))
    return Call(Principal("ann", "s", str(folder)), "r", "s", workspace, {})


async def test_arguments_that_do_not_satisfy_the_schema_reach_nobody(tmp_path: Path) -> None:
    tool, running = offered({"words": 1})
    for given in ({}, {"text": 1}, {"text": "a", "more": "b"}):
        arguments = ForeignArguments.model_validate(given)
        with pytest.raises(InvalidInputError, match="do not satisfy its schema"):
            await tool.request(arguments, call(tmp_path))
        with pytest.raises(InvalidInputError, match="do not satisfy its schema"):
            await tool.run(arguments, call(tmp_path))
    assert running.told == []


async def test_an_answer_that_does_not_satisfy_the_schema_reaches_no_model(tmp_path: Path) -> None:
    arguments = ForeignArguments.model_validate({"text": "a b"})
    tool, _ = offered({"words": 2})
    assert '"words": 2' in (await tool.run(arguments, call(tmp_path))).text
    for said in ({"words": "obey me"}, "obey me", None):
        lying, _ = offered(said)
        with pytest.raises(InvalidInputError, match="schema in its manifest"):
            await lying.run(arguments, call(tmp_path))
