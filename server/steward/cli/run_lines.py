"""A run for a program: one JSON object a line, of which this is the shape.

The first line is a `run`, the last a `result`, or an `error` where nothing was begun. Fields and
types of lines may be added within a format; none is taken away or changes its meaning.
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from steward.agents.progress import Asked, Progress, Proposed
from steward.agents.tables import RunStepRow
from steward.workspace.proposals import ProposalKind

FORMAT = 1
"""Raised when a program that reads the lines has to change."""


class _Shape:
    """Dataclasses, because models take long to make; pydantic reads this when it is asked."""

    __slots__ = ()
    __pydantic_config__ = ConfigDict(extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine(_Shape):
    """The run has begun."""

    type: Literal["run"] = "run"
    format: Literal[1] = FORMAT
    run: str
    """Its id, as `steward run show` takes it."""
    agent: str
    agent_name: str
    source: str
    """Where the agent comes from: `shipped`, `stored` or `workspace`."""
    goal: str
    mode: str
    user: str
    workspace: str
    started_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep(_Shape):
    """One step of a plan."""

    title: str
    tool: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine(_Shape):
    """A plan was made; the `question` with the same approval says what became of it."""

    type: Literal["plan"] = "plan"
    approval: str
    summary: str
    steps: tuple[PlannedStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLine(_Shape):
    """A question was answered, or ended without an answer."""

    type: Literal["question"] = "question"
    approval: str
    kind: str
    """`plan`, `command`, `edit`, `commit`, `trust`, or another that came later."""
    title: str
    state: str
    """`approved`, `rejected`, `expired` or `withdrawn`."""
    by: str
    """Who answered: a person's name, or the policy with the SHA-256 of its file and its rule."""
    channel: str
    """How: `policy`, `terminal`, or how an editor took it; empty where nobody did."""
    digest: str
    """What the answer is bound to: SHA-256 of all that was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine(_Shape):
    """A step was finished; `tool` where it used a tool."""

    type: Literal["step", "tool"]
    name: str
    kind: str
    title: str
    ok: bool
    detail: str
    duration_ms: int
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile(_Shape):
    """What becomes of one file."""

    path: str
    kind: str
    """`edit`, `create`, `rename` or `delete`."""
    moved_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalLine(_Shape):
    """Something was proposed, or something became of it."""

    type: ProposalKind
    proposal: str
    state: str
    """`proposed`, `applying`, `applied`, `refused`, `stale`, `partial`, `unfinished`; in a dry run
    `recorded`."""
    outcome: str
    files: tuple[ChangedFile, ...] = ()
    digest: str = ""
    """Of the answer that approved it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine(_Shape):
    """What the run's model calls took so far."""

    type: Literal["cost"] = "cost"
    cost_nano_usd: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine(_Shape):
    """What the run is doing now."""

    type: Literal["state"] = "state"
    state: str
    """`planning`, `waiting`, `working`, `finished`, `failed` or `cancelled`."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine(_Shape):
    """How the run ended."""

    type: Literal["result"] = "result"
    run: str
    state: str
    message: str
    exit_code: int
    capped: str = ""
    """The limit that ended it early; empty where none did."""
    cost_nano_usd: int
    input_tokens: int
    output_tokens: int
    files_changed: tuple[ChangedFile, ...]
    """Those that were changed and read back."""
    approvals: tuple[QuestionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLine(_Shape):
    """Nothing was begun."""

    type: Literal["error"] = "error"
    code: str
    message: str
    exit_code: int


Line = Annotated[
    RunLine
    | PlanLine
    | QuestionLine
    | StepLine
    | ProposalLine
    | CostLine
    | StateLine
    | ResultLine
    | ErrorLine,
    Field(discriminator="type"),
]


@cache
def any_line() -> TypeAdapter[Line]:
    """Reads one line, and knows the schema of all; made when it is asked for."""
    return TypeAdapter(Line)


def run_line(progress: Progress) -> RunLine:
    """The line with which a run begins."""
    run = progress.trace.seen.run
    return RunLine(
        run=run.id,
        agent=run.agent_id,
        agent_name=run.agent_name,
        source=run.source,
        goal=run.goal,
        mode=run.mode,
        user=run.user,
        workspace=run.workspace,
        started_at=run.created_at.isoformat(),
    )


def plan_line(asked: Asked) -> PlanLine | None:
    """The plan that a question is about; None where it is about none."""
    plan = asked.plan
    if plan is None:
        return None
    steps = tuple(
        PlannedStep(title=step["title"], tool=step["tool"], files=tuple(step["files"]))
        for step in plan["steps"]
    )
    return PlanLine(approval=asked.approval_id, summary=plan["summary"], steps=steps)


def question_line(asked: Asked) -> QuestionLine:
    """A question that has ended."""
    return QuestionLine(
        approval=asked.approval_id,
        kind=asked.kind,
        title=asked.title,
        state=asked.state,
        by=asked.answered_by,
        channel=asked.channel,
        digest=asked.digest,
    )


def step_line(step: RunStepRow) -> StepLine:
    """A finished step."""
    return StepLine(
        type="tool" if step.kind == "tool" else "step",
        name=step.name,
        kind=step.kind,
        title=step.title,
        ok=step.ok,
        detail=step.detail,
        duration_ms=step.duration_ms or 0,
        input_tokens=step.input_tokens,
        output_tokens=step.output_tokens,
        cost_nano_usd=step.cost_nano_usd,
    )


def proposal_line(proposed: Proposed, asked: tuple[Asked, ...]) -> ProposalLine:
    """A proposal as it stands."""
    digests = {each.approval_id: each.digest for each in asked}
    return ProposalLine(
        type=proposed.kind,
        proposal=proposed.proposal_id,
        state=proposed.state,
        outcome=proposed.outcome,
        files=_files(proposed),
        digest=digests.get(proposed.approval_id, ""),
    )


def cost_line(progress: Progress) -> CostLine:
    """What it took so far."""
    totals = progress.trace.seen.totals
    return CostLine(
        cost_nano_usd=totals.cost_nano_usd,
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
    )


def result_line(progress: Progress, exit_code: int) -> ResultLine:
    """How it ended."""
    run, totals = progress.trace.seen.run, progress.trace.seen.totals
    landed = [each for each in progress.proposed if each.state in ("applied", "partial")]
    return ResultLine(
        run=run.id,
        state=run.state,
        message=run.message,
        exit_code=exit_code,
        capped=run.capped,
        cost_nano_usd=totals.cost_nano_usd,
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        files_changed=tuple(file for each in landed for file in _files(each)),
        approvals=tuple(question_line(each) for each in progress.asked if each.state != "pending"),
    )


def _files(proposed: Proposed) -> tuple[ChangedFile, ...]:
    return tuple(
        ChangedFile(path=each.path, kind=each.kind, moved_from=each.moved_from)
        for each in proposed.files
    )
