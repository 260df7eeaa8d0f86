"""What a tool is: it returns a result or a proposal, never an effect on files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from pydantic import BaseModel

from steward.core.origin import Origin
from steward.core.principal import Principal
from steward.permissions.decide import Act
from steward.workspace.git.branch import BranchProposal
from steward.workspace.proposal import CommitProposal, EditProposal
from steward.workspace.pull_request import PullRequestProposal
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Reading:
    """Which text of a file the model was shown."""

    path: str
    digest: str
    """Of the whole text, however much of it was shown."""
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Output:
    """What the tool found, for the model to read."""

    text: str
    ok: bool = True
    origin: Origin = "tool"
    """Who wrote the text. Whatever nobody can place counts as strange and as private."""
    proposal: EditProposal | None = None
    """Changes that came of it, for a person to look at."""
    task: "AgentTask | None" = None
    """What another agent is to do; the run has it done, step by step."""
    reading: Reading | None = None
    """The file that was read, where one was."""


@dataclass(frozen=True, slots=True)
class AgentTask:
    """What one agent asks of another."""

    agent: str
    """The id of the agent that is asked."""
    text: str
    """What it is to do."""
    files: tuple[str, ...] = ()
    """Where it may begin to look, relative to the workspace; it reads them itself."""


Outcome = Output | EditProposal | CommitProposal | BranchProposal | PullRequestProposal


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a run may use of models altogether; `None` where nobody set a limit."""

    cost_nano_usd: int | None = None
    tokens: int | None = None


NO_LIMIT = Allowance()


@dataclass(frozen=True, slots=True)
class Call:
    """The surroundings of one call."""

    principal: Principal
    run_id: str
    step: str
    """Unique in the run and the same when the run is replayed: an idempotency key."""
    workspace: Workspace
    landed: Mapping[str, str | None]
    """What this run has already landed: relative path → the text that was approved; `None` where
    the file is gone."""
    prepared: object = None
    """What the person was asked about and approved, if they were; see `Request`."""
    agent: str = ""
    """The id of the agent that calls."""
    allowance: Allowance = NO_LIMIT
    """How much models the run may use, what the agent itself asks of them included."""
    callers: tuple[str, ...] = ()
    """The ids of the agents that called this one, the nearest first; none where a person did."""
    known: Mapping[str, str] = field(default_factory=dict[str, str])
    """Relative path → the digest of the text that the agent knows the file to have."""

    @property
    def proposal_id(self) -> str:
        """The id of a proposal that this call makes."""
        return f"{self.run_id}.{self.step}"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person is asked before the tool runs."""

    title: str
    body: str
    operands: Mapping[str, object]
    prepared: object = None
    """What exactly would be done; `run` finds it in its `Call` once it was approved."""


A = TypeVar("A", bound=BaseModel, contravariant=True)


class Tool(Protocol[A]):
    """One thing an agent can do."""

    @property
    def name(self) -> str:
        """Unique; what the model calls it by."""
        ...

    @property
    def description(self) -> str:
        """For the model, in a sentence or two."""
        ...

    @property
    def arguments(self) -> type[BaseModel]:
        """The shape of its arguments; its JSON Schema is shown to the model."""
        ...

    def act(self, arguments: A, call: Call) -> Act:
        """What would be done, for deciding whether it may be. Asks neither disk nor network.

        Raises:
            InvalidInputError, NotPermittedError: the arguments name no path that we take.
        """
        ...

    async def request(self, arguments: A, call: Call) -> Request:
        """The question to put where a person must agree first."""
        ...

    async def run(self, arguments: A, call: Call) -> Outcome:
        """Do it. Raises `StewardError` where it cannot be done."""
        ...
