"""What a run intends, before anything is done."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steward.core.agent_limits import AGENTS_CALLABLE_MAX
from steward.core.errors import InvalidInputError, UnstructuredError
from steward.core.limits import CHANGES_MAX
from steward.gateway.structured.read import read
from steward.permissions.act import Act, is_given

STEPS_MAX = 40
"""Steps of one plan, those added later among them."""

_SHAPE = ConfigDict(
    frozen=True,
    # A model may say more than it was asked for; a person is told, by the schema.
    extra="ignore",
    json_schema_extra={"additionalProperties": False},
    use_attribute_docstrings=True,
)


class PlanStep(BaseModel):
    """One intended step."""

    model_config = _SHAPE

    title: str = Field(min_length=1, max_length=300)
    """What is done, in a few words."""
    tool: str = Field(min_length=1, max_length=100)
    """The tool that does it, one that the agent was given."""
    detail: str = Field(default="", max_length=2000)
    """How it is done, for whoever approves it."""
    files: tuple[str, ...] = Field(default=(), max_length=2 * CHANGES_MAX)
    """The files that it may touch, relative to the workspace; globs are taken. None is any."""
    agents: tuple[str, ...] = Field(default=(), max_length=AGENTS_CALLABLE_MAX)
    """The agents that it calls, where its tool is `ask_agent`. None is none."""


class Plan(BaseModel):
    """A summary and the steps; what it does not name is asked about as another plan."""

    model_config = _SHAPE

    summary: str = Field(min_length=1, max_length=2000)
    """What comes of it."""
    steps: tuple[PlanStep, ...] = Field(min_length=1, max_length=STEPS_MAX)
    """The steps in their order."""
    questions: tuple[str, ...] = Field(default=(), max_length=10)
    """What the agent would like to know; the person answers by sending the plan back."""

    @property
    def tools(self) -> frozenset[str]:
        """The tools that the plan names."""
        return frozenset(step.tool for step in self.steps)

    @property
    def files(self) -> dict[str, tuple[str, ...]]:
        """Tool → the globs of the files it may touch; a tool that may touch any is left out."""
        named: dict[str, tuple[str, ...]] = {}
        for step in self.steps:
            named[step.tool] = (*named.get(step.tool, ()), *step.files)
        wide = {step.tool for step in self.steps if not step.files}
        return {tool: globs for tool, globs in named.items() if tool not in wide}

    @property
    def agents(self) -> frozenset[str]:
        """The agents that the plan has called."""
        return frozenset(agent for step in self.steps for agent in step.agents)

    @property
    def acts(self) -> tuple[Act, ...]:
        """What its steps would use, in the words of rules; the files are still globs."""
        return tuple(Act(step.tool, "files.read", step.files) for step in self.steps)

    def brief(self) -> str:
        """The plan as the model is reminded of it."""
        steps = (
            f"{number}. {step.title} ({step.tool}{_of((*step.agents, *step.files))})"
            for number, step in enumerate(self.steps, 1)
        )
        questions = [f"- {question}" for question in self.questions]
        asked = ["Open questions, which I have not answered:", *questions] if questions else []
        return "\n".join((self.summary, *steps, *asked))

    def with_step(self, step: PlanStep) -> "Plan":
        """The plan with one more step at its end.

        Raises:
            InvalidInputError: it has as many as a plan may have.
        """
        if len(self.steps) >= STEPS_MAX:
            raise InvalidInputError(
                f"The plan has {STEPS_MAX} steps, the most that one may have, and this call is in"
                " none of them. Go on without it, or stop and say what is left to do."
            )
        return self.model_copy(update={"steps": (*self.steps, step)})


async def parse_plan(answer: str, allowed_tools: frozenset[str]) -> Plan:
    """The plan in a model's answer, mended where that takes no guessing.

    Raises:
        InvalidInputError: there is no valid plan in it, or it names tools the agent was not given.
    """
    try:
        plan = (await read(answer, Plan)).value
    except UnstructuredError as error:
        raise InvalidInputError(f"The plan is not usable: {error}") from error
    return _with_own_tools(plan, allowed_tools)


def check_plan(value: Mapping[str, object], allowed_tools: frozenset[str]) -> Plan:
    """The plan that a person wrote.

    Raises:
        InvalidInputError: it is none, or it names tools the agent was not given.
    """
    try:
        plan = Plan.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"The plan is not usable: {where}: {first['msg']}.") from error
    return _with_own_tools(plan, allowed_tools)


def _with_own_tools(plan: Plan, allowed_tools: frozenset[str]) -> Plan:
    foreign = {tool for tool in plan.tools if not is_given(tool, allowed_tools)}
    if foreign:
        raise InvalidInputError(
            f"The plan uses tools that this agent was not given: {', '.join(sorted(foreign))}."
            f" It has: {', '.join(sorted(allowed_tools))}."
        )
    return plan


def _of(named: tuple[str, ...]) -> str:
    return f": {', '.join(named)}" if named else ""
