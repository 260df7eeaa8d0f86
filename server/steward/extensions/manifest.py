"""`extension.yaml`: what an extension is, what it brings, and what it wants to be allowed."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from steward.extensions.capability import Capability

MANIFEST_NAME = "extension.yaml"
ID = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9]*(-[a-z0-9]+)*$")
"""`publisher.name`, both in lower-case ASCII."""

ExtensionId = Annotated[str, StringConstraints(pattern=ID.pattern, max_length=80)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$", max_length=60)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Version = Annotated[
    str, StringConstraints(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$", max_length=40)
]

HookName = Literal["onLoad", "onUnload", "onWorkspaceChange", "onFileSave"]
StagePosition = Literal["gathered", "chosen", "final"]
"""Where a stage stands: after the pieces were gathered, the budget chose, and last."""
EnginePoint = Literal["task", "stage", "agent", "tool", "model"]
EngineTime = Literal["before", "after", "error"]


class Part(BaseModel):
    """A part of a manifest; what is not in it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class When(Part):
    """When a command or a menu entry is offered; every field that is given must hold."""

    languages: tuple[str, ...] = Field(
        default=(), max_length=40, description="Language ids of the document in front; none: any."
    )
    selection: bool | None = Field(
        default=None, description="Whether something must be selected, or must not."
    )
    files: tuple[Glob, ...] = Field(
        default=(), max_length=40, description="Globs for the document's path; none: any."
    )
    workspace_has: tuple[Glob, ...] = Field(
        default=(), max_length=40, description="Offered only where a file of these exists."
    )


class Command(Part):
    """A command of the palette."""

    id: Name
    title: Line
    category: Line | None = None
    when: When = When()


class Menu(Part):
    """An entry of the right-click menu, and a code action in every editor."""

    command: Name = Field(description="The command that it runs.")
    title: Line | None = Field(default=None, description="None: the command's title.")
    when: When = When()


class Hook(Part):
    """An event that the extension wants to hear of."""

    event: HookName
    globs: tuple[Glob, ...] = Field(
        default=("**",), max_length=40, description="Which files count, for the two about files."
    )


class Stage(Part):
    """A stage of the pipeline that puts a model's context together."""

    id: Name
    position: StagePosition = "chosen"
    order: int = Field(default=100, ge=0, le=1000, description="Lower runs first.")


class ToolOffer(Part):
    """A tool for agents; they know it as `ext__PUBLISHER_NAME__TOOL`."""

    name: Name
    description: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    input_schema: dict[str, Any] = Field(description="JSON Schema of the arguments, an object.")
    output_schema: dict[str, Any] | None = Field(
        default=None, description="JSON Schema of the result; none: anything."
    )


class EngineHook(Part):
    """A moment of the engine that the extension looks at."""

    point: EnginePoint
    time: EngineTime
    veto: bool = Field(
        default=False, description="Whether it may stop what is about to happen; only `before`."
    )


class Panel(Part):
    """A panel that the extension may show; what is in it is data, never HTML."""

    id: Name
    title: Line


class Grant(Part):
    """One thing the extension wants to be allowed."""

    capability: Capability
    globs: tuple[Glob, ...] = Field(
        default=(),
        max_length=40,
        description="Narrower: paths of files.*, the command lines of command.run, the parts of"
        " state.read, the names of events.emit. None: all of it.",
    )
    reason: Line = Field(description="Why it needs this, for whoever decides.")


class Manifest(Part):
    """What `extension.yaml` says."""

    id: ExtensionId = Field(description="`publisher.name`; never changes.")
    name: Line
    version: Version
    publisher: Line
    api_version: Annotated[str, StringConstraints(pattern=r"^\d{1,3}\.\d{1,3}$")] = Field(
        description="The version of the API it was written for, `1.0`."
    )
    description: Annotated[str, StringConstraints(max_length=1000)] = ""
    license: Line | None = None
    homepage: Line | None = None
    runtime: Literal["python", "javascript", "component"] = Field(
        default="python", description="What `entry` is: sources, or a WebAssembly component."
    )
    entry: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        default="main.py", description="The file that is loaded, relative to the manifest."
    )
    commands: tuple[Command, ...] = Field(default=(), max_length=100)
    menus: tuple[Menu, ...] = Field(default=(), max_length=100)
    hooks: tuple[Hook, ...] = Field(default=(), max_length=8)
    context_stages: tuple[Stage, ...] = Field(default=(), max_length=8)
    tools: tuple[ToolOffer, ...] = Field(default=(), max_length=32)
    engine_hooks: tuple[EngineHook, ...] = Field(default=(), max_length=16)
    panels: tuple[Panel, ...] = Field(default=(), max_length=16)
    config: dict[str, Any] = Field(
        default_factory=dict[str, Any],
        description="JSON Schema of an object: the settings it takes, each with its default.",
    )
    permission_scope: tuple[Grant, ...] = Field(default=(), max_length=32)
