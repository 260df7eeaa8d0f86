"""How far a plan has come: which of its steps each call of the run carries out.

A call belongs to a step because the step covers it, by the very rule that decides whether the plan
covers a call at all. A call that no step covers, such as reading that was not planned, and all that
is no call stand apart: nothing is put under a step because it looks like it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from steward.agents.plan import Plan, PlanStep
from steward.core.events import RUN_ENDED
from steward.permissions.act import Act
from steward.permissions.decide import beyond_plan
from steward.permissions.globs import is_path_in

State = Literal["open", "working", "done", "failed", "refused", "skipped"]
"""How a step of a plan stands.

`open`: nothing was done for it; `skipped`: and nothing will be, for the run has finished.
`working`: the run is making a call for it, or what came of one waits for the person. `done`: a call
for it was carried out. `refused`: a person said no to the last one; `failed`: it was not carried
out for another reason.
"""

_PLACE = re.compile(r"(?:tool|land|ask-plan|ask-loop)-(\d+-\d+)(?:-[a-z]+)?\Z")
"""What belongs to one call: its use, its landing, and the questions about it."""
_USE = re.compile(r"tool-\d+-\d+(?:-again)?\Z")


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a run has taken."""

    name: str
    ok: bool
    covered_by: tuple[int, ...] = ()
    """The steps of the plan that cover it, counted from nought, where it is the use of a tool."""
    is_refused: bool = False
    """Whether a person said no in it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a plan stands."""

    states: tuple[State, ...]
    """Of each of its steps."""
    belongs: tuple[int | None, ...]
    """The step of the plan that each step taken belongs to; None for what stands apart."""


@dataclass(slots=True)
class _Call:
    step: int | None
    ok: bool = False
    is_refused: bool = False


@dataclass(slots=True)
class _Sorted:
    """What was taken so far, by call and by step of the plan."""

    calls: dict[str, _Call] = field(default_factory=dict[str, _Call])
    """Place → its call, the latest at the end."""

    def used(self, place: str, inside: int | None, taken: Taken) -> None:
        """Take up the use of a tool. `inside`: the step that the call around it belongs to."""
        self.calls.pop(place, None)
        at = self._chosen(taken.covered_by) if taken.covered_by else inside
        self.calls[place] = _Call(at, taken.ok, taken.is_refused)

    def _chosen(self, covered_by: tuple[int, ...]) -> int:
        """The first that is not done; where all are, the one that was worked on last."""
        for step in covered_by:
            if not any(call.ok for call in self.of(step)):
                return step
        last = (call.step for call in reversed(self.calls.values()))
        return next(step for step in last if step in covered_by)

    def of(self, step: int) -> list[_Call]:
        return [call for call in self.calls.values() if call.step == step]


def covering(plan: Plan, act: Act) -> tuple[int, ...]:
    """The steps that cover this, counted from nought; none where the plan does not cover it.

    Each covers it by itself. Where none does and the plan still covers it, they do so together:
    then it is those that cover a part of it.
    """
    if beyond_plan(plan.tools, plan.files, plan.agents, act) is not None:
        return ()
    alone = tuple(n for n, step in enumerate(plan.steps) if _covers(step, act))
    return alone or tuple(n for n, step in enumerate(plan.steps) if _covers_part(step, act))


def _covers(step: PlanStep, act: Act) -> bool:
    files = {step.tool: step.files} if step.files else {}
    return beyond_plan(frozenset((step.tool,)), files, frozenset(step.agents), act) is None


def _covers_part(step: PlanStep, act: Act) -> bool:
    if step.tool != act.tool:
        return False
    is_any = not step.files or not act.paths
    return is_any or any(is_path_in(path, glob) for path in act.paths for glob in step.files)


def progress_of(
    count: int, taken: Sequence[Taken], run_state: str, at_work: Taken | None = None
) -> Progress:
    """How a plan of so many steps stands after these steps of its run, in their order.

    `at_work`: the step that the run is taking now; None where nobody here knows.
    """
    sorted_ = _Sorted()
    belongs = tuple(_taken_up(sorted_, each) for each in taken)
    states: list[State] = [_state(sorted_.of(n), run_state) for n in range(count)]
    if at_work is not None and run_state not in RUN_ENDED:
        now = _taken_up(sorted_, at_work)
        if now is not None:
            states[now] = "working"
    return Progress(tuple(states), belongs)


def _taken_up(sorted_: _Sorted, taken: Taken) -> int | None:
    """Take a step up; the step of the plan that it belongs to."""
    prefix, _, last = taken.name.rpartition("/")
    inside = _around(sorted_, prefix)
    found = _PLACE.match(last)
    place = f"{prefix}/{found[1]}" if found else ""
    if found and _USE.match(last):
        sorted_.used(place, inside, taken)
    call = sorted_.calls.get(place)
    if call is None:
        return inside
    if last.startswith("land-"):
        call.ok, call.is_refused = call.ok and taken.ok, taken.is_refused
    return call.step


def _around(sorted_: _Sorted, prefix: str) -> int | None:
    """Where the call belongs that another agent was called with, whose steps these are."""
    outer, _, last = prefix.rpartition("/")
    found = _PLACE.match(last)
    call = sorted_.calls.get(f"{outer}/{found[1]}") if found else None
    return call.step if call else None


def _state(calls: Sequence[_Call], run_state: str) -> State:
    if not calls:
        return "skipped" if run_state == "finished" else "open"
    if any(call.ok for call in calls):
        return "done"
    return "refused" if calls[-1].is_refused else "failed"
