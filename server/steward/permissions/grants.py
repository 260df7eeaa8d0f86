"""What a person granted for the rest of a run: narrow, listed, revocable, and gone with the run.

A grant spares the question whether a tool may be used, never the look at the exact bytes of a
proposal. It counts in the process in which it was given and for as long as an answer would, and is
looked up before each decision, so a revocation counts at the next call. Its row bears a seal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from steward.core.agent_limits import GRANTS_A_RUN_MAX
from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import LimitError, NotFoundError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.permissions.act import Act
from steward.permissions.denials import Denials
from steward.permissions.globs import literal
from steward.permissions.rules import Rule
from steward.permissions.seal import Seal
from steward.permissions.tables import RunGrantRow

SUBJECTS_MAX = 5
"""Folders or commands that one yes for the rest of a run may cover."""
_TABLE = "run_grant"


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant as a person may look at it."""

    grant_id: str
    run_id: str
    rule: Rule
    """What it covers, as a rule that allows."""
    granted_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether it covers nothing any more."""
        return self.revoked_at is not None or now >= self.expires_at


@dataclass(frozen=True, slots=True)
class Grants:
    """Makes grants, finds those in force, and revokes them."""

    database: Database
    clock: Clock
    new_id: IdSource
    seal: Seal
    session: str
    """This process, by a name that no other ever has."""
    lasts: timedelta
    """How long a grant counts at most."""

    @property
    def denials(self) -> Denials:
        """What people refused, kept beside what they granted."""
        return Denials(self.database, self.clock, self.new_id, self.seal, self.session)

    async def add(
        self, principal: Principal, run_id: str, rules: Sequence[Rule], approval_id: str
    ) -> None:
        """Grant what a person just said yes to for the rest of the run.

        Raises:
            LimitError: the run was granted as much as one may be.
        """
        rows = [self._row(principal, run_id, rule, approval_id) for rule in rules]

        def work(session: Session) -> None:
            if len(_rows(session, principal, run_id)) + len(rows) > GRANTS_A_RUN_MAX:
                raise LimitError(
                    f"This run was granted {GRANTS_A_RUN_MAX} things already; answer what follows"
                    " one by one."
                )
            for row in rows:
                row.seal = self.seal.of(_TABLE, row.model_dump())
                session.add(row)
                self._audit(session, row, "grant.given", principal.user)

        await self.database.run(work)

    async def of_run(self, principal: Principal, run_id: str) -> tuple[Rule, ...]:
        """What counts for the run now; rows that were not written by us count for nothing."""
        now, now_s = self.clock.now(), self.clock.monotonic_s()

        def work(session: Session) -> tuple[Rule, ...]:
            return tuple(
                Rule("allow", row.tool, row.subject)
                for row in _rows(session, principal, run_id)
                if row.session == self.session
                and row.revoked_at is None
                and now < row.expires_at
                and now_s < row.expires_monotonic_s
                and self.seal.fits(_TABLE, row.model_dump())
            )

        return await self.database.read(work)

    async def list(self, principal: Principal, run_id: str | None = None) -> tuple[Grant, ...]:
        """The person's grants in this workspace, or those of one run, the oldest first."""
        rows = await self.database.read(lambda session: _rows(session, principal, run_id))
        return tuple(
            Grant(
                row.id,
                row.run_id,
                Rule("allow", row.tool, row.subject),
                row.granted_at,
                row.expires_at,
                row.revoked_at,
            )
            for row in rows
        )

    async def revoke(self, principal: Principal, run_id: str, grant_id: str | None = None) -> int:
        """Take back a grant, or all of the run; gives how many were taken back.

        A refusal is taken back by its own id only: no wish to be asked more often ends one.

        Raises:
            NotFoundError: the person has no such grant or refusal.
        """

        def work(session: Session) -> int | None:
            rows = _rows(session, principal, run_id)
            if grant_id is not None:
                rows = [row for row in rows if row.id == grant_id]
            return self._revoke(session, rows, principal.user) if rows or not grant_id else None

        revoked = await self.database.run(work)
        if revoked is None and grant_id is not None:
            revoked = await self.denials.revoke(principal, run_id, grant_id)
        if revoked is None:
            raise NotFoundError(
                f"The run {run_id!r} has no grant and no refusal {grant_id!r}; list those that it"
                " has."
            )
        return revoked

    def end(self, session: Session, tenant_id: str, run_id: str, by: str) -> None:
        """Take back all grants of a run that is over, in the transaction that says so."""
        rows = session.exec(
            select(RunGrantRow).where(
                RunGrantRow.tenant_id == tenant_id, RunGrantRow.run_id == run_id
            )
        ).all()
        self._revoke(session, rows, by)

    def _revoke(self, session: Session, rows: Sequence[RunGrantRow], by: str) -> int:
        open_rows = [row for row in rows if row.revoked_at is None]
        for row in open_rows:
            row.revoked_at = self.clock.now()
            row.seal = self.seal.of(_TABLE, row.model_dump())
            session.add(row)
            self._audit(session, row, "grant.revoked", by)
        return len(open_rows)

    def _row(self, principal: Principal, run_id: str, rule: Rule, approval_id: str) -> RunGrantRow:
        now = self.clock.now()
        return RunGrantRow(
            id=self.new_id(),
            tenant_id=principal.tenant_id,
            user=principal.user,
            workspace=principal.workspace,
            run_id=run_id,
            tool=rule.tool,
            subject=rule.subject,
            approval_id=approval_id,
            session=self.session,
            granted_at=now,
            expires_at=now + self.lasts,
            expires_monotonic_s=self.clock.monotonic_s() + self.lasts.total_seconds(),
        )

    def _audit(self, session: Session, row: RunGrantRow, action: str, by: str) -> None:
        append(
            session,
            at=self.clock.now(),
            tenant_id=row.tenant_id,
            actor=by,
            action=action,
            subject=row.run_id,
            detail={"grant": row.id, "tool": row.tool, "approval": row.approval_id},
        )


