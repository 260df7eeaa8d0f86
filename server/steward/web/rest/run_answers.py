"""What the API answers about runs: a line of the list, a step, and everything of one."""

from datetime import datetime
from typing import Any, Literal, cast

from pydantic import Field

from steward.agents.agent import Caps
from steward.agents.plan_progress import State as PlanState
from steward.agents.plan_steps import Planned
from steward.agents.progress import Asked, Proposed
from steward.agents.reading import Seen, seconds
from steward.agents.run_whole import Whole
from steward.agents.sent import SentCall, SentText
from steward.agents.tables import RunStepRow
from steward.agents.undo_wishes import UndoAsked
from steward.context.meter import meter_as_json, meter_from
from steward.permissions.denials import Denial
from steward.permissions.grants import Grant
from steward.web.rest.answer import Answer
from steward.workspace.proposal import Proposal
from steward.workspace.shown import question_of


class RunLine(Answer):
    """A run as a list shows it."""

    id: str
    agent: str
    """The agent's id."""
    agent_name: str
    source: str
    """Where the agent comes from: `shipped`, `stored` or `workspace`."""
    user: str
    workspace: str
    goal: str
    mode: str
    state: str
    """`planning`, `waiting`, `working`, `finished`, `failed` or `cancelled`."""
    message: str
    capped: str
    """Which limit ended it early; empty where none did."""
    asked: Literal["", "cancel", "resume"]
    """What somebody asked of it that is not done yet."""
    undone: Literal["no", "partly", "yes"]
    """How much of what it changed in files is undone."""
    questions: tuple[str, ...]
    """The titles of its questions that wait for an answer."""
    started_at: datetime
    ended_at: datetime | None
    took_s: int
    """With the time in which it waited for its person."""
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int


class Step(Answer):
    """A finished step of a run."""

    number: int
    """Rises from step to step; send it as `after` for those that follow."""
    name: str
    attempt: int
    kind: str
    """`plan`, `ask`, `think`, `tool`, `land`, `end` or `note`."""
    title: str
    ok: bool
    detail: str
    started_at: datetime | None
    ended_at: datetime
    took_ms: int | None
    """With the time that a person took to answer."""
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int
    approval: str
    """The question that was answered or used in it; empty where there was none."""


class PlanStep(Answer):
    """A step of the plan that was approved."""

    title: str
    tool: str
    state: PlanState
    steps: tuple[str, ...]
    """The names of the run's steps that belong to it."""


class RunQuestion(Answer):
    """A question of a run, and what became of it."""

    id: str
    kind: str
    title: str
    state: str
    answered_by: str
    channel: str
    """How the answer came: `page`, `terminal`, `policy`, or how an editor took it."""


class RunFile(Answer):
    """What becomes of one file."""

    path: str
    kind: str
    moved_from: str | None


class RunProposal(Answer):
    """A proposal of a run, and what became of it."""

    id: str
    kind: str
    state: str
    outcome: str
    approval: str
    files: tuple[RunFile, ...]
    title: str
    body: str
    """Markdown with the whole diff, as it was asked about; empty for all but the run's person."""


class Limits(Answer):
    """How much a run may take; null where nobody limited it."""

    tokens: int | None
    cost_nano_usd: int | None
    steps: int | None
    wall_s: float | None
    output_chars: int | None


class RunGrant(Answer):
    """What its person said yes or no to for the rest of the run."""

    id: str
    effect: Literal["allow", "deny"]
    tool: str
    subject: str
    """On what; of a no, which may quote a change of a file, empty for all but the run's person."""
    said_at: datetime
    holds: bool


class UndoWish(Answer):
    """What its person asked to be undone, or done again."""

    id: str
    step: str
    change: str
    is_redo: bool
    state: str
    """`asked`, `taken` by the window that has the folder open, or `ended`."""
    asked_at: datetime
    outcome: str


class Run(Answer):
    """A run, whole."""

    line: RunLine
    is_own: bool
    """Whether it is the caller's: only then is there anything of the content of files."""
    place: str
    attempt: int
    mode: str
    """As the person approved it: `step` where each step is asked about."""
    context: dict[str, int] | None
    """What its conversation takes of its room, in tokens."""
    pruned_at: datetime | None
    """When its steps were removed for their age."""
    plan: tuple[PlanStep, ...]
    steps: tuple[Step, ...]
    asked: tuple[RunQuestion, ...]
    proposals: tuple[RunProposal, ...]
    grants: tuple[RunGrant, ...]
    changes: tuple[dict[str, Any], ...] = Field(
        description="What it changed in files, and what of it is undone; the newest first."
    )
    undo_asked: tuple[UndoWish, ...]
    agent_limits: Limits
    person_limits: Limits
    calls_kept: int
    """How many of its calls of models are kept as they left; see `sent`."""


class SentPart(Answer):
    """A message, or what was said of the tools, as it left."""

    digest: str
    bytes: int
    value: Any
    """Null where the run had sent more than is kept."""


class SentMessages(Answer):
    """One call of a model, as it left: after secrets were replaced."""

    step: str
    attempt: int
    model: str
    at: str
    messages: tuple[SentPart, ...]
    tools: SentPart | None


