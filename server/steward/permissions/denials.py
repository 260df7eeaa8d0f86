"""What a person refused, to the letter: a ceiling for all agents of the run, listed and revocable.

A no holds from then on for every agent of its run, and for agents that other runs of the same
session call. It is about exactly what was refused and nothing near it: these commands, these bytes
of a change, these arguments of a tool. Whoever words the same thing in another way is asked about;
a ceiling that guessed what somebody meant would forbid what nobody refused. Each row bears a seal.
One that something else wrote in still denies: it was a no, and only its seal says that it is over.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.permissions.act import HARMLESS, Act
from steward.permissions.question import POLICY
from steward.permissions.seal import Seal
from steward.permissions.tables import ApprovalRow, RunDenialRow

SUBJECT_CHARS_MAX = 300
"""What people are shown of what was refused; the whole of it is in the digest."""
_TABLE = "run_denial"


@dataclass(frozen=True, slots=True)
class Exactly:
    """Something that can be refused, as it is known again."""

    tool: str
    subject: str
    """In words for people."""
    digest: str
    """SHA-256 of all of it."""


@dataclass(frozen=True, slots=True)
class Denial:
    """One refusal as a person may look at it."""

    denial_id: str
    run_id: str
    tool: str
    subject: str
    denied_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Denials:
    """Keeps refusals, finds those that hold, and takes them back."""

    database: Database
    clock: Clock
    new_id: IdSource
    seal: Seal
    session: str
    """This process, by a name that no other ever has."""

    async def add(
        self, principal: Principal, run_id: str, refused: Exactly, approval_id: str
    ) -> None:
        """Keep what a person has just refused. The same no a second time changes nothing."""
        row = self._row(principal, run_id, refused, approval_id)
        await self.database.run(lambda session: self._add(session, row, principal))

    async def add_if_rejected(
        self, principal: Principal, run_id: str, key: str, refused: Exactly
    ) -> None:
        """Keep it if a person's own no ended the question that was put at this place of the run.

        One that ran out or was withdrawn is no refusal of a person's.
        """
        row = self._row(principal, run_id, refused, "")

        def work(session: Session) -> None:
            asked = session.exec(
                select(ApprovalRow)
                .where(
                    ApprovalRow.tenant_id == principal.tenant_id,
                    ApprovalRow.run_id == run_id,
                    ApprovalRow.key == key,
                )
                .order_by(col(ApprovalRow.attempt).desc())
            ).first()
            if asked is not None and asked.state == "rejected":
                row.approval_id = asked.id
                self._add(session, row, principal)

        await self.database.run(work)

    async def when(
        self, principal: Principal, run_id: str, digests: Iterable[str], *, is_called: bool
    ) -> datetime | None:
        """When one of these was refused first, as far as it holds in this run.

        `is_called`: another agent called the one that acts. Then what was refused in other runs of
        this session holds, too.
        """
        wanted = list(digests)
        holds = RunDenialRow.run_id == run_id
        where = or_(holds, RunDenialRow.session == self.session) if is_called else holds

        def work(session: Session) -> datetime | None:
            rows = session.exec(
                select(RunDenialRow)
                .where(*_own(principal), col(RunDenialRow.digest).in_(wanted), where)
                .order_by(col(RunDenialRow.denied_at))
            )
            return next((row.denied_at for row in rows if self._holds(row)), None)

        return await self.database.read(work)

    async def list(self, principal: Principal, run_id: str | None = None) -> tuple[Denial, ...]:
        """The person's refusals in this workspace, or those of one run, the oldest first."""
        wanted = select(RunDenialRow).where(*_own(principal))
        if run_id is not None:
            wanted = wanted.where(RunDenialRow.run_id == run_id)
        ordered = wanted.order_by(col(RunDenialRow.denied_at), col(RunDenialRow.id))

        def work(session: Session) -> tuple[Denial, ...]:
            return tuple(map(self._shown, session.exec(ordered)))

        return await self.database.read(work)

    async def revoke(self, principal: Principal, run_id: str, denial_id: str) -> int | None:
        """Take a refusal back, so that it is asked about again: 1, or 0 where it was already.

        None where the person has no such refusal in this run.
        """

        def work(session: Session) -> int | None:
            row = session.get(RunDenialRow, denial_id)
            whose = None if row is None else (row.tenant_id, row.user, row.workspace, row.run_id)
            own = (principal.tenant_id, principal.user, principal.workspace, run_id)
            if row is None or whose != own:
                return None
            if not self._holds(row):
                return 0
            row.revoked_at = self.clock.now()
            self._put(session, row, "denial.revoked", principal.user)
            return 1

        return await self.database.run(work)

    def _add(self, session: Session, row: RunDenialRow, principal: Principal) -> None:
        asked = session.get(ApprovalRow, row.approval_id)
        if asked is not None and asked.channel == POLICY:
            return  # Nobody was there to refuse it.
        same = session.exec(
            select(RunDenialRow).where(
                *_own(principal),
                RunDenialRow.run_id == row.run_id,
                RunDenialRow.digest == row.digest,
            )
        )
        if not any(map(self._holds, same)):
            self._put(session, row, "denial.given", principal.user)

    def _put(self, session: Session, row: RunDenialRow, action: str, by: str) -> None:
        row.seal = self.seal.of(_TABLE, row.model_dump())
        session.add(row)
        append(
            session,
            at=self.clock.now(),
            tenant_id=row.tenant_id,
            actor=by,
            action=action,
            subject=row.run_id,
            detail={"denial": row.id, "tool": row.tool, "approval": row.approval_id},
        )

    def _holds(self, row: RunDenialRow) -> bool:
        """Only who took it back under our seal has taken it back."""
        return row.revoked_at is None or not self.seal.fits(_TABLE, row.model_dump())

    def _shown(self, row: RunDenialRow) -> Denial:
        revoked_at = None if self._holds(row) else row.revoked_at
        return Denial(row.id, row.run_id, row.tool, row.subject, row.denied_at, revoked_at)

    def _row(
        self, principal: Principal, run_id: str, refused: Exactly, approval_id: str
    ) -> RunDenialRow:
        return RunDenialRow(
            id=self.new_id(),
            tenant_id=principal.tenant_id,
            user=principal.user,
            workspace=principal.workspace,
            run_id=run_id,
            tool=refused.tool,
            subject=refused.subject,
            digest=refused.digest,
            approval_id=approval_id,
            session=self.session,
            denied_at=self.clock.now(),
        )


