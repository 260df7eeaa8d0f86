"""A run with its plan: how far each step has come, and what was done for it. Reads, and no more."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlmodel import Session, col, select

from steward.agents.plan_progress import Progress, Taken, progress_of
from steward.agents.reading import Trace, seconds, trace_of
from steward.agents.tables import RunStepRow
from steward.context.meter import context_as_json, meter_from
from steward.core.money import as_usd
from steward.core.principal import Principal
from steward.permissions.answers import answer_in, draft_in, view_in
from steward.permissions.tables import ApprovalRow
from steward.workspace.markdown import one_line


@dataclass(frozen=True, slots=True)
class Planned:
    """A run, the plan that was approved for it, and the steps that it has taken."""

    trace: Trace
    steps: tuple[tuple[str, str], ...]
    """Title and tool of each step of the plan; none before one was approved."""
    mode: str
    """As the person approved it."""
    progress: Progress


def planned(
    session: Session, principal: Principal, run_id: str, at_work: Taken | None = None
) -> Planned:
    """A run with its plan; `at_work` is the step that it is taking, where that is known.

    Raises:
        NotFoundError: there is none that this person may see.
    """
    trace = trace_of(session, principal, run_id)
    asked = session.exec(
        select(ApprovalRow)
        .where(ApprovalRow.tenant_id == principal.tenant_id, ApprovalRow.run_id == run_id)
        .order_by(col(ApprovalRow.answered_at))
    ).all()
    approved = [row for row in asked if row.kind == "plan" and row.state == "approved"]
    steps = _steps_of(approved[-1]) if approved else ()
    refused = frozenset(row.id for row in asked if row.state == "rejected")
    run = trace.seen.run
    # One that a limit ended can go on: nothing of its plan is skipped.
    state = "cancelled" if run.capped else run.state
    progress = progress_of(len(steps), list(_taken(trace.steps, refused)), state, at_work)
    by_step = any(answer_in(row).reply.is_step_by_step for row in approved)
    return Planned(trace, steps, "step" if by_step else run.mode, progress)


def planned_as_json(planned: Planned, now: datetime) -> dict[str, object]:
    """For an editor: what `steward.run.steps` gives."""
    trace, progress = planned.trace, planned.progress
    run, totals = trace.seen.run, trace.seen.totals
    belongs = list(zip(trace.steps, progress.belongs, strict=True))
    return {
        "state": run.state,
        "message": run.message,
        "agent": one_line(run.agent_name or run.agent_id),
        "goal": one_line(run.goal),
        "mode": planned.mode,
        "cost": as_usd(totals.cost_nano_usd),
        "tookMs": 1000 * seconds(run, now),
        "capped": run.capped,
        "context": context_as_json(meter_from(run.context)),
        "planSteps": [
            {
                "title": title,
                "tool": tool,
                "state": progress.states[number],
                "traceSteps": [row.name for row, step in belongs if step == number],
            }
            for number, (title, tool) in enumerate(planned.steps)
        ],
        "trace": [_row_as_json(row) for row in trace.steps],
        "undone": trace.seen.undone,
    }


def _row_as_json(row: RunStepRow) -> dict[str, object]:
    return {
        "step": row.name,
        "title": row.title,
        "detail": row.detail,
        "ok": row.ok,
        "at": row.at.isoformat(),
        "tookMs": row.duration_ms,
        "cost": as_usd(row.cost_nano_usd) if row.cost_nano_usd else "",
        "tokens": row.input_tokens + row.output_tokens,
    }


def _steps_of(approved: ApprovalRow) -> tuple[tuple[str, str], ...]:
    """Title and tool of each step that was approved, as they were shown."""
    shown = view_in(approved) or draft_in(approved) or {}
    steps = cast("list[dict[str, str]]", shown.get("steps", []))
    return tuple((one_line(each["title"]), one_line(each["tool"])) for each in steps)


def _taken(rows: Sequence[RunStepRow], refused: frozenset[str]) -> Iterator[Taken]:
    for row in rows:
        yield Taken(row.name, row.ok, _covered_by(row), row.approval_id in refused)


def _covered_by(row: RunStepRow) -> tuple[int, ...]:
    if row.kind == "tool" and row.context:
        with suppress(ValueError, KeyError, TypeError):
            return tuple(map(int, json.loads(row.context)["covered_by"]))
    return ()
