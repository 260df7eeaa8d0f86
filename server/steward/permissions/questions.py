"""Questions as their person looks back at them, wherever they were put: units of work that read.

Nothing is ended or written here, whatever a row says: whoever waits for an answer looks at it, too,
and writes down what is wrong with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, func, or_, select

from steward.core.clock import Clock
from steward.core.errors import NotFoundError
from steward.core.principal import Principal
from steward.permissions.answers import answer_in, open_question_in
from steward.permissions.question import Answer, OpenQuestion
from steward.permissions.seal import Seal
from steward.permissions.tables import ApprovalRow

Shown = Literal["open", "ended", "all"]
"""Which questions are looked at."""
_TABLE = "approval"


class Place(NamedTuple):
    """Where a question stands among all of its person, the newest first."""

    asked_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Put:
    """A question, to whom it was put and what became of it."""

    question: OpenQuestion
    user: str
    workspace: str
    asked_at: datetime
    answer: Answer
    """How it stands; one whose time is over is `expired`, whether or not that is written down."""
    answered_at: datetime | None
    channel: str
    why_closed: str
    """Why it cannot be answered here and now; empty where it can."""
    anew: str
    """The id under which it was put again since; empty where it was not."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.asked_at, self.question.id)


@dataclass(frozen=True, slots=True)
class Looking:
    """With what a row is judged: it was written by us, in this boot, and its time is not over."""

    clock: Clock
    seal: Seal

    def several(
        self,
        session: Session,
        principal: Principal,
        shown: Shown,
        limit: int,
        after: Place | None = None,
        run_id: str | None = None,
    ) -> tuple[Put, ...]:
        """A person's questions in all their workspaces, the newest first."""
        wanted = select(ApprovalRow).where(
            ApprovalRow.tenant_id == principal.tenant_id, ApprovalRow.user == principal.user
        )
        if shown != "all":
            is_open = self._is_open()
            wanted = wanted.where(is_open if shown == "open" else ~is_open)
        if run_id is not None:
            wanted = wanted.where(ApprovalRow.run_id == run_id)
        if after is not None:
            at, id_ = col(ApprovalRow.asked_at), col(ApprovalRow.id)
            wanted = wanted.where(
                or_(at < after.asked_at, and_(at == after.asked_at, id_ < after.id))
            )
        newest = wanted.order_by(col(ApprovalRow.asked_at).desc(), col(ApprovalRow.id).desc())
        rows: Sequence[ApprovalRow] = session.exec(newest.limit(limit)).all()
        return tuple(self._put(row, "") for row in rows)

    def count(self, session: Session, principal: Principal) -> int:
        """How many of a person's questions are open in all their workspaces."""
        wanted = select(func.count()).where(
            ApprovalRow.tenant_id == principal.tenant_id,
            ApprovalRow.user == principal.user,
            self._is_open(),
        )
        return session.exec(wanted).one()

    def one(self, session: Session, principal: Principal, approval_id: str) -> Put:
        """One of a person's questions.

        Raises:
            NotFoundError: there is none of theirs: what others are asked is none of their business.
        """
        row = session.get(ApprovalRow, approval_id)
        if row is None or (row.tenant_id, row.user) != (principal.tenant_id, principal.user):
            raise NotFoundError(
                f"There is no question {approval_id[:80]!r} for you; `steward approvals list` and"
                " the page of approvals show yours."
            )
        later = select(ApprovalRow.id).where(
            ApprovalRow.tenant_id == row.tenant_id,
            ApprovalRow.run_id == row.run_id,
            ApprovalRow.key == row.key,
            ApprovalRow.attempt > row.attempt,
        )
        anew = session.exec(later.order_by(col(ApprovalRow.attempt).desc()).limit(1)).first()
        return self._put(row, anew or "")

    def _is_open(self) -> ColumnElement[bool]:
        return and_(
            col(ApprovalRow.state) == "pending",
            col(ApprovalRow.boot) == self.clock.boot(),
            col(ApprovalRow.expires_at) > self.clock.now(),
            col(ApprovalRow.expires_monotonic_s) > self.clock.monotonic_s(),
        )

    def _put(self, row: ApprovalRow, anew: str) -> Put:
        answer, why = answer_in(row), self._why_closed(row)
        if row.state == "pending" and self._is_over(row):
            answer = Answer(row.id, row.digest, "expired", "")
        return Put(
            open_question_in(row),
            row.user,
            row.workspace,
            row.asked_at,
            answer,
            row.answered_at,
            row.channel or "",
            why,
            anew,
        )

    def _why_closed(self, row: ApprovalRow) -> str:
        if row.state != "pending":
            return f"It was {row.state} already."
        if row.boot != self.clock.boot():
            return (
                "It was put on another machine, or before this one was started anew. Answer it"
                " there; where nobody waits for it any more, it is put again."
            )
        if self._is_over(row):
            return "The time for an answer is over; the run puts it again when it is resumed."
        if not self.seal.fits(_TABLE, row.model_dump()):
            return (
                "Its row does not bear our seal, so it counts for nothing: something other than"
                " Steward wrote in it, or this data folder has another `approval.key`."
            )
        return ""

    def _is_over(self, row: ApprovalRow) -> bool:
        is_late = self.clock.now() >= row.expires_at
        same_boot = row.boot == self.clock.boot()
        return is_late or (same_boot and self.clock.monotonic_s() >= row.expires_monotonic_s)
