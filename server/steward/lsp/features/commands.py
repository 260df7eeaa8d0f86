"""`workspace/executeCommand`: what a person can tell Steward from any client.

Each command takes at most one object and gives one object; pages come as Markdown.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from steward.agents.agent import Caps
from steward.agents.assignment import Assigned
from steward.agents.question_told import question_told
from steward.core.errors import InvalidInputError
from steward.core.money import NANO_PER_USD
from steward.core.redact import redact
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.lsp.status import status
from steward.permissions.decide import MODES
from steward.permissions.reply import given

if TYPE_CHECKING:
    from steward.agents.runs import Runs

Arguments = Mapping[str, Any]
Command = Callable[[Session, Rooms, Arguments], Awaitable[object]]

_OBSERVATIONS_CHARS_MAX = 8_000
_RUNS_LISTED = 50
_RUNS_LISTED_MAX = 200
_LIMIT_MAX = 10**9
_DOLLARS_MAX = 10**6


async def run_agent(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Start an agent: `{agent, goal, uri?, range?, observations?, mode?}` → `{runId}`.

    The mode is `normal`, `analysis_only`, `dry_run` or `step`; without one it is the agent's own.
    """
    mode = _text(arguments, "mode", "normal")
    if mode not in MODES:
        known = ", ".join(f'"{one}"' for one in sorted(MODES))
        raise InvalidInputError(f"`mode` is one of {known}, not {mode!r}.")
    assigned = Assigned(
        agent_id=_text(arguments, "agent", "fix"),
        goal=_text(arguments, "goal"),
        place=place_of(session, arguments),
        # Hidden before it is cut: half of a secret does not look like one.
        observations=redact(_text(arguments, "observations", ""))[:_OBSERVATIONS_CHARS_MAX],
        mode=mode,
        mentions=mentions_of(session, arguments),
    )
    return {"runId": await _runs(rooms).start(rooms.principal, assigned)}


