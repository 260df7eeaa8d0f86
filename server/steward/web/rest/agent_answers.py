"""What the API answers about agents, and what it takes."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from steward.agents.agent import Source
from steward.core.limits import GOAL_BYTES_MAX
from steward.web.rest.answer import Answer, Wanted

_TEXT_CHARS_MAX = 70_000
"""A little more than a definition may have, so that checking says what is wrong with it."""


class AgentLine(Answer):
    """A definition as a list shows it."""

    id: str
    source: Source
    counts: bool
    """Whether it is the one that is started under its id, where no folder brings another."""
    name: str
    """Empty where it cannot be read, or is another team's."""
    description: str
    mode: str
    may: str
    """What it may do at the most, in a sentence."""
    team: str
    """The team that may use it; empty for everybody."""
    created_by: str
    problem: str
    """Why it cannot be read; empty where it can."""
    is_private: bool
    """Whether it is for a team that is not yours."""
    updated_at: datetime | None


class FolderAgentLine(Answer):
    """An agent that a folder brought along; its definition is a file there."""

    id: str
    name: str
    workspace: str


class Agents(Answer):
    """All agents that there are for somebody."""

    items: tuple[AgentLine, ...]
    """The product's first, then the rest by id; there are never more than a few hundred."""
    of_folders: tuple[FolderAgentLine, ...]
    """Those of folders that you have started."""
    why_not_create: str
    """Why you may not write one; empty where you may."""


class AgentPower(Answer):
    """One tool of an agent, and what is decided when a plan names it."""

    tool: str
    decision: str
    """`allowed`, `asks`, `recorded` or `denied`, where no folder is trusted yet."""
    reason: str


class AgentVersion(Answer):
    """A change of a definition."""

    at: datetime
    by: str
    action: str
    sha256: str


class AgentProblem(Answer):
    """Something that is wrong with a definition."""

    line: int
    message: str
    is_error: bool
    """Whether the agent cannot be used because of it."""


class AgentWhole(Answer):
    """One definition."""

    line: AgentLine
    text: str
    """The file as it was written; empty where it is another team's."""
    sha256: str
    """Of the text; send it as `was` with a change."""
    fields: dict[str, Any]
    """What its front matter says."""
    persona: str
    powers: tuple[AgentPower, ...]
    problems: tuple[AgentProblem, ...]
    prompt_tokens: int
    prompt_tokens_max: int
    model: str
    """Which model would make its plans; empty where there is none."""
    why_no_model: str
    plan_cost_most_nano_usd: int | None
    """What trying it out may cost at most; null where nobody can say."""
    versions: tuple[AgentVersion, ...]
    why_not_change: str
    """Why you may not change it, or put one in its place; empty where you may."""


class AgentWanted(Wanted):
    """A new agent."""

    id: str = Field(max_length=100)
    text: Annotated[str, Field(max_length=_TEXT_CHARS_MAX)]


class AgentChange(Wanted):
    """Another text in an agent's place."""

    text: Annotated[str, Field(max_length=_TEXT_CHARS_MAX)]
    was: str | None = Field(default=None, max_length=64)
    """The `sha256` of the text that it was made of; where it is left out, it replaces any."""


class AgentText(Wanted):
    """A text that may be a definition."""

    text: Annotated[str, Field(max_length=_TEXT_CHARS_MAX)]


class AgentChecked(Answer):
    """What is wrong with it; nothing where it can be kept as it stands."""

    problems: tuple[AgentProblem, ...]


class TrialWanted(Wanted):
    """What its model is to plan."""

    goal: Annotated[str, Field(min_length=1, max_length=GOAL_BYTES_MAX // 4)]


class TrialStep(Answer):
    """A step that it would take."""

    title: str
    tool: str
    detail: str
    files: tuple[str, ...]


class AgentTrial(Answer):
    """A plan that was made, paid by whoever asked, and not carried out."""

    summary: str
    steps: tuple[TrialStep, ...]
    questions: tuple[str, ...]
    cost_nano_usd: int
