"""Pages of questions: all of a question, and a form that says yes, no, or what it offers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from steward.core.errors import InvalidInputError, NotFoundError, StaleError, StewardError
from steward.permissions.questions import Shown
from steward.web.dialect import said, status_of
from steward.web.pages.form import Form, form_of
from steward.web.pages.prose import blocks_of, diff_lines
from steward.web.pages.shown import back, page
from steward.web.rest.approvals import (
    AnswerWanted,
    Approval,
    ApprovalFilter,
    answer,
    approval_of,
    approvals_of,
)
from steward.web.rest.caller import Caller, Deciding, Opened, Reading
from steward.web.rest.runs import run_whole
from steward.web.rooms import Rooms

router = APIRouter()

Said = Literal["approve", "reject", "for_run", "step_by_step", "part", "plan"]
"""Which of a question's buttons was pressed."""


@router.get("/approvals")
async def approvals_page(
    request: Request,
    caller: Reading,
    rooms: Opened,
    shown: Shown = "open",
    run: Annotated[str, Query(max_length=200)] = "",
    after: str | None = None,
) -> HTMLResponse:
    """The caller's questions, in all their workspaces."""
    found = await approvals_of(caller, rooms, ApprovalFilter(shown=shown, run=run, after=after))
    values = {"found": found, "shown": shown, "run": run}
    return page(request, "approvals", caller, values)


@router.get("/approvals/{approval_id}")
async def approval_page(
    request: Request, caller: Reading, rooms: Opened, approval_id: str
) -> HTMLResponse:
    """One question, whole."""
    return await _shown(request, caller, rooms, approval_id)


@router.post("/approvals/{approval_id}")
async def answer_page(
    request: Request, caller: Deciding, rooms: Opened, approval_id: str
) -> Response:
    """Take an answer; where it cannot be taken, the question is shown as it stands, and why."""
    form = await form_of(request)
    try:
        question = await approval_of(caller, rooms, approval_id)
        line = await answer(caller, rooms, approval_id, _wanted(form, question))
    except (StaleError, InvalidInputError) as error:
        return await _shown(request, caller, rooms, approval_id, error)
    told = "You said yes." if line.state == "approved" else "You said no."
    return back(request, f"/approvals/{approval_id}", caller, f"{told} Whoever asked goes on.")


async def _shown(
    request: Request,
    caller: Caller,
    rooms: Rooms,
    approval_id: str,
    error: StewardError | None = None,
) -> HTMLResponse:
    question = await approval_of(caller, rooms, approval_id)
    try:
        run = (await run_whole(caller, rooms, question.line.run_id)).line
    except NotFoundError:
        run = None  # It was put by something else than a run: a folder, an extension, a chat.
    values = {
        "question": question,
        "run": run,
        "blocks": blocks_of(question.markdown),
        "hunks": [(each, diff_lines(each["lines"].rstrip("\n"))) for each in question.hunks],
        "problem": "" if error is None else said(error),
        "can_answer": caller.is_person,
    }
    status = 200 if error is None else status_of(error)
    return page(request, "approval", caller, values, status)


def _wanted(form: Form, question: Approval) -> AnswerWanted:
    """The answer that a form's buttons and fields say."""
    pressed, digest, reason = form.text("answer"), form.text("digest"), form.text("reason")
    match pressed:
        case "approve" | "reject":
            # A reason that was typed before yes was pressed goes nowhere but where it may.
            is_taken = pressed == "reject" or question.line.kind == "edit"
            return AnswerWanted(digest=digest, choice=pressed, reason=reason if is_taken else "")
        case "for_run":
            return AnswerWanted(digest=digest, choice="approve", is_for_run=True)
        case "step_by_step":
            return AnswerWanted(digest=digest, choice="approve", is_step_by_step=True)
        case "part":
            kept = form.every("keep")
            return AnswerWanted(digest=digest, choice="approve", reason=reason, kept=kept)
        case "plan":
            plan = _plan(form, question.plan or {})
            return AnswerWanted(digest=digest, choice="reject", plan=plan, reason=reason)
        case _:
            raise InvalidInputError("Press one of the question's own buttons.")


def _plan(form: Form, before: Mapping[str, Any]) -> dict[str, Any]:
    """The plan as the person wants it: steps changed, left out, and one put behind them."""
    steps: list[dict[str, Any]] = []
    for number, step in enumerate(cast(Sequence[dict[str, Any]], before.get("steps", ())), 1):
        if form.is_set(f"step-{number}-keep"):
            title = form.text(f"step-{number}-title")
            detail = form.raw(f"step-{number}-detail").strip("\n")
            files = list(form.lines(f"step-{number}-files"))
            steps.append({**step, "title": title, "detail": detail, "files": files})
    if title := form.text("new-title"):
        steps.append(
            {
                "title": title,
                "tool": form.text("new-tool"),
                "detail": form.raw("new-detail").strip("\n"),
                "files": list(form.lines("new-files")),
            }
        )
    return {**before, "summary": form.raw("summary").strip("\n"), "steps": steps, "questions": []}