def said_at(denied_at: datetime) -> str:
    """When it was refused, in the few words in which it is told."""
    return f"{denied_at:%H:%M} UTC"


def of_act(act: Act, arguments: object) -> Exactly:
    """An act, known by its tool and the exact commands that it would run, or files it would read.

    Any other is known by its arguments: who refuses one change of a file has not refused them all.
    So is a command that nobody can take apart.
    """
    words = (*act.paths, *(act.commands or ()))
    is_plain = act.capability == "command.run" or act.capability in HARMLESS
    if not is_plain or act.commands is None or not words:
        return of_call(act.tool, arguments)
    what = [act.capability, list(act.paths), list(act.commands)]
    return exactly("act", act.tool, ", ".join(words), what)


def of_call(tool: str, arguments: object) -> Exactly:
    """A call of a tool with exactly these arguments, as JSON values."""
    return exactly("call", tool, json.dumps(arguments, ensure_ascii=True), arguments)


def exactly(kind: str, tool: str, subject: str, what: object) -> Exactly:
    """Something by its kind, the tool that brings it, words for people, and all that it is."""
    canonical = json.dumps([kind, tool, what], sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    return Exactly(tool, subject[:SUBJECT_CHARS_MAX], digest)


def _own(principal: Principal):
    return (
        RunDenialRow.tenant_id == principal.tenant_id,
        RunDenialRow.user == principal.user,
        RunDenialRow.workspace == principal.workspace,
    )
