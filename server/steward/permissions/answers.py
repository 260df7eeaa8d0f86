"""What a question's row says, and whether a reply fits the question."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from sqlmodel import Session, select

from steward.core.agent_limits import REASON_CHARS_MAX, REPLY_CHARS_MAX
from steward.core.errors import InvalidInputError
from steward.permissions.question import (
    Answer,
    Extra,
    Kind,
    OpenQuestion,
    Question,
    Reply,
    State,
    reply_from_json,
)
from steward.permissions.tables import ApprovalRow

_WITH_NO: frozenset[Extra] = frozenset(("reason", "edited_plan"))
_WITH_YES: frozenset[Extra] = frozenset(("for_run", "step_by_step", "choice"))


def fitting(row: ApprovalRow, reply: Reply, *, approve: bool) -> Reply:
    """The reply as it is kept. To keep every hunk is to keep the whole.

    Raises:
        InvalidInputError: the question does not take this with a yes, or with a no.
    """
    if len(reply.reason) > REASON_CHARS_MAX or len(reply.as_json()) > REPLY_CHARS_MAX:
        raise InvalidInputError(
            f"A reason may have {REASON_CHARS_MAX} characters, and an answer as a whole"
            f" {REPLY_CHARS_MAX}; say it shorter."
        )
    _refuse(reply.extras() - _takes(row))
    if reply.kept is not None:
        offered = _hunk_ids(row)
        _check_choice(offered, reply.kept)
        if len(reply.kept) == len(offered):
            reply = replace(reply, kept=None)
    _refuse(reply.extras() - _fit(reply, approve=approve, is_edit=row.kind == "edit"))
    return reply


def _fit(reply: Reply, *, approve: bool, is_edit: bool) -> frozenset[Extra]:
    """What may be said beside this yes, or this no."""
    # Who keeps a part says no to the rest, and may say why. Of an edit one may keep all, and still
    # have something to say of its hunks.
    with_no = _WITH_NO if not approve or reply.kept is not None else frozenset[Extra]()
    with_yes = _WITH_YES if approve else frozenset[Extra]()
    return with_no | with_yes | (frozenset[Extra](("reason",)) if is_edit else frozenset[Extra]())


def answer_in(row: ApprovalRow) -> Answer:
    """How the question stands."""
    reply, by = reply_from_json(row.reply), row.answered_by or ""
    return Answer(row.id, row.digest, cast(State, row.state), by, reply)


def open_question_in(row: ApprovalRow) -> OpenQuestion:
    """The question as it is shown."""
    return OpenQuestion(
        row.id,
        row.run_id,
        cast(Kind, row.kind),
        row.title,
        row.body,
        row.digest,
        row.expires_at,
        _takes(row),
        row.grant,
        draft_in(row),
        view_in(row),
    )


def kept_draft(question: Question) -> str:
    """What the row keeps of a question's draft and of its view; empty where it has neither."""
    if question.view is not None:
        return json.dumps({"draft": question.draft, "view": question.view}, ensure_ascii=True)
    return json.dumps(question.draft, ensure_ascii=True) if question.draft else ""


def draft_in(row: ApprovalRow) -> dict[str, Any] | None:
    """What an answer may begin with; None where it may hold nothing of the kind."""
    value = _kept(row)
    return value["draft"] if _holds_both(value) else value or None


def view_in(row: ApprovalRow) -> dict[str, Any] | None:
    """What the body says, as data; None where there is none."""
    value = _kept(row)
    return value["view"] if _holds_both(value) else None


def _kept(row: ApprovalRow) -> dict[str, Any]:
    return json.loads(row.draft) if row.draft else {}


def _holds_both(value: Mapping[str, Any]) -> bool:
    """A plan and a choice, which stand in the column alone, have other names in them."""
    return set(value) == {"draft", "view"}


def _refuse(extras: Iterable[Extra]) -> None:
    if unfit := sorted(extras):
        raise InvalidInputError(
            f"This question does not take {', '.join(unfit)} with that answer; answer yes or no, or"
            " with what it offers."
        )


def _check_choice(offered: frozenset[str], kept: tuple[str, ...]) -> None:
    if not kept or len(kept) > len(set(kept)) or not offered.issuperset(kept):
        raise InvalidInputError(
            "What is kept is named by the ids of the question's own hunks, each once and one at"
            " least. To keep none, reject the whole."
        )


def _hunk_ids(row: ApprovalRow) -> frozenset[str]:
    draft: Mapping[str, Any] = draft_in(row) or {}
    return frozenset(str(hunk["id"]) for hunk in draft.get("hunks", ()))


def _takes(row: ApprovalRow) -> frozenset[Extra]:
    return frozenset(cast(list[Extra], row.takes.split()))


def whom_asked(session: Session, run_id: str) -> tuple[str, str] | None:
    """The person who was asked something by a run, and what it was called; None if nobody was."""
    row = session.exec(select(ApprovalRow).where(ApprovalRow.run_id == run_id)).first()
    return None if row is None else (row.user, row.title)
