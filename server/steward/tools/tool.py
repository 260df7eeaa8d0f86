"""What a tool is: it returns a result or a proposal, never an effect on files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from steward.core.principal import Principal
from steward.permissions.decide import Capability
from steward.workspace.proposal import CommitProposal, EditProposal
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Output:
    """What the tool found, for the model to read."""

    text: str
    ok: bool = True


Outcome = Output | EditProposal | CommitProposal


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
    def capability(self) -> Capability:
        """What it needs to be granted."""
        ...

    @property
    def arguments(self) -> type[BaseModel]:
        """The shape of its arguments; its JSON Schema is shown to the model."""
        ...

    async def request(self, arguments: A, call: Call) -> Request:
        """The question to put where a person must agree first."""
        ...

    async def run(self, arguments: A, call: Call) -> Outcome:
        """Do it. Raises `StewardError` where it cannot be done."""
        ...
