"""The one door that asks a person and takes the answer.

Asking writes a row and waits; every front end shows it; the first authentic answer decides.
An answer is bound to the digest of what was shown, to the person and the workspace, holds for
a limited time (by the wall clock and by the monotonic one, the earlier wins; after a reboot
the question is asked again) and works once. The row is the truth: any process may answer it,
and whoever waits notices. A model has no way in here: it holds no approval's id, and what it
says is never an argument of `answer`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import update
from sqlmodel import Session, col, select

from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import NotFoundError, NotPermittedError, StaleError
from steward.core.events import Events, QuestionChanged
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.permissions.question import Answer, Kind, OpenQuestion, Question, State
from steward.permissions.tables import ApprovalRow

_LOOK_AGAIN_S = 1.0
"""How soon an answer given in another process is noticed."""


@dataclass(frozen=True, slots=True)
class Approvals:
    """Asks, answers, and lets each approval be used once."""

    database: Database
    clock: Clock
    new_id: IdSource
    events: Events
    answer_within: timedelta

    async def ask(self, principal: Principal, question: Question) -> Answer:
        """Put the question and wait for its end.

        A replayed run that asks the same thing at the same place finds its open question, or the
        answer it already got and did not use.
        """
        return await self.ended(await self.open(principal, question))

    async def ended(self, approval_id: str) -> Answer:
        """Wait until the question is answered, withdrawn or over."""
        with self.events.watch() as seen:
            while (answer := await self.look(approval_id)).state == "pending":
                # The event only wakes us early; the row decides.
                try:
                    async with asyncio.timeout(_LOOK_AGAIN_S):
                        await anext(seen)
                except TimeoutError:
                    continue
        return answer

    async def open(self, principal: Principal, question: Question) -> str:
        """Write the question's row, or find the one that still stands. Returns its id."""
        fresh = self._row(principal, question)
        approval_id = await self.database.run(lambda session: self._open(session, fresh))
        self.events.send(QuestionChanged(principal.workspace))
        return approval_id

    async def look(self, approval_id: str) -> Answer:
        """How the question stands now; one whose time is over ends here as expired."""
        row = await self.database.read(lambda session: _get(session, approval_id))
        if row.state != "pending" or not self._is_over(row):
            return _answer(row)

        def expire(session: Session) -> Answer:
            row = _get(session, approval_id)
            if row.state == "pending":
                self._end(session, row, "expired", by="the clock", channel="")
            return _answer(row)

        return await self.database.run(expire)

    async def answer(
        self, principal: Principal, approval_id: str, digest: str, *, approve: bool, channel: str
    ) -> Answer:
        """Take a person's answer.

        Raises:
            NotFoundError: no such question.
            NotPermittedError: it was put to somebody else, or in another workspace.
            StaleError: what was shown is not what is asked, or it was answered or ran out.
        """

        def work(session: Session) -> Answer:
            row = _get(session, approval_id)
            asked = (row.tenant_id, row.user, row.workspace)
            if asked != (principal.tenant_id, principal.user, principal.workspace):
                raise NotPermittedError(
                    f"The question {approval_id!r} was put to {row.user!r} in {row.workspace!r};"
                    " only they can answer it there."
                )
            if row.digest != digest:
                raise StaleError("What you were shown is not what is asked now; look at it again.")
            if row.state == "pending" and self._is_over(row):
                self._end(session, row, "expired", by="the clock", channel="")
            if row.state == "pending":
                state: State = "approved" if approve else "rejected"
                self._end(session, row, state, by=principal.user, channel=channel)
            return _answer(row)

        answer = await self.database.run(work)
        self.events.send(QuestionChanged(principal.workspace))
        wanted = "approved" if approve else "rejected"
        if answer.state != wanted:
            raise StaleError(f"The question was already {answer.state}; nothing was changed.")
        return answer

    async def use(self, approval_id: str, digest: str) -> None:
        """Use an approval up. Whatever it was for must follow, once.

        Raises:
            NotPermittedError: not approved, for something else, too old, or used before.
        """

        def work(session: Session) -> None:
            row = session.get(ApprovalRow, approval_id)
            usable = (
                row is not None
                and row.digest == digest
                and row.state == "approved"
                and not self._is_over(row)
            )
            taken = usable and session.connection().execute(
                update(ApprovalRow)
                .where(col(ApprovalRow.id) == approval_id, col(ApprovalRow.used_at).is_(None))
                .values(used_at=self.clock.now())
            )
            if row is None or not taken or taken.rowcount != 1:
                raise NotPermittedError(
                    "There is no unused approval for exactly this; it must be asked again."
                )
            self._audit(session, row, "approval.used", row.answered_by or "", {})

        await self.database.run(work)

    async def withdraw(self, principal: Principal, run_id: str, key: str | None = None) -> None:
        """End every open question of a run that is over; with a key, only that place's question."""
        place = () if key is None else (ApprovalRow.key == key,)

        def work(session: Session) -> None:
            for row in session.exec(
                select(ApprovalRow).where(
                    ApprovalRow.tenant_id == principal.tenant_id,
                    ApprovalRow.run_id == run_id,
                    ApprovalRow.state == "pending",
                    *place,
                )
            ):
                self._end(session, row, "withdrawn", by=principal.user, channel="")

        await self.database.run(work)
        self.events.send(QuestionChanged(principal.workspace))

    async def pending(self, principal: Principal) -> tuple[OpenQuestion, ...]:
        """The questions open to this person in this workspace, oldest first."""

        def work(session: Session) -> Sequence[ApprovalRow]:
            return session.exec(
                select(ApprovalRow)
                .where(
                    ApprovalRow.tenant_id == principal.tenant_id,
                    ApprovalRow.user == principal.user,
                    ApprovalRow.workspace == principal.workspace,
                    ApprovalRow.state == "pending",
                )
                .order_by(col(ApprovalRow.asked_at))
            ).all()

        rows = await self.database.read(work)
        return tuple(_open_question(row) for row in rows if not self._is_over(row))

    def _row(self, principal: Principal, question: Question) -> ApprovalRow:
        now = self.clock.now()
        return ApprovalRow(
            id=self.new_id(),
            tenant_id=principal.tenant_id,
            user=principal.user,
            workspace=principal.workspace,
            run_id=question.run_id,
            key=question.key,
            attempt=0,
            kind=question.kind,
            title=question.title,
            body=question.body,
            digest=question.digest(),
            state="pending",
            asked_at=now,
            expires_at=now + self.answer_within,
            boot=self.clock.boot(),
            expires_monotonic_s=self.clock.monotonic_s() + self.answer_within.total_seconds(),
        )

    def _open(self, session: Session, fresh: ApprovalRow) -> str:
        last = session.exec(
            select(ApprovalRow)
            .where(
                ApprovalRow.tenant_id == fresh.tenant_id,
                ApprovalRow.run_id == fresh.run_id,
                ApprovalRow.key == fresh.key,
            )
            .order_by(col(ApprovalRow.attempt).desc())
        ).first()
        if last is not None:
            if self._still_stands(last, fresh.digest):
                return last.id
            if last.state == "pending":
                self._end(session, last, "withdrawn", by="asked anew", channel="")
            fresh.attempt = last.attempt + 1
        session.add(fresh)
        self._audit(session, fresh, "approval.asked", fresh.user, {"kind": fresh.kind})
        return fresh.id

    def _still_stands(self, row: ApprovalRow, digest: str) -> bool:
        if row.digest != digest:
            return False
        if row.state == "rejected":
            return True
        return row.state in ("pending", "approved") and not row.used_at and not self._is_over(row)

    def _is_over(self, row: ApprovalRow) -> bool:
        return (
            row.boot != self.clock.boot()
            or self.clock.monotonic_s() >= row.expires_monotonic_s
            or self.clock.now() >= row.expires_at
        )

    def _end(
        self, session: Session, row: ApprovalRow, state: State, *, by: str, channel: str
    ) -> None:
        row.state, row.answered_at, row.answered_by = state, self.clock.now(), by
        row.channel = channel
        session.add(row)
        self._audit(session, row, f"approval.{state}", by, {"kind": row.kind, "channel": channel})

    def _audit(
        self, session: Session, row: ApprovalRow, action: str, by: str, detail: dict[str, str]
    ) -> None:
        append(
            session,
            at=self.clock.now(),
            tenant_id=row.tenant_id,
            actor=by,
            action=action,
            subject=row.run_id,
            detail={**detail, "approval": row.id, "digest": row.digest, "title": row.title},
        )


def _get(session: Session, approval_id: str) -> ApprovalRow:
    row = session.get(ApprovalRow, approval_id)
    if row is None:
        raise NotFoundError(f"There is no question {approval_id!r}; list the open ones.")
    return row


def _answer(row: ApprovalRow) -> Answer:
    return Answer(row.id, row.digest, cast(State, row.state), row.answered_by or "")


def _open_question(row: ApprovalRow) -> OpenQuestion:
    return OpenQuestion(
        row.id, row.run_id, cast(Kind, row.kind), row.title, row.body, row.digest, row.expires_at
    )
