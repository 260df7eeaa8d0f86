"""Pages of runs: all of them, one with everything in it, and what left for models."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError

from steward.core.errors import InvalidInputError
from steward.core.events import RUN_ENDED
from steward.core.money import nano_usd
from steward.web.pages.figures import feedback_on
from steward.web.pages.form import Form, form_of
from steward.web.pages.prose import blocks_of
from steward.web.pages.shown import back, page
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.runs import (
    ResumeWanted,
    RunFilter,
    UndoWanted,
    cancel,
    drop,
    resume,
    revoke,
    run_whole,
    runs_of,
    sent_of,
    undo,
)
from steward.web.rooms import Rooms

router = APIRouter()

_CANCELLED = {
    "asked": "Whoever works on it was asked to end it.",
    "now": "It is ended. What was landed stays.",
    "already": "It had ended already.",
}


@router.get("/runs")
async def runs_page(
    request: Request, caller: Reading, rooms: Opened, after: str | None = None
) -> HTMLResponse:
    """Runs, the newest first."""
    said = request.query_params
    asked: dict[str, Any] = {
        "whose": said.get("whose") or "own",
        "user": said.get("user", "").strip(),
        "workspace": said.get("workspace", "").strip(),
        "agent": said.get("agent", "").strip(),
        "state": said.get("state") or None,
        "day": _day(said.get("day", "")),
        "after": after,
    }
    try:
        wanted = RunFilter.model_validate(asked)
    except ValidationError as error:
        raise InvalidInputError("There are no runs of that kind; choose from the list.") from error
    found = await runs_of(caller, rooms, wanted)
    return page(request, "runs", caller, {"found": found, "wanted": wanted})


@router.get("/runs/{run_id}")
async def run_page(request: Request, caller: Reading, rooms: Opened, run_id: str) -> HTMLResponse:
    """One run with everything in it."""
    run = await run_whole(caller, rooms, run_id)
    values = {
        "run": run,
        "is_over": run.line.state in RUN_ENDED,
        "proposals": [(each, blocks_of(each.body)) for each in run.proposals],
        "may_change": "manage" in caller.scopes,
        "feedback": await feedback_on(caller, rooms, "run", run_id),
    }
    return page(request, "run", caller, values)


@router.post("/runs/{run_id}")
async def ask_of_run(request: Request, caller: Managing, rooms: Opened, run_id: str) -> Response:
    """Ask something of a run: to end, to go on, to undo, or to take back what was granted."""
    form = await form_of(request)
    told = await _asked(form, caller, rooms, run_id)
    return back(request, f"/runs/{run_id}", caller, told)


async def _asked(form: Form, caller: Caller, rooms: Rooms, run_id: str) -> str:
    """Do what the form's button says; gives what is told of it."""
    match form.text("do"):
        case "cancel":
            return _CANCELLED[(await cancel(caller, rooms, run_id)).cancelled]
        case "resume":
            line = await resume(caller, rooms, run_id, _limits(form))
            return (
                f"It goes on in the window that has {line.workspace} open, or as soon as one has."
            )
        case "undo" | "redo" as what:
            wanted = UndoWanted(
                step=form.text("step"), change=form.text("change"), is_redo=what == "redo"
            )
            await undo(caller, rooms, run_id, wanted)
            return "The window that has the folder open shows the diff and asks you there."
        case "drop":
            await drop(caller, rooms, run_id, form.text("wish"))
            return "It is asked no more."
        case "revoke":
            count = (await revoke(caller, rooms, run_id, form.text("grant") or None)).count
            return f"Taken back: {count}." if count else "There was nothing to take back."
        case _:
            raise InvalidInputError("Press one of the page's own buttons.")


@router.get("/runs/{run_id}/sent")
async def sent_page(
    request: Request, caller: Reading, rooms: Opened, run_id: str, step: str | None = None
) -> HTMLResponse:
    """What a run of the caller's sent to models, as it left."""
    calls = await sent_of(caller, rooms, run_id, step)
    return page(request, "sent", caller, {"calls": calls, "run_id": run_id, "step": step})


def _limits(form: Form) -> ResumeWanted:
    cost = form.text("cost_usd")
    try:
        return ResumeWanted(
            tokens=form.number("tokens", "Tokens"),
            cost_nano_usd=nano_usd(cost) if cost else None,
            steps=form.number("steps", "Turns"),
            minutes=form.number("minutes", "Minutes"),
        )
    except ValidationError as error:
        raise InvalidInputError("A limit is a number from 1 on, of a size that counts.") from error


def _day(written: str) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise InvalidInputError(f"{written[:40]!r} is no day such as 2026-11-21.") from error