def line_of(seen: Seen, now: datetime) -> RunLine:
    """A run as a list shows it."""
    run, totals = seen.run, seen.totals
    return RunLine(
        id=run.id,
        agent=run.agent_id,
        agent_name=run.agent_name or run.agent_id,
        source=run.source,
        user=run.user,
        workspace=run.workspace,
        goal=run.goal,
        mode=run.mode,
        state=run.state,
        message=run.message,
        capped=run.capped,
        asked=cast(Literal["", "cancel", "resume"], seen.asked),
        undone=seen.undone,
        questions=seen.questions,
        started_at=run.created_at,
        ended_at=run.ended_at,
        took_s=seconds(run, now),
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        cost_nano_usd=totals.cost_nano_usd,
    )


def step_of(row: RunStepRow) -> Step:
    """A finished step."""
    return Step(
        number=row.id or 0,
        name=row.name,
        attempt=row.attempt,
        kind=row.kind,
        title=row.title,
        ok=row.ok,
        detail=row.detail,
        started_at=row.started_at,
        ended_at=row.at,
        took_ms=row.duration_ms,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost_nano_usd=row.cost_nano_usd,
        approval=row.approval_id,
    )


def whole_run(
    whole: Whole, grants: tuple[Grant, ...], denials: tuple[Denial, ...], now: datetime
) -> Run:
    """Everything of a run. Showing long diffs takes a while: call it on a thread."""
    trace = whole.progress.trace
    run = trace.seen.run
    return Run(
        line=line_of(trace.seen, now),
        is_own=whole.is_own,
        place=run.place,
        attempt=run.attempt,
        mode=whole.planned.mode,
        context=meter_as_json(meter_from(run.context)),
        pruned_at=run.pruned_at,
        plan=_plan(whole.planned),
        steps=tuple(map(step_of, trace.steps)),
        asked=tuple(map(_question, whole.progress.asked)),
        proposals=tuple(
            _proposal(each, whole.proposals.get(each.proposal_id))
            for each in whole.progress.proposed
        ),
        grants=(
            *(_grant(each, now) for each in grants),
            *(_denial(each, is_own=whole.is_own) for each in denials),
        ),
        changes=tuple(dict(each) for each in whole.changes),
        undo_asked=tuple(map(_wish, whole.undo_asked)),
        agent_limits=_limits(whole.agent_caps),
        person_limits=_limits(whole.person_caps),
        calls_kept=whole.calls_kept,
    )


def sent_call(call: SentCall) -> SentMessages:
    """One call as it left."""
    return SentMessages(
        step=call.step,
        attempt=call.attempt,
        model=call.model,
        at=call.at,
        messages=tuple(map(_part, call.messages)),
        tools=None if call.tools is None else _part(call.tools),
    )


def _part(text: SentText) -> SentPart:
    return SentPart(digest=text.digest, bytes=text.bytes, value=text.value)


def _plan(planned: Planned) -> tuple[PlanStep, ...]:
    progress = planned.progress
    belongs = list(zip(planned.trace.steps, progress.belongs, strict=True))
    return tuple(
        PlanStep(
            title=title,
            tool=tool,
            state=progress.states[number],
            steps=tuple(row.name for row, step in belongs if step == number),
        )
        for number, (title, tool) in enumerate(planned.steps)
    )


def _question(asked: Asked) -> RunQuestion:
    return RunQuestion(
        id=asked.approval_id,
        kind=asked.kind,
        title=asked.title,
        state=asked.state,
        answered_by=asked.answered_by,
        channel=asked.channel,
    )


def _proposal(proposed: Proposed, proposal: Proposal | None) -> RunProposal:
    question = None if proposal is None else question_of(proposal)
    files = tuple(
        RunFile(path=each.path, kind=each.kind, moved_from=each.moved_from)
        for each in proposed.files
    )
    return RunProposal(
        id=proposed.proposal_id,
        kind=proposed.kind,
        state=proposed.state,
        outcome=proposed.outcome,
        approval=proposed.approval_id,
        files=files,
        title="" if question is None else question.title,
        body="" if question is None else question.body,
    )


def _limits(caps: Caps) -> Limits:
    return Limits(
        tokens=caps.tokens,
        cost_nano_usd=caps.cost_nano_usd,
        steps=caps.steps,
        wall_s=caps.wall_s,
        output_chars=caps.output_chars,
    )


def _grant(grant: Grant, now: datetime) -> RunGrant:
    return RunGrant(
        id=grant.grant_id,
        effect="allow",
        tool=grant.rule.tool,
        subject=grant.rule.subject,
        said_at=grant.granted_at,
        holds=not grant.is_over(now),
    )


def _denial(denial: Denial, *, is_own: bool) -> RunGrant:
    return RunGrant(
        id=denial.denial_id,
        effect="deny",
        tool=denial.tool,
        subject=denial.subject if is_own else "",
        said_at=denial.denied_at,
        holds=denial.revoked_at is None,
    )


def _wish(asked: UndoAsked) -> UndoWish:
    return UndoWish(
        id=asked.id,
        step=asked.wanted.step,
        change=asked.wanted.change_id,
        is_redo=asked.wanted.is_redo,
        state=asked.state,
        asked_at=asked.at,
        outcome=str((asked.told or {}).get("outcome", "")),
    )
