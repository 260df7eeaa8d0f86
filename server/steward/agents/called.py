"""An agent that another agent called: how it begins, inside of the run that it is part of."""

from dataclasses import replace
from typing import cast

from steward.agents.agent import NO_CAPS
from steward.agents.course import Course
from steward.agents.steps import Steps
from steward.agents.turns import turn_of
from steward.agents.workflows.journal import JsonObject
from steward.context.agent_context import NOTHING_SHOWN
from steward.context.instructions.instruction import Instruction


def called(steps: Steps, course: Course, task: JsonObject, place: str) -> tuple[Steps, Course]:
    """The called agent with its course. `place`: what the names of its steps begin with.

    It sees the goal, its task and the instructions that its caller follows, and none of what its
    caller saw besides: what it needs it reads itself, under its own rights. It plans nothing,
    because the plan of the run holds for it.
    """
    agent = next(each for each in steps.callable if each.agent_id == task["agent"])
    course.common.called += 1
    specification = replace(
        steps.specification, agent=agent, place="", observations="", mentions=(), caps=NO_CAPS
    )
    begun = Steps(
        steps.hands,
        specification,
        shown=replace(
            NOTHING_SHOWN,
            goal=_goal(steps, task),
            instructions=_followed(steps, course) if agent.instructions else (),
        ),
        above=(steps.agent, *steps.above),
        caller=steps,
    )
    tokens, cost = cast(int, task["tokens"]), cast(int, task["cost"])
    return begun, Course(course.common, agent.mode, place, course, tokens, cost)


def _followed(steps: Steps, course: Course) -> tuple[Instruction, ...]:
    """What a person lets agents follow here, as far as the caller has come upon it."""
    later = (each for turn in course.turns for each in turn_of(turn).instructions)
    return (*steps.shown.instructions, *later)


def _goal(steps: Steps, task: JsonObject) -> str:
    """What the called agent is told: whose work it is part of, and which part is its own."""
    files = ", ".join(cast(list[str], task["files"]))
    begin = f"\n\nFiles to begin with: {files}" if files else ""
    return (
        f"The agent {steps.agent.name} works for a person and has called you to do a part of it."
        " Do this part and nothing else; your last words are your answer to that agent. The plan is"
        f" the whole run's.\n\nYour part:\n{task['text']}{begin}\n\nWhat that agent was asked to"
        f" do, so that you know what yours is for:\n{steps.shown.goal}"
    )
