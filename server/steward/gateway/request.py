"""What a caller asks of a model: plain values that cost nothing to import."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from steward.ledger.charge import Usage

__all__ = [
    "STEADY",
    "EmbeddingRequest",
    "Fill",
    "Hint",
    "Message",
    "ModelRequest",
    "OtherFile",
    "Purpose",
    "Role",
    "Sampling",
    "Task",
    "Tier",
    "ToolCall",
    "ToolSpec",
    "Usage",
    "Written",
]

Task = Literal["completion", "plan", "agent", "chat"]
"""What the model is asked for; settings choose a model for each."""

Written = Literal[Task, "next_edit", "extension"]
"""What text is asked for. Next edits and extensions stand apart: without a model for them nothing
is amiss."""

Purpose = Literal[Written, "embedding"]
"""What policy, settings and the ledger tell apart."""

Tier = Literal["cheap", "balanced", "strong"]
"""How strong a model must be; settings choose a model for each."""

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to use. Its arguments are whatever the model wrote."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's message: the tools it asked for."""
    tool_call_id: str | None = None
    """Of a tool's message: the call that it answers."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that the model may ask for."""

    name: str
    description: str
    parameters: Mapping[str, object]
    """A JSON Schema."""


@dataclass(frozen=True, slots=True)
class OtherFile:
    """What a model may see of another file than the one with the gap."""

    path: str
    """As the person would name it: relative to the workspace."""
    text: str


@dataclass(frozen=True, slots=True)
class Fill:
    """A gap in a text that a model closes (fill-in-the-middle)."""

    prefix: str
    suffix: str
    path: str = ""
    """Of the file with the gap; empty where it is not known."""
    repository: str = ""
    """What the repository is called; empty where it is not known."""
    files: tuple[OtherFile, ...] = ()
    """Others, what matters most last, where it is nearest to the gap."""
    comment: tuple[str, str] | None = None
    """What begins and ends a comment of one line in the file with the gap; None where it can have
    none, and then models that want other files as comments see none."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model picks its words; what is None is left to the provider.

    A model that refuses a choice (see `Model.refuses`) is asked without it.
    """

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """Which model would do, as somebody sees it who has no say in it."""

    tier: Tier
    reason: str
    whose: str
    """In words, such as `the extension acme.thrift`."""


STEADY = Sampling(temperature=0.0)
"""The likeliest answer: what Steward itself asks for."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call of a model that writes text."""

    request_id: str
    """Fresh for every attempt: one that timed out may have been billed, so a second try under
    the same id is refused."""
    task: Written
    messages: tuple[Message, ...]
    """The conversation. Beside a gap it asks for the same of a model that closes none."""
    output_tokens_max: int
    """The most that the model may write; it is sent to the provider and reserved in full."""
    stop: tuple[str, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    run_id: str | None = None
    model: str | None = None
    """A wish, `provider/model`; whether it is granted is decided here."""
    agent: str = ""
    """The id of the agent that asks; empty where none does."""
    fill: Fill | None = None
    """A gap to close, without tools. Whether a model gets this or the messages is decided for each
    that is asked; a request with a gap alone is for those that close one."""
    sampling: Sampling = STEADY
    tool_choice: str | Mapping[str, object] | None = None
    """`auto`, `none`, `required`, or OpenAI's object that names one tool."""
    has_parallel_tools: bool = True
    """Whether the model may ask for several tools at once."""
    takes_contract: bool = False
    """Whether a model that cannot be asked for tools may be told of them in words; whoever says so
    reads the answer with `gateway.call.contract` where `Trail.is_by_contract` says that it was."""
    response_format: Mapping[str, object] | None = None
    """OpenAI's `response_format`: JSON, or JSON of a schema."""
    hint: Hint | None = None
    """Which model would do; whoever chose one for themselves or the workspace is not overruled."""
    came_as: Purpose | None = None
    """What the door took it for, where `task` is only what a client says: then the policy must
    allow the model for both, so that saying something opens nothing."""


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """One call of a model that turns texts into vectors."""

    request_id: str
    """As with `ModelRequest`: fresh for every attempt."""
    texts: tuple[str, ...]
    model: str | None = None
    """A wish, `provider/model`."""
    dimensions: int | None = None
    """The vectors' length, where the model lets one choose."""
    run_id: str | None = None
    agent: str = ""

    @property
    def task(self) -> Literal["embedding"]:
        """What it is for."""
        return "embedding"

    @property
    def output_tokens_max(self) -> int:
        """Vectors are no tokens."""
        return 0
