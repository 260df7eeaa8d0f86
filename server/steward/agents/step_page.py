"""One step of a run as Markdown: what was called, with what, what came back, and who said yes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session, col, or_, select

from steward.agents.reading import trace_of
from steward.agents.sent import sent_in
from steward.agents.tables import RunStepRow
from steward.agents.trace_page import took_as_text
from steward.agents.workflows.journal import JsonObject
from steward.core.errors import NotFoundError
from steward.core.limits import SHOWN_CHARS_MAX, TOOL_OUTPUT_CHARS_MAX
from steward.core.money import as_usd
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.permissions.answers import answer_in
from steward.permissions.tables import ApprovalRow
from steward.workspace.markdown import code, fenced, inline
from steward.workspace.reveal import reveal

_CALL = re.compile(r"(.*?)(?:tool|land|ask-plan|ask-loop)-(\d+)-(\d+)(?:-[a-z]+)?\Z")


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One step of a run, with the question in it and what it sent."""

    rows: tuple[RunStepRow, ...]
    """One for each attempt of the run in which it was taken."""
    asked: tuple[ApprovalRow, ...]
    sent_in: str
    """The step in which the model was asked that led here; empty where none was."""


def step_seen(session: Session, principal: Principal, run_id: str, step: str) -> StepSeen:
    """One step of a run.

    Raises:
        NotFoundError: there is no such run of theirs, or it has taken no such step.
    """
    trace = trace_of(session, principal, run_id)
    rows = tuple(row for row in trace.steps if row.name == step)
    if not rows:
        raise NotFoundError(f"The run {run_id!r} has taken no step {step[:80]!r}; show the run.")
    ids = [row.approval_id for row in rows if row.approval_id]
    asked = session.exec(
        select(ApprovalRow)
        .where(
            ApprovalRow.tenant_id == principal.tenant_id,
            ApprovalRow.run_id == run_id,
            or_(ApprovalRow.key == step, col(ApprovalRow.id).in_(ids)),
        )
        .order_by(col(ApprovalRow.asked_at))
    ).all()
    led = {step, *(thought_before(step))}
    sent = [call.step for call in sent_in(session, run_id) if call.step in led]
    return StepSeen(rows, tuple(asked), sent[-1] if sent else "")


def thought_before(step: str) -> tuple[str, ...]:
    """The steps in which the model may have asked for the call that this one belongs to."""
    found = _CALL.match(step)
    if found is None:
        return ()
    thought = f"{found[1]}think-{found[2]}"
    return (thought, f"{thought}-again")


def step_page(run_id: str, seen: StepSeen, outcomes: Mapping[str, JsonObject] | None) -> str:
    """The page. `outcomes`: what the journal holds of the run; None where that cannot be read."""
    last = seen.rows[-1]
    lines = [
        f"# {inline(last.title or last.name)}",
        "",
        f"Step `{last.name}` of the run `{run_id}`.",
    ]
    for row in seen.rows:
        lines += ["", _told(row, is_one_of_several=len(seen.rows) > 1)]
    if outcomes is None:
        lines += ["", "What was called and what came back is not kept any more, or not here."]
    else:
        lines += _called(last.name, outcomes)
        lines += _came_back(outcomes.get(last.name, {}))
    for row in seen.asked:
        lines += _asked(row)
    if seen.sent_in:
        lines += ["", f"Sent to the model for it: the step `{seen.sent_in}`."]
    return "\n".join(lines) + "\n"


def _told(row: RunStepRow, *, is_one_of_several: bool) -> str:
    at = f"{row.at:%Y-%m-%d %H:%M:%S} UTC"
    took = "" if row.duration_ms is None else f", took {took_as_text(row.duration_ms)}"
    cost = f", cost {as_usd(row.cost_nano_usd)}" if row.cost_nano_usd else ""
    attempt = f"Attempt {row.attempt}: " if is_one_of_several else ""
    outcome = "Ended" if row.ok else "**Not carried out.** Ended"
    detail = f" {inline(row.detail)}" if row.detail else ""
    return f"{attempt}{outcome} {at}{took}{cost}.{detail}"


def _called(step: str, outcomes: Mapping[str, JsonObject]) -> list[str]:
    """The call as the model made it, with what looks like a secret replaced."""
    found = _CALL.match(step)
    thoughts = [outcomes[each] for each in thought_before(step) if each in outcomes]
    if found is None or not thoughts:
        return []
    calls = cast("list[JsonObject]", thoughts[-1].get("calls", []))
    number = int(found[3])
    if number >= len(calls):
        return []
    call = calls[number]
    return [
        "",
        f"## Called {code(str(call['name']))}",
        "",
        _block(_arguments(str(call["arguments"]))),
    ]


def _arguments(arguments: str) -> str:
    """Readable where it is JSON; a text in it keeps its lines."""
    try:
        value: Any = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments
    if not isinstance(value, dict):
        return arguments
    held = cast("dict[str, Any]", value)
    return "\n".join(
        f"{name}: {each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)}"
        for name, each in held.items()
    )


def _came_back(outcome: JsonObject) -> list[str]:
    text = str(outcome.get("text", ""))
    return ["", "## Came back", "", _block(text)] if text else []


def _block(text: str) -> str:
    hidden, _ = reveal(redact(text)[:TOOL_OUTPUT_CHARS_MAX])
    cut = "" if len(text) <= TOOL_OUTPUT_CHARS_MAX else "\n\nIt is longer than is shown here."
    return f"{fenced(hidden, '')}{cut}"


def _asked(row: ApprovalRow) -> list[str]:
    answer = answer_in(row)
    by = f" by {inline(answer.answered_by)}" if answer.answered_by else ""
    through = f", {inline(row.channel)}" if row.channel else ""
    lines = ["", f"## Asked: {inline(row.title)}", "", f"**{row.state}**{by}{through}."]
    if answer.reply.reason:
        lines += ["", f"They said: {inline(answer.reply.reason)}"]
    body = row.body[:SHOWN_CHARS_MAX]
    cut = "" if body == row.body else "\n\nThe question was longer; it is cut here."
    return [*lines, "", fenced(body, "markdown") + cut]
