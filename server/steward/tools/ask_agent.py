"""Have another agent do a part of the work."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from steward.core.agent_limits import AGENT_TASK_CHARS_MAX, MENTIONS_MAX
from steward.core.limits import PATH_CHARS_MAX
from steward.permissions.decide import Act
from steward.tools.tool import AgentTask, Call, Output, Request
from steward.workspace.markdown import code, fenced
from steward.workspace.reveal import reveal

ASK_AGENT = "ask_agent"
"""The tool's name. An agent has it that was given agents to call."""


class AskAgentArguments(BaseModel):
    """Who is asked for what."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    agent: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    task: str = Field(min_length=1, max_length=AGENT_TASK_CHARS_MAX)
    """All that it needs to know: it sees nothing of this conversation."""
    files: list[Annotated[str, Field(min_length=1, max_length=PATH_CHARS_MAX)]] = Field(
        default=[], max_length=MENTIONS_MAX
    )
    """Files to begin with."""


@dataclass(frozen=True, slots=True)
class AskAgent:
    """A task for another agent; the run that calls it plays the agent's steps."""

    name: str = ASK_AGENT
    description: str = (
        "Have another agent do a part of the work; it uses its own tools, with no more rights than"
        ' you, and answers you. A step of a plan that does so names them in "agents": [string].'
    )
    arguments: type[AskAgentArguments] = AskAgentArguments

    def act(self, arguments: AskAgentArguments, call: Call) -> Act:
        """Calling this agent. What it goes on to do is decided about act by act."""
        for file in arguments.files:
            call.workspace.resolve(file)
        return Act(self.name, "agent.call", agent=arguments.agent)

    async def request(self, arguments: AskAgentArguments, call: Call) -> Request:
        """Shows who is asked, and the whole task."""
        named = "".join(f"\n- {code(file)}" for file in arguments.files)
        files = f"\n\nFiles to begin with:{named}" if named else ""
        task = fenced(reveal(arguments.task)[0], "")
        body = f"Have the agent {code(arguments.agent)} do this:\n\n{task}{files}"
        operands = arguments.model_dump(mode="json")
        return Request(f"Call the agent {arguments.agent}", body, operands)

    async def run(self, arguments: AskAgentArguments, call: Call) -> Output:
        """The task, for the run to have it done."""
        task = AgentTask(arguments.agent, arguments.task, tuple(arguments.files))
        return Output(f"Asked the agent {arguments.agent}.", task=task)
