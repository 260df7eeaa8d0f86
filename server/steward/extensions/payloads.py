"""What goes between Steward and an extension: each topic, each host call, both ways.

The JSON Schemas in `schemas/extension/v1` are made of these models. Whatever an extension answers
is data of a stranger: it is checked against its model here before anything looks at it.
"""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Path = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Short = Annotated[str, StringConstraints(max_length=500)]
Text = Annotated[str, StringConstraints(max_length=1_000_000)]
Json = Any


class Payload(BaseModel):
    """One payload; what is not in it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @cached_property
    def as_json(self) -> str:
        """The payload as it travels, written once however many are told."""
        return self.model_dump_json()


class Position(Payload):
    """A place in a text, as in the Language Server Protocol with UTF-16 columns."""

    line: int = Field(ge=0)
    character: int = Field(ge=0)


class Range(Payload):
    """From a place to another."""

    start: Position
    end: Position


class Nothing(Payload):
    """The answer to an event that asks for none: nobody looks at what comes."""


# --- Load --------------------------------------------------------------------------------------


class LoadRequest(Payload):
    """`load.request`: the sources of the package and what it is."""

    id: str
    version: str
    api_version: str
    entry: str
    files: dict[str, str]
    """Relative path → text: of Python every `.py`, of JavaScript every `.js`, of both every data
    file that is UTF-8 text."""


class LoadResponse(Payload):
    """`load.response`: what the code registered; each must be in the manifest."""

    commands: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    context_stages: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    engine_hooks: tuple[str, ...] = ()
    """`before-tool`, `after-model`, …"""


# --- Topics ------------------------------------------------------------------------------------


class Place(Payload):
    """What the person has in front of them when they run a command."""

    path: Path | None = None
    language: str = ""
    range: Range | None = None
    selection: Text = ""
    """The selected text."""


class CommandRequest(Payload):
    """`command:ID`."""

    place: Place = Place()
    arguments: Json = None
    """What the editor's user gave; `null` from the palette."""


class CommandResponse(Payload):
    """What a command answers: a sentence for the person, or nothing."""

    message: Text | None = None


class FileSaved(Payload):
    """`onFileSave`."""

    path: Path
    language: str
    text: Text
    version: int


class Diagnostic(Payload):
    """A remark on a place of a file."""

    path: Path | None = None
    """None: the file of the event."""
    range: Range
    message: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    severity: Literal["error", "warning", "information", "hint"] = "warning"
    code: Short = ""


class FileSavedResponse(Payload):
    """Remarks that replace this extension's earlier ones on the file."""

    diagnostics: tuple[Diagnostic, ...] = Field(default=(), max_length=1000)


class WorkspaceChanged(Payload):
    """`onWorkspaceChange`: files that came, went or changed, from outside or by the person."""

    created: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    deleted: tuple[Path, ...] = ()


class Piece(Payload):
    """A piece of what a model is to see."""

    id: str
    """Of this piece in this request; what comes back with it is this piece, changed or not."""
    kind: str
    path: Path | None = None
    text: Text
    tokens: int = Field(ge=0)


class StageRequest(Payload):
    """`context:ID`."""

    task: str
    """What the model is asked for: `chat`, `agent`, `plan`, `ghost_text`, …"""
    goal: Text = ""
    pieces: tuple[Piece, ...]
    config: Json = None


class NewPiece(Payload):
    """A piece that a stage adds; it reaches the model as data of this extension."""

    title: Short
    path: Path | None = None
    text: Text


