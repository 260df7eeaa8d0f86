"""`steward run`: the runs of agents at a shell, beside whatever windows are open."""

import argparse
import json
from datetime import datetime
from pathlib import Path

from steward.agents.reading import Seen, Trace, Whose, runs_of, seconds, trace_of
from steward.agents.sent import SentCall, sent_in_own
from steward.agents.trace_page import sent_page, took_as_text, trace_page
from steward.cli.run_told import run_as_json, state_of, step_as_json
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.errors import NotFoundError
from steward.core.money import as_usd

_GOAL_CHARS = 60


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> int:
    """Show runs, or ask something of one; returns the exit code."""
    match action:
        case "show":
            _show(shell, arguments)
        case "watch":
            from steward.cli.watch import watch

            return watch(shell, arguments.run, as_json=arguments.json)
        case "resume" if arguments.here:
            from steward.cli.agent_run import resume

            return resume(shell, arguments)
        case "cancel" | "resume" | "grants" | "revoke":
            from steward.cli.run_wishes import ask

            ask(shell, action, arguments)
        case "sent":
            _sent(shell, arguments)
        case _:
            _list(shell, arguments)
    return 0


def _list(shell: Shell, arguments: argparse.Namespace) -> None:
    user = None if arguments.all else arguments.user or shell.principal.user
    workspace = arguments.workspace and str(Path(arguments.workspace).resolve())
    whose, most = Whose(user, workspace), arguments.limit
    principal, is_open = shell.principal, arguments.open
    found = shell.read(lambda session: runs_of(session, principal, whose, most, is_open=is_open))
    if arguments.json:
        say(json.dumps([run_as_json(each) for each in found], indent=2) + "\n")
    elif not found:
        say("There are no such runs. Start one from your editor or with `steward agent run`.\n")
    else:
        has_others = user != principal.user
        say(table(_rows(found, shell.now, has_users=has_others), are_numbers=False))


def _rows(found: tuple[Seen, ...], now: datetime, *, has_users: bool) -> list[tuple[str, ...]]:
    head = ("run", "agent", "state", "started", "took", "cost", "goal")
    rows = [
        (
            each.run.id,
            each.run.agent_name or each.run.agent_id,
            state_of(each),
            f"{each.run.created_at:%Y-%m-%d %H:%M}",
            took_as_text(seconds(each.run, now) * 1000),
            as_usd(each.totals.cost_nano_usd),
            _short(each.run.goal),
        )
        for each in found
    ]
    if not has_users:
        return [head, *rows]
    users = [each.run.user for each in found]
    return [(*head, "user"), *((*row, user) for row, user in zip(rows, users, strict=True))]


def _show(shell: Shell, arguments: argparse.Namespace) -> None:
    trace = read_trace(shell, arguments.run)
    if not arguments.json:
        say(trace_page(trace))
        return
    steps = [step_as_json(step) for step in trace.steps]
    say(json.dumps(run_as_json(trace.seen) | {"steps": steps}, indent=2) + "\n")


def read_trace(shell: Shell, run_id: str) -> Trace:
    """A run with its steps, as the person at the shell may see it."""
    return shell.read(lambda session: trace_of(session, shell.principal, run_id))


def _sent(shell: Shell, arguments: argparse.Namespace) -> None:
    run_id, step = arguments.run, arguments.step
    calls = shell.read(lambda session: sent_in_own(session, shell.principal, run_id, step))
    if step is not None and not calls:
        raise NotFoundError(
            f"Nothing was sent in a step {step!r} of this run; `steward run show {run_id}` names"
            " its steps."
        )
    if not arguments.json:
        say(sent_page(run_id, calls))
        return
    say(json.dumps([_call_as_json(call) for call in calls], indent=2) + "\n")


def _call_as_json(call: SentCall) -> dict[str, object]:
    def text(each: object) -> dict[str, object]:
        return {name: getattr(each, name) for name in ("digest", "bytes", "value")}

    return {
        "step": call.step,
        "attempt": call.attempt,
        "model": call.model,
        "at": call.at,
        "messages": [text(each) for each in call.messages],
        "tools": None if call.tools is None else text(call.tools),
    }


def _short(goal: str) -> str:
    line = " ".join(goal.split())
    return line if len(line) <= _GOAL_CHARS else f"{line[: _GOAL_CHARS - 1]}…"
