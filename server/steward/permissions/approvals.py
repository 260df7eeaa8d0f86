"""The one door that asks a person and takes the answer.

Asking writes a row and waits; every front end shows it; the first authentic answer decides.
An answer is bound to the digest of what was shown, to the person and the workspace, holds for
a limited time (by the wall clock and by the monotonic one, the earlier wins; after a reboot
the question is asked again) and works once. The row is the truth: any process may answer it,
and whoever waits notices. It bears a seal over all its columns: one that something else wrote in
is refused, written down and asked again. A model has no way in here: it holds no approval's id,
and what it says is never an argument of `answer`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import NotFoundError, NotPermittedError, StaleError
from steward.core.events import Events, QuestionChanged
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.permissions.answers import answer_in, fitting, kept_draft, open_question_in
from steward.permissions.grants import Grants
from steward.permissions.question import (
    NOTHING_MORE,
    POLICY,
    Answer,
    OpenQuestion,
    Question,
    Reply,
    State,
)
from steward.permissions.seal import Seal
from steward.permissions.tables import ApprovalRow

_TABLE = "approval"
_NOT_OURS = "the seal"
"""Who ended a question whose row was written by something other than Steward."""
_ASKED_MAX = 3
"""So often is one question put whose row is changed from outside."""
_NONE_UNUSED = "There is no unused approval for exactly this; it must be asked again."
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
    seal: Seal
    grants: Grants
    """They end with their run."""

    async def ask(self, principal: Principal, question: Question) -> Answer:
        """Put the question and wait for its end.

        A replayed run that asks the same thing at the same place finds its open question, or the
        answer it already got and did not use. One whose row was changed from outside counts for
        nothing and is put again.

        Raises:
            NotPermittedError: the row was changed again and again.
        """
        for _ in range(_ASKED_MAX):
            answer = await self.ended(await self.open(principal, question))
            if answer.answered_by != _NOT_OURS:
                return answer
        raise NotPermittedError(
            f"The question {question.title!r} was changed in the database {_ASKED_MAX} times by"
            " something other than Steward, so it counts as a no. Find out what writes there."
        )

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

        def look(session: Session) -> Answer | None:
            row = _get(session, approval_id)
            is_open = row.state == "pending" and not self._is_over(row)
            if not self._is_ours(row) or (row.state == "pending" and not is_open):
                return None
            return answer_in(row)

        def end(session: Session) -> Answer:
            row = _get(session, approval_id)
            if not self._refuse_if_not_ours(session, row) and row.state == "pending":
                self._end(session, row, "expired", by="the clock", channel="")
            return answer_in(row)

        return await self.database.read(look) or await self.database.run(end)

    async def answer(
        self,
        principal: Principal,
        approval_id: str,
        digest: str,
        *,
        approve: bool,
        channel: str,
        reply: Reply = NOTHING_MORE,
    ) -> Answer:
        """Take a person's answer.

        Raises:
            InvalidInputError: the reply holds what this question does not take.
            NotFoundError: no such question.
            NotPermittedError: it was put to somebody else, or in another workspace.
            StaleError: what was shown is not what is asked, or it was answered or ran out.
        """

        def work(session: Session) -> tuple[Answer, bool]:
            row = _get(session, approval_id)
            if self._refuse_if_not_ours(session, row):
                return answer_in(row), False
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
            if is_open := row.state == "pending":
                state: State = "approved" if approve else "rejected"
                row.reply = fitting(row, reply, approve=approve).as_json()
                self._end(session, row, state, by=principal.user, channel=channel)
            return answer_in(row), is_open

        answer, is_taken = await self.database.run(work)
        self.events.send(QuestionChanged(principal.workspace))
        if answer.answered_by == _NOT_OURS:
            raise StaleError(
                "Something other than Steward wrote in this question's row, so it counts for"
                " nothing; it is asked again. Find out what writes in the database."
            )
        wanted = "approved" if approve else "rejected"
        # A yes to the whole is none to what somebody else chose of it, nor the other way round.
        if not is_taken and (answer.state != wanted or answer.reply != reply):
            raise StaleError(f"The question was already {answer.state}; nothing was changed.")
        return answer

    async def use(self, approval_id: str, digest: str) -> None:
        """Use an approval up. Whatever it was for must follow, once.

        Raises:
            NotPermittedError: not approved, for something else, too old, or used before.
        """

        def work(session: Session) -> bool:
            return self._taken(session, approval_id, digest, is_part=False) is not None

        # A refusal is given and then raised: what it wrote down must be committed.
        if not await self.database.run(work):
            raise NotPermittedError(_NONE_UNUSED)

    async def narrow(
        self,
        principal: Principal,
        answer: Answer,
        part: Question,
        also: Callable[[Session], None],
    ) -> None:
        """Make a yes to some hunks an approval of the part that they are, and use it up.

        `part` is what the part alone would be asked as; whoever asks it afterwards finds the
        answer, given by the same person, in the same place and for as long. `also` happens in the
        same transaction.

        Raises:
            NotPermittedError: not approved in part, for something else, too old, or used before.
        """

        def work(session: Session) -> bool:
            row = self._taken(session, answer.approval_id, answer.digest, is_part=True)
            if row is None:
                return False
            fresh = self._row(principal, part)
            fresh.user, fresh.workspace = row.user, row.workspace
            fresh.asked_at, fresh.expires_at = row.asked_at, row.expires_at
            fresh.boot, fresh.expires_monotonic_s = row.boot, row.expires_monotonic_s
            fresh.state, fresh.answered_at = row.state, row.answered_at
            fresh.answered_by, fresh.channel = row.answered_by, row.channel
            self._put(session, fresh)
            detail = {"kind": fresh.kind, "channel": row.channel or "", "part_of": row.id}
            self._audit(session, fresh, "approval.approved", row.answered_by or "", detail)
            also(session)
            return True

        if not await self.database.run(work):
            raise NotPermittedError(_NONE_UNUSED)

    async def withdraw(self, principal: Principal, run_id: str, key: str | None = None) -> None:
        """End every open question and grant of a run that is over.

        With a key, only that place's question.
        """
        place = () if key is None else (ApprovalRow.key == key,)

        def work(session: Session) -> bool:
            rows = session.exec(
                select(ApprovalRow).where(
                    ApprovalRow.tenant_id == principal.tenant_id,
                    ApprovalRow.run_id == run_id,
                    ApprovalRow.state == "pending",
                    *place,
                )
            ).all()
            for row in rows:
                if not self._refuse_if_not_ours(session, row):
                    self._end(session, row, "withdrawn", by=principal.user, channel="")
            if key is None:
                self.grants.end(session, principal.tenant_id, run_id, principal.user)
            return bool(rows)

        # Where nothing was open, nobody's screen has to be looked at again.
        if await self.database.run(work):
            self.events.send(QuestionChanged(principal.workspace))

    async def pending(self, principal: Principal) -> tuple[OpenQuestion, ...]:
        """The questions open to this person in this workspace, oldest first."""

        def work(session: Session) -> list[OpenQuestion]:
            rows = session.exec(
                select(ApprovalRow)
                .where(
                    ApprovalRow.tenant_id == principal.tenant_id,
                    ApprovalRow.user == principal.user,
                    ApprovalRow.workspace == principal.workspace,
                    ApprovalRow.state == "pending",
                )
                .order_by(col(ApprovalRow.asked_at))
            )
            # Whoever waits for one that is not ours finds it, says so and asks again.
            return [
                open_question_in(row)
                for row in rows
                if not self._is_over(row) and self._is_ours(row)
            ]

        return tuple(await self.database.read(work))

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
            takes=" ".join(sorted(question.takes)),
            grant=question.grant,
            draft=kept_draft(question),
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
            is_ours = last.state == "withdrawn" or not self._refuse_if_not_ours(session, last)
            if is_ours and self._still_stands(last, fresh.digest):
                return last.id
            if last.state == "pending":
                self._end(session, last, "withdrawn", by="asked anew", channel="")
            fresh.attempt = last.attempt + 1
        self._put(session, fresh)
        self._audit(session, fresh, "approval.asked", fresh.user, {"kind": fresh.kind})
        return fresh.id

    def _still_stands(self, row: ApprovalRow, digest: str) -> bool:
        if row.digest != digest:
            return False
        if row.state == "rejected" or row.channel == POLICY:
            return row.channel != POLICY  # A policy is asked anew, and a person may be there now.
        return row.state in ("pending", "approved") and not row.used_at and not self._is_over(row)

    def _taken(
        self, session: Session, approval_id: str, digest: str, *, is_part: bool
    ) -> ApprovalRow | None:
        """The row of a yes, to the whole or to a part, that holds: used up from now on."""
        row = session.get(ApprovalRow, approval_id)
        if row is None or row.used_at or self._refuse_if_not_ours(session, row):
            return None
        if row.digest != digest or row.state != "approved" or self._is_over(row):
            return None
        if answer_in(row).is_partial != is_part:
            return None
        used = {"used_at": self.clock.now()}
        # The condition, and not the look before it, lets one of several through.
        taken = session.connection().execute(
            update(ApprovalRow)
            .where(col(ApprovalRow.id) == approval_id, col(ApprovalRow.used_at).is_(None))
            .values(**used, seal=self.seal.of(_TABLE, row.model_dump() | used))
        )
        if taken.rowcount != 1:
            return None
        self._audit(session, row, "approval.used", row.answered_by or "", {})
        return row

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
        self._put(session, row)
        self._audit(session, row, f"approval.{state}", by, {"kind": row.kind, "channel": channel})

    def _put(self, session: Session, row: ApprovalRow) -> None:
        row.seal = self.seal.of(_TABLE, row.model_dump())
        session.add(row)

    def _is_ours(self, row: ApprovalRow) -> bool:
        return self.seal.fits(_TABLE, row.model_dump())

    def _refuse_if_not_ours(self, session: Session, row: ApprovalRow) -> bool:
        """Whether somebody else wrote in the row; then its end and the fact are written down."""
        if self._is_ours(row):
            return False
        self._audit(session, row, "approval.tampered", _NOT_OURS, {"state": row.state})
        row.reply = ""
        self._end(session, row, "withdrawn", by=_NOT_OURS, channel="")
        return True

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