async def cancel_run(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Cancel a run: `{runId}` → `{state}`. What was landed stays.

    The state is `cancelling` where another window works on it and has not ended it yet.
    """
    return {"state": await _runs(rooms).cancel(rooms.principal, _text(arguments, "runId"))}


async def resume_run(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Let an ended run go on: `{runId, costLimitUsd?, tokenLimit?, stepLimit?, minutes?}`.

    It failed, was cancelled or reached a limit → `{state}`. What it finished is not done again.
    """
    raised = Caps(
        tokens=_count(arguments, "tokenLimit"),
        cost_nano_usd=_dollars(arguments, "costLimitUsd"),
        steps=_count(arguments, "stepLimit"),
        wall_s=None if (minutes := _count(arguments, "minutes")) is None else minutes * 60.0,
    )
    run_id = _text(arguments, "runId")
    return {"state": await _runs(rooms).resume(rooms.principal, run_id, raised)}


async def show_sent(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """What a run sent to models: `{runId, step?}` → `{markdown}`."""
    run_id, step = _text(arguments, "runId"), _text(arguments, "step", "")
    return {"markdown": await _runs(rooms).sent(rooms.principal, run_id, step or None)}


async def list_runs(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """The newest runs: `{limit?}` → `[{id, agent, goal, state, message, startedAt, cost, …}]`.

    And `capped`; and `changes`, how many changes of files it made, and `undone`: no, partly or
    yes. And `context`, what the conversation takes of its room, in
    tokens: `{tokens, room, fixed, tools, instructions, shortened, leftOut}`; `null` before the
    model is first asked what to do.
    """
    limit = arguments.get("limit", _RUNS_LISTED)
    if type(limit) is not int or not 1 <= limit <= _RUNS_LISTED_MAX:
        raise InvalidInputError(f"`limit` must be a whole number from 1 to {_RUNS_LISTED_MAX}.")
    return await _runs(rooms).latest(rooms.principal, limit)


async def show_run(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """One run's course, with what each step took and was approved: `{runId, step?}` → `{markdown}`.

    With a `step`, only that one: what was called, with what, what came back, and what was asked.
    """
    run_id, step = _text(arguments, "runId"), _text(arguments, "step", "")
    return {"markdown": await _runs(rooms).show(rooms.principal, run_id, step or None)}


async def show_steps(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """A run with its plan, and how far each step of it has come: `{runId}` → `{state, …}`.

    `{state, message, agent, goal, mode, cost, tookMs, capped, context, planSteps, trace, undone}`.
    `planSteps`, none before a plan was approved, is `[{title, tool, state, traceSteps}]`: the state
    is open, working, done, failed, refused or skipped, and `traceSteps` names those of the trace
    that belong to it. `trace` is `[{step, title, detail, ok, at, tookMs, cost, tokens}]`.
    """
    return await _runs(rooms).steps(rooms.principal, _text(arguments, "runId"))


async def list_grants(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """What runs were granted: `{runId?}` → `[{id, runId, tool, subject, isOver}]`."""
    run_id = _text(arguments, "runId", "") or None
    now = rooms.clock.now()
    return [
        {
            "id": grant.grant_id,
            "runId": grant.run_id,
            "tool": grant.rule.tool,
            "subject": grant.rule.subject,
            "isOver": grant.is_over(now),
        }
        for grant in await rooms.approvals.grants.list(rooms.principal, run_id)
    ]


async def list_denials(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """What you refused in runs: `{runId?}` → `[{id, runId, tool, subject, deniedAt, isOver}]`.

    It is denied word for word to all agents of the run, until `steward.run.revoke` takes it back.
    Where `tool` is empty, what was refused is the change of that title.
    """
    run_id = _text(arguments, "runId", "") or None
    return [
        {
            "id": denial.denial_id,
            "runId": denial.run_id,
            "tool": denial.tool,
            "subject": denial.subject,
            "deniedAt": denial.denied_at.isoformat(),
            "isOver": denial.revoked_at is not None,
        }
        for denial in await rooms.approvals.grants.denials.list(rooms.principal, run_id)
    ]


async def revoke_grants(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Take back a grant or a refusal, or all grants: `{runId, grantId?}` → `{revoked}`."""
    run_id, grant_id = _text(arguments, "runId"), _text(arguments, "grantId", "") or None
    return {"revoked": await rooms.approvals.grants.revoke(rooms.principal, run_id, grant_id)}


async def list_questions(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """The open questions, as `steward/ask` carries them."""
    open_now = await rooms.approvals.pending(rooms.principal)
    return [question_told(question) for question in open_now]


async def answer_question(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Answer a question as it was shown; gives `{state}`.

    `{id, digest, choice: "approve" | "reject", reason?, isForRun?, isStepByStep?, plan?, kept?}`:
    with what the question `takes`. A `reason` and another `plan` come with a no, the rest with a
    yes. `kept` is the ids of the `hunks` that a yes is about; all others are rejected, and a
    `reason` may say why. Of an edit a `reason` may also come with a yes to all of it.
    """
    said = given(arguments)
    answer = await rooms.approvals.answer(
        rooms.principal,
        _text(arguments, "id"),
        said.digest,
        approve=said.is_yes,
        channel="command",
        reply=said.reply,
    )
    return {"state": answer.state}


async def show_questions(session: Session, _rooms: Rooms, _arguments: Arguments) -> object:
    """Put dismissed questions back on the screen: `{openQuestions}`."""
    return {"openQuestions": await session.show_questions_again()}


async def show_status(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """What `steward/status` carries."""
    return await status(rooms)


def _runs(rooms: Rooms) -> "Runs":
    if rooms.runs is None:
        raise InvalidInputError("Open a folder first; an agent works in a workspace.")
    return rooms.runs


def place_of(session: Session, arguments: Arguments) -> str:
    """Where the person is, as `path:line`; empty where the client does not say."""
    uri = _text(arguments, "uri", "")
    if not uri:
        return ""
    lines = _lines(arguments)
    return session.relative(uri) if lines is None else f"{session.relative(uri)}:{lines[0]}"


def mentions_of(session: Session, arguments: Arguments) -> tuple[str, ...]:
    """The lines that the person selected, where that is more than one."""
    uri, lines = _text(arguments, "uri", ""), _lines(arguments)
    if not uri or lines is None or lines[0] >= lines[1]:
        return ()
    return (f"{session.relative(uri)}:{lines[0]}-{lines[1]}",)


def _lines(arguments: Arguments) -> tuple[int, int] | None:
    """The first and the last line of the range, counted from one."""
    range_: Any = arguments.get("range")
    try:
        start, end = int(range_["start"]["line"]) + 1, int(range_["end"]["line"]) + 1
        # A whole line ends where the next one begins.
        return start, end - 1 if range_["end"]["character"] == 0 and end > start else end
    except (TypeError, KeyError, ValueError):
        return None


def _text(arguments: Arguments, name: str, default: str | None = None) -> str:
    value = arguments.get(name, default)
    if not isinstance(value, str):
        raise InvalidInputError(f"`{name}` must be given as text.")
    return value


def _count(arguments: Arguments, name: str) -> int | None:
    value = arguments.get(name)
    if value is None:
        return None
    if type(value) is not int or not 1 <= value <= _LIMIT_MAX:
        raise InvalidInputError(f"`{name}` must be a whole number from 1 to {_LIMIT_MAX}.")
    return value


def _dollars(arguments: Arguments, name: str) -> int | None:
    value = arguments.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 < value <= _DOLLARS_MAX:
        raise InvalidInputError(f"`{name}` must be a number of US dollars up to {_DOLLARS_MAX}.")
    return int(Decimal(str(value)) * NANO_PER_USD)


def one_object(arguments: Sequence[Any]) -> Arguments:
    """A command's arguments as the one object that they are; nothing at all is an empty one."""
    if not arguments:
        return {}
    if len(arguments) > 1 or not isinstance(arguments[0], Mapping):
        raise InvalidInputError("A command takes one object; see the reference of commands.")
    return cast(Arguments, arguments[0])
