"""Questions that wait for a person, and those that were answered: whatever would be done, whole.

A question is told here exactly as an editor is told it, and an answer is bound to the digest of
what was shown. Only a person at a page that they opened themselves answers; a token never does.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field, StrictBool

from steward.agents.question_told import question_told
from steward.core.errors import StaleError
from steward.permissions.questions import Looking, Place, Put, Shown
from steward.permissions.reply import given
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Deciding, Opened, Reading
from steward.web.rest.cursor import cursor, moment_after
from steward.web.rest.query import After
from steward.web.rooms import Rooms

router = APIRouter(prefix="/approvals", tags=["approvals"])

CHANNEL = "page"
"""How answers that are given here are told from others."""


class ApprovalLine(Answer):
    """A question as a list shows it."""

    id: str
    run_id: str
    kind: str
    """What it is about: `plan`, `command`, `edit`, `commit`, `pull_request`, `trust` …"""
    title: str
    workspace: str
    state: str
    """`pending`, `approved`, `rejected`, `expired` or `withdrawn`."""
    is_open: bool
    """Whether it can be answered here and now."""
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    answered_by: str
    channel: str
    """How the answer came: `page`, `terminal`, `policy`, or how an editor took it."""


class ApprovalChoice(Answer):
    """One of the two answers, and what its button says."""

    id: Literal["approve", "reject"]
    title: str


class Approval(Answer):
    """A question whole, as every front end shows it."""

    line: ApprovalLine
    markdown: str
    """All of it: what is not in here is not approved."""
    digest: str
    """What an answer is bound to."""
    choices: tuple[ApprovalChoice, ApprovalChoice]
    takes: tuple[str, ...]
    """What an answer may hold beside yes and no."""
    grant: str
    """What a yes for the rest of the run would cover; empty where there is none."""
    plan: dict[str, Any] | None
    """Where an answer may hold another plan: the one to begin with."""
    view: dict[str, Any] | None
    """What the Markdown says, as data; null where there is only the Markdown."""
    hunks: tuple[dict[str, Any], ...]
    """Of an edit: the pieces that may be kept one by one, each with its id."""
    marks: tuple[dict[str, Any], ...]
    """Of an edit: what is easily overlooked in it, each with its file and line."""
    why_closed: str
    """Why it cannot be answered here; empty where it can."""
    anew: str
    """The id under which it was put again since; empty where it was not."""
    reason: str
    """What was said with the answer."""
    kept: tuple[str, ...] | None
    """Of an edit that was approved in part: the ids of the hunks that were."""
    left_s: int
    """Seconds in which it can still be answered."""


class ApprovalFilter(Wanted):
    """Which questions are asked for."""

    shown: Shown = "open"
    run: str = Field(default="", max_length=200)
    limit: int = Field(default=50, ge=1, le=200)
    after: After = None
    """What an answer gave as `next`."""


class AnswerWanted(Wanted):
    """A yes or a no, and what is said beside it; read as an editor's answer is."""

    digest: str = Field(max_length=200)
    """Of what was shown."""
    choice: Literal["approve", "reject"]
    reason: str = ""
    is_for_run: StrictBool = False
    """Yes, and for the rest of the run to all that `grant` covers."""
    is_step_by_step: StrictBool = False
    """Yes to the plan, and each step is asked about."""
    plan: dict[str, Any] | None = None
    """With a no: the plan as it is wanted; it is asked about in its turn."""
    kept: tuple[str, ...] | None = None
    """With a yes to a part: the ids of the hunks; all others are refused."""


@router.get("")
async def list_approvals(
    caller: Reading,
    rooms: Opened,
    wanted: Annotated[ApprovalFilter, Query()],
) -> Paged[ApprovalLine]:
    """Your questions in all workspaces, the newest first; by itself those that are open."""
    return await approvals_of(caller, rooms, wanted)


