"""A run and its steps, as people and programs are told of them."""

from steward.agents.reading import Seen
from steward.agents.tables import RunStepRow
from steward.context.meter import meter_as_json, meter_from


def state_of(seen: Seen) -> str:
    """A run's state in a few words."""
    words = [seen.run.state]
    if seen.run.capped:
        words.append(f"early ({seen.run.capped})")
    if seen.undone != "no":
        words.append("(undone)" if seen.undone == "yes" else "(partly undone)")
    if seen.asked:
        words.append(f"({seen.asked} asked)")
    return " ".join(words)


def run_as_json(seen: Seen) -> dict[str, object]:
    """A run for a program."""
    run = seen.run
    return {
        "id": run.id,
        "agent": run.agent_id,
        "agent_name": run.agent_name,
        "source": run.source,
        "user": run.user,
        "workspace": run.workspace,
        "goal": run.goal,
        "place": run.place,
        "mode": run.mode,
        "state": run.state,
        "message": run.message,
        "attempt": run.attempt,
        "capped": run.capped,
        "asked": seen.asked,
        "undone": seen.undone,
        "questions": list(seen.questions),
        "started_at": run.created_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "input_tokens": seen.totals.input_tokens,
        "output_tokens": seen.totals.output_tokens,
        "cost_nano_usd": seen.totals.cost_nano_usd,
        "context": meter_as_json(meter_from(run.context)),
    }


def step_as_json(step: RunStepRow) -> dict[str, object]:
    """A finished step for a program."""
    return {
        "name": step.name,
        "attempt": step.attempt,
        "kind": step.kind,
        "title": step.title,
        "ok": step.ok,
        "detail": step.detail,
        "started_at": step.started_at.isoformat() if step.started_at else None,
        "ended_at": step.at.isoformat(),
        "duration_ms": step.duration_ms,
        "input_tokens": step.input_tokens,
        "output_tokens": step.output_tokens,
        "cost_nano_usd": step.cost_nano_usd,
        "approval": step.approval_id,
        "digest": step.digest,
        "context": meter_as_json(meter_from(step.context)),
    }