def narrow_rules(act: Act) -> tuple[Rule, ...]:
    """What a yes to this act for the rest of the run would cover; nothing where that is too wide.

    Of files, the folder that each is in, or the file itself at the top of the workspace; of
    commands, their exact words; of a branch or an agent, that one. A tool that is told nothing is
    covered as such if nothing comes of it.
    """
    if act.commands is None:
        return ()
    subjects = [literal(command) for command in act.commands]
    if not subjects:
        subjects = [_folder(path) for path in act.paths]
    subjects += [literal(name) for name in (act.branch, act.agent) if name]
    if not subjects:
        return (Rule("allow", act.tool),) if act.is_contained else ()
    each = dict.fromkeys(subjects)
    if len(each) > SUBJECTS_MAX or "" in each:
        return ()
    return tuple(Rule("allow", act.tool, subject) for subject in each)


def in_words(rules: Sequence[Rule]) -> str:
    """What the grant would cover, as a person reads it before giving it."""
    return ", ".join(
        f"{rule.tool} on {rule.subject}" if rule.subject else rule.tool for rule in rules
    )


def _folder(path: str) -> str:
    """The glob of what lies directly in the folder of this path; empty for the workspace itself."""
    folder, _, name = path.rpartition("/")
    if not folder:
        return "" if name in ("", ".") else literal(name)
    return f"{literal(folder)}/*"


def _rows(session: Session, principal: Principal, run_id: str | None) -> Sequence[RunGrantRow]:
    wanted = select(RunGrantRow).where(
        RunGrantRow.tenant_id == principal.tenant_id,
        RunGrantRow.user == principal.user,
        RunGrantRow.workspace == principal.workspace,
    )
    if run_id is not None:
        wanted = wanted.where(RunGrantRow.run_id == run_id)
    return session.exec(wanted.order_by(col(RunGrantRow.granted_at), col(RunGrantRow.id))).all()
