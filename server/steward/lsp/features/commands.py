"""`workspace/executeCommand`: what a person can tell Steward from any client.

Each command takes at most one object and gives one object; pages come as Markdown.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from steward.agents.assignment import Assigned
from steward.core.errors import InvalidInputError
from steward.lsp.convert import question_params
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session
from steward.lsp.status import status

if TYPE_CHECKING:
    from steward.agents.runs import Runs

Arguments = Mapping[str, Any]
Command = Callable[[Session, Rooms, Arguments], Awaitable[object]]

_OBSERVATIONS_CHARS_MAX = 8_000


async def run_agent(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Start an agent: `{agent, goal, uri?, range?, observations?, mode?}` → `{runId}`."""
    mode = _text(arguments, "mode", "normal")
    if mode not in ("normal", "analysis_only"):
        raise InvalidInputError(f'`mode` is "normal" or "analysis_only", not {mode!r}.')
    assigned = Assigned(
        agent_id=_text(arguments, "agent", "fix"),
        goal=_text(arguments, "goal"),
        place=_place(session, arguments),
        observations=_text(arguments, "observations", "")[:_OBSERVATIONS_CHARS_MAX],
        mode="analysis_only" if mode == "analysis_only" else "normal",
    )
    return {"runId": await _runs(rooms).start(rooms.principal, assigned)}


async def cancel_run(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Cancel a run: `{runId}` → `{state}`. What was landed stays."""
    return {"state": await _runs(rooms).cancel(rooms.principal, _text(arguments, "runId"))}


async def list_runs(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """The newest runs: `[{id, agent, goal, state, message, startedAt, cost}]`."""
    return await _runs(rooms).latest(rooms.principal)


async def show_run(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """One run's course: `{runId}` → `{markdown}`."""
    return {"markdown": await _runs(rooms).show(rooms.principal, _text(arguments, "runId"))}


async def list_questions(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """The open questions, as `steward/ask` carries them."""
    open_now = await rooms.approvals.pending(rooms.principal)
    return [question_params(question) for question in open_now]


async def answer_question(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Answer a question: `{id, digest, choice: "approve" | "reject"}` → `{state}`."""
    choice = _text(arguments, "choice")
    if choice not in ("approve", "reject"):
        raise InvalidInputError(f'`choice` is "approve" or "reject", not {choice!r}.')
    answer = await rooms.approvals.answer(
        rooms.principal,
        _text(arguments, "id"),
        _text(arguments, "digest"),
        approve=choice == "approve",
        channel="command",
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


def _place(session: Session, arguments: Arguments) -> str:
    uri = _text(arguments, "uri", "")
    if not uri:
        return ""
    range_: Any = arguments.get("range")
    try:
        line = int(range_["start"]["line"]) + 1
    except (TypeError, KeyError, ValueError):
        return session.relative(uri)
    return f"{session.relative(uri)}:{line}"


def _text(arguments: Arguments, name: str, default: str | None = None) -> str:
    value = arguments.get(name, default)
    if not isinstance(value, str):
        raise InvalidInputError(f"`{name}` must be given as text.")
    return value


def one_object(arguments: Sequence[Any]) -> Arguments:
    """A command's arguments as the one object that they are; nothing at all is an empty one."""
    if not arguments:
        return {}
    if len(arguments) > 1 or not isinstance(arguments[0], Mapping):
        raise InvalidInputError("A command takes one object; see the reference of commands.")
    return cast(Arguments, arguments[0])