class ModelHint(Payload):
    """Which model would do, and why; the person's own choice and the policy go first."""

    tier: Literal["cheap", "balanced", "strong"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class StageResponse(Payload):
    """Which pieces stay, in which order, and what is added."""

    keep: tuple[str, ...] | None = None
    """Ids of pieces in their new order; None: as they were."""
    replace: dict[str, Text] = Field(default_factory=dict[str, str])
    """Id → shorter text."""
    add: tuple[NewPiece, ...] = Field(default=(), max_length=50)
    hint: ModelHint | None = None


class ToolRequest(Payload):
    """`tool:NAME`; the arguments satisfy the tool's own schema."""

    arguments: dict[str, Json]


class ToolResponse(Payload):
    """What the tool found; where the tool has a schema for it, it must satisfy that."""

    result: Json = None


class EngineMoment(Payload):
    """`engine:before-tool` and its like."""

    run: str
    agent: str
    point: Literal["task", "stage", "agent", "tool", "model"]
    time: Literal["before", "after", "error"]
    name: str = ""
    """Of the tool, stage, agent or model."""
    paths: tuple[Path, ...] = ()
    tokens: int | None = None
    cost_nano_usd: int | None = None
    elapsed_ms: int | None = None
    error: Short = ""


class EngineVerdict(Payload):
    """What a hook thinks of it; only a hook with `veto`, and only before."""

    veto: Annotated[str, StringConstraints(max_length=500)] | None = None
    """Why it must not happen; None: it may."""


class EditDecided(Payload):
    """`editDecided`: what became of a proposal of this extension."""

    proposal: str
    state: Literal["applied", "refused", "stale", "undecided"]


# --- Host calls --------------------------------------------------------------------------------


class ListFilesRequest(Payload):
    """`list-files.request`."""

    glob: Path = "**"
    limit: int = Field(default=1000, ge=1, le=10_000)


class ListFilesResponse(Payload):
    """`list-files.response`."""

    paths: tuple[str, ...]
    is_whole: bool
    """False: there are more than the limit."""


class GitReadRequest(Payload):
    """`git-read.request`."""

    what: Literal["status", "branch", "diff", "staged", "log", "blame", "branches"]
    path: Path | None = None
    limit: int = Field(default=50, ge=1, le=500)


class GitReadResponse(Payload):
    """`git-read.response`."""

    text: Text
    is_whole: bool


class FileChange(Payload):
    """One file of a proposal."""

    do: Literal["edit", "write", "delete", "rename"]
    path: Path
    old_text: Text | None = None
    """Of `edit`: stands in the file exactly once."""
    new_text: Text | None = None
    """Of `edit` what takes its place; of `write` the whole text."""
    to: Path | None = None
    """Of `rename`."""


class ProposeEditRequest(Payload):
    """`propose-edit.request`."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    changes: tuple[FileChange, ...] = Field(min_length=1, max_length=200)


class ProposeEditResponse(Payload):
    """`propose-edit.response`: the person decides later; `editDecided` tells."""

    proposal: str


class Message(Payload):
    """One turn of what a model is asked."""

    role: Literal["user", "assistant"]
    text: Text


class AskModelRequest(Payload):
    """`ask-model.request`."""

    messages: tuple[Message, ...] = Field(min_length=1, max_length=50)
    instructions: Annotated[str, StringConstraints(max_length=10_000)] = ""
    """What the extension wants of the model; reaches it as data of this extension."""
    max_tokens: int = Field(default=1000, ge=1, le=8000)
    tier: Literal["cheap", "balanced", "strong"] = "cheap"


class AskModelResponse(Payload):
    """`ask-model.response`."""

    text: str
    model: str
    cost_nano_usd: int


class RunCommandRequest(Payload):
    """`run-command.request`."""

    argv: tuple[Annotated[str, StringConstraints(max_length=4000)], ...] = Field(
        min_length=1, max_length=200
    )
    reason: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    timeout_s: int = Field(default=60, ge=1, le=600)


class RunCommandResponse(Payload):
    """`run-command.response`."""

    exit_code: int | None
    output: str
    verdict: str
    """How it ended, in words."""


StatePart = Literal["documents", "diagnostics", "runs", "budget", "counts"]
"""What `product-state` can tell: open documents (paths, languages), their diagnostics, runs (id,
agent, state, cost), what is left of the budget, and how often what happened today."""


class PanelContent(Payload):
    """`panel-content`: blocks from top to bottom."""

    blocks: tuple["Block", ...] = Field(max_length=200)


class TextBlock(Payload):
    """Markdown; no HTML, and links only to files of the workspace."""

    kind: Literal["markdown"]
    text: Text


class ListBlock(Payload):
    """A list; an entry with a path opens it, one with a command runs that command."""

    kind: Literal["list"]
    title: Short = ""
    items: tuple["Item", ...] = Field(max_length=1000)


class Item(Payload):
    """An entry of a list."""

    label: Short
    detail: Short = ""
    path: Path | None = None
    line: int | None = Field(default=None, ge=0)
    command: str | None = None


class TableBlock(Payload):
    """A table."""

    kind: Literal["table"]
    title: Short = ""
    columns: tuple[Short, ...] = Field(min_length=1, max_length=20)
    rows: tuple[tuple[Short, ...], ...] = Field(max_length=1000)


class PlotBlock(Payload):
    """A plot, drawn by us."""

    kind: Literal["plot"]
    title: Short = ""
    form: Literal["line", "bar"] = "line"
    labels: tuple[Short, ...] = Field(max_length=500)
    series: dict[str, tuple[float, ...]] = Field(max_length=8)


Block = Annotated[TextBlock | ListBlock | TableBlock | PlotBlock, Field(discriminator="kind")]