async def approvals_of(caller: Caller, rooms: Rooms, wanted: ApprovalFilter) -> Paged[ApprovalLine]:
    """Some of the caller's questions; those of others are none of their business."""
    principal, looking, limit = caller.principal, _looking(rooms), wanted.limit
    begin = moment_after(wanted.after)
    found = await rooms.database.read(
        lambda session: looking.several(
            session, principal, wanted.shown, limit + 1, begin and Place(*begin), wanted.run or None
        )
    )
    shown = found[:limit]
    last = shown[-1].place if len(found) > limit else None
    return Paged(
        items=tuple(map(_line, shown)),
        next=None if last is None else cursor(last.asked_at, last.id),
    )


async def waiting_of(caller: Caller, rooms: Rooms) -> int:
    """How many of the caller's questions wait for an answer."""
    looking, principal = _looking(rooms), caller.principal
    return await rooms.database.read(lambda session: looking.count(session, principal))


@router.get("/{approval_id}")
async def read_approval(caller: Reading, rooms: Opened, approval_id: str) -> Approval:
    """One of your questions, exactly as your editor shows it."""
    return await approval_of(caller, rooms, approval_id)


async def approval_of(caller: Caller, rooms: Rooms, approval_id: str) -> Approval:
    """One question, whole.

    Raises:
        NotFoundError: there is none of the caller's.
    """
    put = await _put(caller, rooms, approval_id)
    told: dict[str, Any] = question_told(put.question)
    left = put.question.expires_at - rooms.clock.now()
    return Approval(
        line=_line(put),
        markdown=told["markdown"],
        digest=told["digest"],
        choices=tuple(ApprovalChoice.model_validate(each) for each in told["choices"]),  # pyright: ignore[reportArgumentType]  There are two.
        takes=tuple(told["takes"]),
        grant=told["grant"],
        plan=told["plan"],
        view=told["view"],
        hunks=tuple(told["hunks"]),
        marks=tuple(told["marks"]),
        why_closed=put.why_closed,
        anew=put.anew,
        reason=put.answer.reply.reason,
        kept=put.answer.reply.kept,
        left_s=0 if put.why_closed else max(0, int(left.total_seconds())),
    )


@router.post("/{approval_id}/answer")
async def answer_approval(
    caller: Deciding, rooms: Opened, approval_id: str, wanted: AnswerWanted
) -> ApprovalLine:
    """Answer one of your questions. People do it at a page; a token cannot."""
    return await answer(caller, rooms, approval_id, wanted)


async def answer(
    caller: Caller, rooms: Rooms, approval_id: str, wanted: AnswerWanted
) -> ApprovalLine:
    """Take the answer of a person at a page.

    Raises:
        NotFoundError: there is no such question of theirs.
        StaleError: what they were shown is not what is asked, or it is open no more.
        InvalidInputError: the answer holds what this question does not take.
    """
    said = given(
        {
            "digest": wanted.digest,
            "choice": wanted.choice,
            "reason": wanted.reason,
            "isForRun": wanted.is_for_run,
            "isStepByStep": wanted.is_step_by_step,
            "plan": wanted.plan,
            "kept": None if wanted.kept is None else list(wanted.kept),
        }
    )
    put = await _put(caller, rooms, approval_id)
    if put.why_closed and put.answer.state in ("pending", "expired"):
        # Whoever waits for it, there, ends it: an answer from here would end it for them.
        raise StaleError(put.why_closed)
    await rooms.approvals.answer(
        replace(caller.principal, workspace=put.workspace),
        approval_id,
        said.digest,
        approve=said.is_yes,
        channel=CHANNEL,
        reply=said.reply,
    )
    return _line(await _put(caller, rooms, approval_id))


async def _put(caller: Caller, rooms: Rooms, approval_id: str) -> Put:
    looking, principal = _looking(rooms), caller.principal
    return await rooms.database.read(lambda session: looking.one(session, principal, approval_id))


def _looking(rooms: Rooms) -> Looking:
    return Looking(rooms.clock, rooms.approvals.seal)


def _line(put: Put) -> ApprovalLine:
    question = put.question
    return ApprovalLine(
        id=question.id,
        run_id=question.run_id,
        kind=question.kind,
        title=question.title,
        workspace=put.workspace,
        state=put.answer.state,
        is_open=not put.why_closed,
        asked_at=put.asked_at,
        expires_at=question.expires_at,
        answered_at=put.answered_at,
        answered_by=put.answer.answered_by,
        channel=put.channel,
    )
