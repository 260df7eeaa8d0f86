"""A run as Markdown: its trace, and what was sent in it."""

import json
from collections.abc import Sequence

from steward.agents.reading import Trace
from steward.agents.sent import SentCall, SentText
from steward.agents.tables import RunStepRow
from steward.context.meter import meter_from
from steward.core.money import as_usd
from steward.workspace.markdown import fenced, inline


def trace_page(trace: Trace) -> str:
    """A run's whole trace."""
    run, totals = trace.seen.run, trace.seen.totals
    named = run.agent_name or run.agent_id
    lines = [
        f"# Run of {inline(named)}: {inline(run.goal)}",
        "",
        f"State: **{run.state}**. {inline(run.message)}",
        f"Started {run.created_at:%Y-%m-%d %H:%M:%S} UTC, cost {as_usd(totals.cost_nano_usd)},"
        f" {totals.input_tokens:,} tokens in and {totals.output_tokens:,} out, id `{run.id}`.",
    ]
    if (meter := meter_from(run.context)) is not None:
        lines.append(f"Conversation: {meter.in_words()}.")
    if run.mode != "normal":
        lines.append(f"Mode: {run.mode}.")
    if run.capped:
        lines.append(f"It ended early at a limit: {run.capped}. It can be resumed with more.")
    if trace.seen.undone != "no":
        share = "All" if trace.seen.undone == "yes" else "A part"
        lines.append(f"{share} of what it changed in files is undone.")
    if trace.seen.asked:
        lines.append(f"Asked for and not done yet: {trace.seen.asked}.")
    lines += [f"Waits for you: {inline(title)}" for title in trace.seen.questions]
    if run.pruned_at is not None:
        lines.append(f"Its steps were removed on {run.pruned_at:%Y-%m-%d}, for their age.")
    lines += ["", "| step | what | outcome | took | cost | approved |", "| --- " * 6 + "|"]
    return "\n".join([*lines, *_steps(trace.steps)]) + "\n"


def _steps(steps: Sequence[RunStepRow]) -> list[str]:
    lines: list[str] = []
    attempt = 1
    for step in steps:
        if step.attempt != attempt:
            attempt = step.attempt
            lines.append(f"| | *resumed, attempt {attempt}* | | | | |")
        took = "" if step.duration_ms is None else took_as_text(step.duration_ms)
        cost = as_usd(step.cost_nano_usd) if step.cost_nano_usd else ""
        meter = meter_from(step.context)
        detail = step.detail or ("" if meter is None else meter.in_words())
        outcome = f"{'' if step.ok else '✗ '}{inline(detail)}"
        approved = f"`{step.digest[:12]}`" if step.digest else ""
        inside = "↳ " * step.name.count("/")  # Of an agent that another one called.
        lines.append(
            f"| {inside}{step.name} | {inline(step.title)} | {outcome} | {took} | {cost} |"
            f" {approved} |"
        )
    return lines


def took_as_text(duration_ms: int) -> str:
    """A duration in a few characters."""
    if duration_ms < 10_000:
        return f"{duration_ms:,} ms"
    minutes, seconds = divmod(duration_ms // 1000, 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def sent_page(run_id: str, calls: Sequence[SentCall]) -> str:
    """What a run sent to models, each text once."""
    lines = [f"# Sent in the run `{run_id}`", ""]
    if not calls:
        lines.append("Nothing was sent yet, or it was removed for its age.")
    lines.append("What looks like a secret was replaced before it left; this is what left.")
    shown: set[str] = set()
    for call in calls:
        lines += ["", f"## {call.step} → {inline(call.model)}", ""]
        known = sum(text.digest in shown for text in call.messages)
        if known:
            lines += [f"{known} of its {len(call.messages)} messages stand further up.", ""]
        texts = [*call.messages, *([call.tools] if call.tools else [])]
        for text in texts:
            if text.digest not in shown:
                shown.add(text.digest)
                lines += _text(text)
    return "\n".join(lines) + "\n"


def _text(text: SentText) -> list[str]:
    named = f"{text.bytes:,} bytes, SHA-256 `{text.digest[:12]}`"
    if text.value is None:
        return [f"*Left out: {named}. The run had sent more than is kept.*", ""]
    if text.is_tools:
        return [f"**Tools**, {named}", "", fenced(json.dumps(text.value, indent=2), "json"), ""]
    calls = text.value.get("tool_calls")
    lines = [f"**{text.value['role']}**, {named}", ""]
    if text.value["content"]:
        lines += [fenced(str(text.value["content"]), ""), ""]
    if calls:
        lines += [fenced(json.dumps(calls, indent=2), "json"), ""]
    return lines
