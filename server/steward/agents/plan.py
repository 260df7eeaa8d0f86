"""What a run intends, before anything is done."""

import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steward.core.errors import InvalidInputError
from steward.workspace.markdown import code, inline


class PlanStep(BaseModel):
    """One intended step."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str = Field(min_length=1, max_length=300)
    tool: str = Field(min_length=1, max_length=100)
    detail: str = Field(default="", max_length=2000)


class Plan(BaseModel):
    """A summary and the steps; tools that it does not name are asked about when they are used."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    summary: str = Field(min_length=1, max_length=2000)
    steps: tuple[PlanStep, ...] = Field(min_length=1, max_length=40)

    @property
    def tools(self) -> frozenset[str]:
        """The tools that the plan names."""
        return frozenset(step.tool for step in self.steps)

    def markdown(self, agent: str, goal: str, place: str) -> str:
        """The plan as a person reads it before approving."""
        steps = "\n".join(
            f"{number}. **{inline(step.title)}** ({code(step.tool)})"
            + (f"  \n   {inline(step.detail)}" if step.detail else "")
            for number, step in enumerate(self.steps, 1)
        )
        where = f"\n\nStarted from {code(place)}." if place else ""
        return (
            f"**Goal:** {inline(goal)}{where}\n\n{inline(self.summary)}\n\n{steps}\n\n"
            f"Approving lets the agent *{agent}* read and propose as listed. Running a command,"
            " every change to a file and every commit are asked about on their own."
        )


def parse_plan(answer: str, allowed_tools: frozenset[str]) -> Plan:
    """The plan in a model's answer; a code fence or words around the JSON are tolerated.

    Raises:
        InvalidInputError: there is no valid plan in it, or it names tools the agent was not given.
    """
    try:
        plan = Plan.model_validate(_first_object(answer))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(
            f"The model's plan is not usable: {where}: {first['msg']}."
        ) from error
    foreign = plan.tools - allowed_tools
    if foreign:
        raise InvalidInputError(
            "The model's plan uses tools that this agent was not given:"
            f" {', '.join(sorted(foreign))}."
        )
    return plan


def _first_object(answer: str) -> Mapping[str, object]:
    decoder = json.JSONDecoder()
    for start, character in enumerate(answer):
        if character != "{":
            continue
        try:
            value, _ = decoder.raw_decode(answer, start)
        except (ValueError, RecursionError):  # A number may be too long to be one.
            continue
        return value
    raise InvalidInputError("The model answered without a plan; start the run again.")
