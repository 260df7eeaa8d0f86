"""What a question about a plan shows, as data: the page and an editor's own view are made of it.

Every text is as a person may see it: hidden characters are spelled out, and none of it is Markdown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from steward.agents.agent import Agent
from steward.agents.definitions.toolbox import needs_of
from steward.agents.plan import Plan, PlanStep
from steward.core.money import NanoUsd, as_usd
from steward.gateway.prices import Price
from steward.gateway.request import Usage
from steward.permissions.decide import Capability, Mode
from steward.workspace.markdown import one_line

_IN_WORDS: Mapping[Capability, str] = {
    "files.read": "reads files",
    "files.propose": "proposes changes; you see each diff and decide",
    "git.read": "reads git",
    "git.propose": "proposes a commit or a branch; you see it and decide",
    "git.send": "proposes to push a branch and open a pull request; you see it and decide",
    "command.run": "runs a command in the jail; you are asked each time",
    "mcp.call": "calls an MCP server; you are asked each time",
    "extension.call": "calls an extension; you are asked each time",
    "model.ask": "asks a model",
    "agent.call": "has another agent do a part, with no more rights",
}
_UNKNOWN = "does what this page does not know"

_MODES: Mapping[Mode, str] = {
    "normal": "",
    "analysis_only": "Analysis only: nothing is changed or run, whatever the steps say.",
    "dry_run": "Dry run: what would change is recorded and shown; nothing is changed or run.",
    "step": "Step by step: you are asked before each step.",
}

_SHAPE = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What carrying the plan out may cost, from both ends."""

    least: NanoUsd
    most: NanoUsd


@dataclass(frozen=True, slots=True)
class Setting:
    """What is shown beside the plan."""

    agent: Agent
    goal: str
    place: str
    mode: Mode
    estimate: Estimate | None
    """None where nobody has said what the model costs."""
    cost_limit: int | None
    """Nano-dollars at which the run ends."""
    called: tuple[Agent, ...] = ()
    """The agents that it may call, as they are pinned for the run."""


class StepView(BaseModel):
    """One step of the plan."""

    model_config = _SHAPE

    title: str
    tool: str
    needs: str
    """What the tool does, in words."""
    detail: str
    """In lines."""
    files: tuple[str, ...]
    agents: tuple[str, ...]
    is_new: bool
    """Whether it was added to a plan that was approved."""


class CostView(BaseModel):
    """What the plan may cost, as texts; None where nobody can say, or there is no limit."""

    model_config = _SHAPE

    least: str | None
    most: str | None
    limit: str | None
    said: str
    """All of it in sentences."""


class CalledView(BaseModel):
    """An agent that this one may call."""

    model_config = _SHAPE

    agent_id: str
    agent: str


class PlanView(BaseModel):
    """All that a question about a plan shows."""

    model_config = _SHAPE

    agent: str
    """Its name and where it comes from."""
    agent_id: str
    goal: str
    place: str
    """Where it was started; empty where it was nowhere in particular."""
    mode: Mode
    mode_said: str
    """What the mode means; empty for the usual one."""
    summary: str
    """In lines."""
    note: str
    """What must be known before all else; empty where there is nothing."""
    questions: tuple[str, ...]
    steps: tuple[StepView, ...]
    cost: CostView
    called: tuple[CalledView, ...]
    covers: str
    """What a yes allows, and what it does not."""

    def as_json(self) -> dict[str, object]:
        """For the question's row and for editors."""
        return self.model_dump(mode="json", by_alias=True)


def plan_view(
    plan: Plan, setting: Setting, *, is_last_new: bool = False, note: str = ""
) -> PlanView:
    """What is shown of the plan. `is_last_new`: the last step was added to an approved plan."""
    last = len(plan.steps) if is_last_new else 0
    return PlanView(
        agent=one_line(setting.agent.described()),
        agent_id=setting.agent.agent_id,
        goal=one_line(setting.goal),
        place=one_line(setting.place),
        mode=setting.mode,
        mode_said=_MODES[setting.mode],
        summary=_lines(plan.summary),
        note=one_line(note),
        questions=tuple(map(one_line, plan.questions)),
        steps=tuple(
            _step(step, is_new=number == last) for number, step in enumerate(plan.steps, 1)
        ),
        cost=_cost(setting),
        called=tuple(
            CalledView(agent_id=each.agent_id, agent=one_line(each.described()))
            for each in setting.called
        ),
        covers=f"Approving lets the agent {one_line(setting.agent.described())} read and propose as"
        " listed. Running a command, calling a server, every change to a file, every commit and all"
        " that is pushed are asked about on their own; a step that is not listed is another plan.",
    )


def estimated(price: Price, prompt_tokens: int, steps: int) -> Estimate:
    """What the model calls for so many steps may cost.

    At the least one call a step and one to end, with short results and answers; at the most twice
    as many, with long ones. Each call carries all that came before it.
    """
    least = _sum(price, prompt_tokens, steps + 1, result_tokens=200, answer_tokens=100)
    most = _sum(price, prompt_tokens, 2 * steps + 2, result_tokens=2_000, answer_tokens=800)
    return Estimate(least, most)


def _sum(
    price: Price, prompt_tokens: int, calls: int, *, result_tokens: int, answer_tokens: int
) -> NanoUsd:
    grown = result_tokens + answer_tokens
    costs = (price.cost(Usage(prompt_tokens + n * grown, answer_tokens)) for n in range(calls))
    return NanoUsd(sum(costs))


def _step(step: PlanStep, *, is_new: bool) -> StepView:
    capability = needs_of(step.tool)
    return StepView(
        title=one_line(step.title),
        tool=one_line(step.tool),
        needs=_UNKNOWN if capability is None else _IN_WORDS[capability],
        detail=_lines(step.detail),
        files=tuple(map(one_line, step.files)),
        agents=tuple(map(one_line, step.agents)),
        is_new=is_new,
    )


def _lines(text: str) -> str:
    """The text in its lines, with hidden characters spelled out."""
    return "\n".join(map(one_line, text.splitlines())).strip()


def _cost(setting: Setting) -> CostView:
    limit = setting.cost_limit
    limited = None if limit is None else as_usd(limit)
    ends = "" if limited is None else f" The run ends at {limited}."
    if setting.estimate is None:
        said = f"Nobody can say what it will cost: the model's price is not known here.{ends}"
        return CostView(least=None, most=None, limit=limited, said=said)
    least, most = setting.estimate.least, setting.estimate.most
    if not most:
        free = as_usd(0)
        return CostView(least=free, most=free, limit=limited, said="The model costs nothing.")
    most = most if limit is None else NanoUsd(min(most, max(limit, least)))
    from_, to = as_usd(least), as_usd(most)
    said = f"Estimated cost: {from_} to {to}.{ends}"
    return CostView(least=from_, most=to, limit=limited, said=said)
