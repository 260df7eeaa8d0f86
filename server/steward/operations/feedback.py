"""What people think of answers, suggestions and runs: units of work that keep and read it.

A comment is a person's own words and is kept as they were written, without what looks like a
secret. Who gave it may take it back; what others gave is read by owners and admins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import and_, select as rows
from sqlmodel import Session, col, func, or_, select

from steward.agents.tables import RunRow
from steward.agents.talk.tables import ChatMessageRow, ConversationRow
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.core.figures_limits import FEEDBACK_COMMENT_CHARS_MAX, FEEDBACK_SUBJECT_CHARS_MAX
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.operations.tables import FeedbackRow
from steward.permissions.people import permit_figures

About = Literal["answer", "suggestion", "run"]
ABOUTS: tuple[About, ...] = get_args(About)


@dataclass(frozen=True, slots=True)
class Said:
    """One person's word."""

    about: About
    subject: str
    """The id of the answer, the suggestion or the run."""
    is_good: bool
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which feedback is asked for."""

    tenant_id: str
    user: str | None
    """None for everybody's."""
    about: About | None = None
    subject: str | None = None
    is_good: bool | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many said what of one agent and model."""

    about: str
    agent: str
    model: str
    good: int
    bad: int


def give(
    session: Session, principal: Principal, said: Said, at: datetime, new_id: str
) -> FeedbackRow:
    """Keep what somebody thinks; their last word about the same thing takes the first one's place.

    Raises:
        InvalidInputError: the comment is too long, or the id is none.
        NotFoundError: there is no such answer or run, or it is somebody else's.
    """
    comment = _kept(said.comment)
    if not _is_id(said.subject):
        raise InvalidInputError(
            f"{said.subject[:80]!r} is no id of {_article(said.about)}. Use the one that Steward"
            " shows, of letters, digits and `.:_-`."
        )
    agent, model = _who_made(session, principal, said)
    row = session.exec(
        select(FeedbackRow).where(
            FeedbackRow.tenant_id == principal.tenant_id,
            FeedbackRow.user == principal.user,
            FeedbackRow.about == said.about,
            FeedbackRow.subject == said.subject,
        )
    ).first()
    if row is None:
        row = FeedbackRow(
            id=new_id,
            tenant_id=principal.tenant_id,
            user=principal.user,
            at=at,
            about=said.about,
            subject=said.subject,
            agent=agent,
            model=model,
            is_good=said.is_good,
            comment=comment,
        )
    row.at, row.is_good, row.comment = at, said.is_good, comment
    session.add(row)
    session.flush()
    session.refresh(row)
    session.expunge(row)
    return row


def take_back(session: Session, principal: Principal, feedback_id: str) -> None:
    """Forget what this person said.

    Raises:
        NotFoundError: they said nothing of this id.
    """
    row = session.get(FeedbackRow, feedback_id)
    is_own = row is not None and (row.tenant_id, row.user) == (principal.tenant_id, principal.user)
    if row is None or not is_own:
        raise NotFoundError(
            f"You gave no feedback {feedback_id[:80]!r}. `steward feedback list` shows what you"
            " gave."
        )
    session.delete(row)


def listed(
    session: Session,
    principal: Principal,
    wanted: Wanted,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> Sequence[FeedbackRow]:
    """What was said, the newest first; from behind `after`, which is a row's time and id.

    Raises:
        NotPermittedError: it is everybody's, and they may not read how others work.
    """
    _permit(session, principal, wanted)
    statement = select(FeedbackRow).where(*_are(wanted))
    if after is not None:
        at, id_ = after
        older = and_(col(FeedbackRow.at) == at, col(FeedbackRow.id) < id_)
        statement = statement.where(or_(col(FeedbackRow.at) < at, older))
    newest = (col(FeedbackRow.at).desc(), col(FeedbackRow.id).desc())
    return session.exec(statement.order_by(*newest).limit(limit)).all()


def sums(session: Session, principal: Principal, wanted: Wanted) -> tuple[Sum, ...]:
    """How many said what, by kind, agent and model.

    Raises:
        NotPermittedError: as `listed`.
    """
    _permit(session, principal, wanted)
    named: list[Any] = [
        *(FeedbackRow.about, FeedbackRow.agent, FeedbackRow.model, FeedbackRow.is_good)
    ]
    are: list[Any] = [*_are(wanted)]
    statement = rows(*named, func.count()).where(*are).group_by(*named)
    found: dict[tuple[str, str, str], list[int]] = {}
    for about, agent, model, is_good, count in map(tuple, session.connection().execute(statement)):
        found.setdefault((about, agent, model), [0, 0])[0 if is_good else 1] += int(count)
    return tuple(Sum(*name, good, bad) for name, (good, bad) in sorted(found.items()))


def counts(session: Session, tenant_id: str) -> tuple[tuple[str, bool, int], ...]:
    """How often each kind was said to be good or bad, by everybody; names nobody."""
    statement = (
        select(FeedbackRow.about, FeedbackRow.is_good, func.count())
        .where(FeedbackRow.tenant_id == tenant_id)
        .group_by(FeedbackRow.about, col(FeedbackRow.is_good))
        .order_by(FeedbackRow.about, col(FeedbackRow.is_good))
    )
    return tuple((about, bool(is_good), int(n)) for about, is_good, n in session.exec(statement))


def _permit(session: Session, principal: Principal, wanted: Wanted) -> None:
    if wanted.user != principal.user:
        permit_figures(session, principal)


def _are(wanted: Wanted) -> list[bool]:
    found = [FeedbackRow.tenant_id == wanted.tenant_id]
    if wanted.user is not None:
        found.append(FeedbackRow.user == wanted.user)
    if wanted.about is not None:
        found.append(FeedbackRow.about == wanted.about)
    if wanted.subject is not None:
        found.append(FeedbackRow.subject == wanted.subject)
    if wanted.is_good is not None:
        found.append(FeedbackRow.is_good == wanted.is_good)
    return found


def _who_made(session: Session, principal: Principal, said: Said) -> tuple[str, str]:
    """The agent and the model behind it; of a suggestion nothing is kept that would tell."""
    match said.about:
        case "run":
            return _run(session, principal, said.subject), ""
        case "answer":
            return _answer(session, principal, said.subject)
        case "suggestion":
            return "", ""


def _run(session: Session, principal: Principal, run_id: str) -> str:
    row = session.get(RunRow, run_id)
    if row is None or row.tenant_id != principal.tenant_id:
        raise _unknown("run", run_id)
    if row.user != principal.user:
        try:
            permit_figures(session, principal)
        except NotPermittedError:
            raise _unknown("run", run_id) from None  # That there is one is nobody else's to know.
    return row.agent_id


def _answer(session: Session, principal: Principal, message_id: str) -> tuple[str, str]:
    row = session.get(ChatMessageRow, message_id)
    where = None if row is None else session.get(ConversationRow, row.conversation_id)
    whose = None if where is None else (where.tenant_id, where.user)
    if row is None or whose != (principal.tenant_id, principal.user) or row.author == "person":
        raise _unknown("answer", message_id)
    return row.agent, row.model


def _unknown(about: About, subject: str) -> NotFoundError:
    where = {"run": "`steward run list` shows your runs"}.get(about, "Look at the conversation")
    return NotFoundError(f"There is no {about} {subject[:80]!r} of yours. {where}.")


def _kept(comment: str) -> str:
    """The words as they are stored: without secrets, and without what no database holds."""
    plain = comment.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    if len(plain) > FEEDBACK_COMMENT_CHARS_MAX:
        raise InvalidInputError(
            f"The comment has {len(plain)} characters; at most {FEEDBACK_COMMENT_CHARS_MAX} are"
            " kept. Say it in fewer."
        )
    return redact(plain).strip()


def _is_id(subject: str) -> bool:
    is_short = 0 < len(subject) <= FEEDBACK_SUBJECT_CHARS_MAX
    return is_short and subject.isascii() and all(c.isalnum() or c in ".:_-" for c in subject)


def _article(about: About) -> str:
    return f"an {about}" if about == "answer" else f"a {about}"
