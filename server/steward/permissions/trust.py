"""Whether a person trusts a folder: asked once, remembered for exactly that folder.

A folder that nobody trusts configures nothing and runs nothing: its agents are not there, and no
command runs in it. What is remembered belongs to a person and to one folder: its canonical path,
and which folder stood there (`steward.core.folder_identity`). A folder within a trusted one, and
another one at the same path, are asked about anew. So is one whose row somebody else wrote in the
database: it does not bear our seal. Unknown means no.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, NotFoundError, UnavailableError
from steward.core.principal import Principal
from steward.permissions.accepted_files import (
    SaidOfFiles,
    decide_files,
    forget_files,
    said_of_files,
)
from steward.permissions.approvals import Approvals
from steward.permissions.folder import Folder, folder_at
from steward.permissions.question import Answer, Question
from steward.permissions.seal import Seal
from steward.permissions.tables import FolderTrustRow

__all__ = [
    "NOTHING_ENABLED",
    "Beforehand",
    "Decided",
    "Enabled",
    "Folder",
    "Trust",
    "all_decided",
    "decide_trust",
    "decided_by",
    "decided_on",
    "everyones_decided",
    "folder_at",
    "take_back_trust",
    "trusted_beforehand",
]


@dataclass(frozen=True, slots=True)
class Enabled:
    """What a folder would have a say in, if it were trusted."""

    lines: Sequence[str] = ()
    """A line each, as Markdown in which nothing is active."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of what agents would follow: path → SHA-256, as the lines name them."""


NOTHING_ENABLED = Enabled()

Enables = Callable[[str], Awaitable[Enabled]]
"""Folder → what it would have a say in."""

Beforehand = Callable[[str], bool]
"""Folder → whether an administrator trusts it for everybody; for runs with nobody to ask."""

_TABLE = "folder_trust"
_LOOK_AGAIN_S = 1.0
"""How soon an answer given in another process is noticed."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person said about a folder."""

    path: str
    identity: str
    is_trusted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Trust:
    """Says whether a principal trusts the folder of their workspace, and asks them once."""

    database: Database
    clock: Clock
    approvals: Approvals
    enables: Enables
    beforehand: Beforehand | None = None
    """Where nobody is there to be asked: who decides instead. What they say is not remembered."""

    async def is_trusted(self, principal: Principal) -> bool:
        """Whether they said yes to the folder that is there now. Never asks."""
        return await self.decided(principal) is True

    async def decided(self, principal: Principal) -> bool | None:
        """What they said to the folder that is there now; None if they were not asked yet."""
        said = await decided_by(self.database, self.approvals.seal, principal)
        if self.beforehand is None:
            return said
        return await asyncio.to_thread(trusted_beforehand, self.beforehand, said, principal)

    async def ask_once(self, principal: Principal, run_id: str) -> bool:
        """Whether they trust it, asked as part of a run if they were not asked before.

        The question that nobody answers in time, or that is withdrawn, is a no that is forgotten.
        """
        decided = await self.decided(principal)
        return await self.ask(principal, run_id) if decided is None else decided

    async def ask(self, principal: Principal, run_id: str) -> bool:
        """Whether they trust it, asked now, whatever they said before.

        Raises:
            InvalidInputError: no folder is open.
            UnavailableError: the folder cannot be looked at.
        """
        folder = await self._folder(principal)
        before = await self._found(principal, folder)
        enabled = await self.enables(folder.path)
        question = _question(folder, enabled, before, run_id)
        approval_id = await self.approvals.open(principal, question)
        answer = await self._ended(principal, folder, before, approval_id)
        if answer is None:  # Another run asked the same, and was answered first.
            await self.approvals.withdraw(principal, run_id, question.key)
            return await self.is_trusted(principal)
        if answer.state not in ("approved", "rejected"):
            return False
        if answer.is_approval:
            await self.approvals.use(answer.approval_id, question.digest())
        now, said, seal = self.clock.now(), answer.is_approval, self.approvals.seal
        files = SaidOfFiles(enabled.files, is_accepted=True, at=now)

        def work(session: Session) -> None:
            decide_trust(session, seal, principal, folder, now, is_trusted=said)
            if said:
                decide_files(session, seal, principal, folder, files)

        await self.database.run(work)
        return said

    async def refuse(self, principal: Principal) -> None:
        """Remember that they do not trust it, whatever they said before; nobody is asked.

        Raises:
            InvalidInputError: no folder is open.
            UnavailableError: the folder cannot be looked at.
        """
        folder = await self._folder(principal)
        now, seal = self.clock.now(), self.approvals.seal
        await self.database.run(
            lambda session: decide_trust(session, seal, principal, folder, now, is_trusted=False)
        )

    async def page(self, principal: Principal) -> str:
        """What the question would say that asks about the folder: Markdown. Never asks.

        Raises:
            InvalidInputError: no folder is open.
            UnavailableError: the folder cannot be looked at.
        """
        folder = await self._folder(principal)
        return _body(folder, (await self.enables(folder.path)).lines)

    async def said_of_files(self, principal: Principal) -> dict[str, tuple[str, bool]]:
        """Path → the digest that they were asked about, and whether agents may follow it."""
        folder = await asyncio.to_thread(folder_at, principal.workspace)
        seal = self.approvals.seal
        return await self.database.read(
            lambda session: said_of_files(session, seal, principal, folder)
        )

    async def ask_about_files(
        self, principal: Principal, run_id: str, body: str, files: Mapping[str, str]
    ) -> bool:
        """Whether agents may follow these files, path → digest; `body` shows all that they say.

        A yes and a no hold for exactly these bytes; a question that nobody answers is a no that is
        forgotten.
        """
        folder = await asyncio.to_thread(folder_at, principal.workspace)
        question = Question(
            key="instructions",
            kind="instructions",
            title="May agents follow these instructions of this folder?",
            body=body,
            operands={"path": folder.path, "identity": folder.identity, "files": dict(files)},
            run_id=run_id,
        )
        answer = await self.approvals.ask(principal, question)
        # What nobody said is not remembered as theirs: a policy's no is asked about again.
        if answer.state not in ("approved", "rejected") or answer.answered_by != principal.user:
            return False
        if answer.is_approval:
            await self.approvals.use(answer.approval_id, question.digest())
        said = SaidOfFiles(files, answer.is_approval, self.clock.now())
        seal = self.approvals.seal
        await self.database.run(
            lambda session: decide_files(session, seal, principal, folder, said)
        )
        return said.is_accepted

    async def _ended(
        self, principal: Principal, folder: Folder, before: Decided | None, approval_id: str
    ) -> Answer | None:
        """How the question ended; None if meanwhile the folder was decided about elsewhere."""
        with self.approvals.events.watch() as seen:
            while (answer := await self.approvals.look(approval_id)).state == "pending":
                if await self._found(principal, folder) != before:
                    return None
                # The event only wakes us early; the row decides.
                try:
                    async with asyncio.timeout(_LOOK_AGAIN_S):
                        await anext(seen)
                except TimeoutError:
                    continue
        return answer

    async def _folder(self, principal: Principal) -> Folder:
        if not principal.workspace:
            raise InvalidInputError("Open a folder first; there is nothing here to trust.")
        return await asyncio.to_thread(folder_at, principal.workspace)

    async def _found(self, principal: Principal, folder: Folder) -> Decided | None:
        seal = self.approvals.seal
        return await self.database.read(
            lambda session: decided_on(session, seal, principal, folder)
        )


async def decided_by(database: Database, seal: Seal, principal: Principal) -> bool | None:
    """What a principal said to the folder of their workspace; None if they were not asked yet."""
    if not principal.workspace:
        return False
    try:
        folder = await asyncio.to_thread(folder_at, principal.workspace)
    except UnavailableError:
        return False  # What cannot be looked at is not trusted.
    found = await database.read(lambda session: decided_on(session, seal, principal, folder))
    return None if found is None else found.is_trusted


def trusted_beforehand(
    beforehand: Beforehand | None, said: bool | None, principal: Principal
) -> bool:
    """Whether a folder is trusted where nobody is asked; the person's own no counts over a yes."""
    if said is not None or beforehand is None or not principal.workspace:
        return said is True
    return beforehand(os.path.realpath(principal.workspace))


def decided_on(
    session: Session, seal: Seal, principal: Principal, folder: Folder
) -> Decided | None:
    """What the principal said about exactly this folder; None if nothing that we wrote down."""
    row = session.get(FolderTrustRow, (principal.tenant_id, principal.user, folder.path))
    if row is None or row.identity != folder.identity or not _is_ours(seal, row):
        return None
    return _decided(row)


def decide_trust(
    session: Session,
    seal: Seal,
    principal: Principal,
    folder: Folder,
    at: datetime,
    *,
    is_trusted: bool,
) -> None:
    """Remember what the principal says about a folder, and audit it.

    A no takes back all that was said of its files; a yes says nothing of them.
    """
    row = FolderTrustRow(
        tenant_id=principal.tenant_id,
        user=principal.user,
        path=folder.path,
        identity=folder.identity,
        is_trusted=is_trusted,
        decided_at=at,
    )
    row.seal = seal.of(_TABLE, row.model_dump())
    session.merge(row)
    audit.append(
        session,
        at=at,
        tenant_id=principal.tenant_id,
        actor=principal.user,
        action="trust.given" if is_trusted else "trust.refused",
        subject=f"folder {folder.path}",
        detail={"identity": folder.identity},
    )
    if not is_trusted:
        forget_files(session, principal, folder)


def all_decided(session: Session, seal: Seal, principal: Principal) -> tuple[Decided, ...]:
    """Every folder that the principal said something about, by path."""
    rows = select(FolderTrustRow).where(
        FolderTrustRow.tenant_id == principal.tenant_id, FolderTrustRow.user == principal.user
    )
    found = session.exec(rows.order_by(col(FolderTrustRow.path)))
    return tuple(_decided(row) for row in found if _is_ours(seal, row))


def everyones_decided(
    session: Session, seal: Seal, tenant_id: str
) -> tuple[tuple[str, Decided], ...]:
    """What everybody said about folders, by path and name."""
    rows = select(FolderTrustRow).where(FolderTrustRow.tenant_id == tenant_id)
    found = session.exec(rows.order_by(col(FolderTrustRow.path), col(FolderTrustRow.user)))
    return tuple((row.user, _decided(row)) for row in found if _is_ours(seal, row))


def take_back_trust(
    session: Session, seal: Seal, principal: Principal, path: str, at: datetime
) -> None:
    """Let the principal trust the folder at this path no more, whether or not it is still there.

    Raises:
        NotFoundError: they do not trust it.
    """
    row = session.get(FolderTrustRow, (principal.tenant_id, principal.user, path))
    if row is None or not row.is_trusted or not _is_ours(seal, row):
        raise NotFoundError(f"You do not trust a folder {path!r}, so nothing was taken back.")
    folder = Folder(row.path, row.identity)
    decide_trust(session, seal, principal, folder, at, is_trusted=False)


def _question(folder: Folder, enabled: Enabled, before: Decided | None, run_id: str) -> Question:
    return Question(
        key="trust",
        kind="trust",
        title="Do you trust the files in this folder?",
        body=_body(folder, enabled.lines),
        operands={
            "path": folder.path,
            "identity": folder.identity,
            "enables": list(enabled.lines),
            "files": dict(enabled.files),
            # After a decision the same question is another one, or its old answer would stand.
            "decided_before": before.at.isoformat() if before else "",
        },
        run_id=run_id,
    )


def _is_ours(seal: Seal, row: FolderTrustRow) -> bool:
    return seal.fits(_TABLE, row.model_dump())


def _decided(row: FolderTrustRow) -> Decided:
    return Decided(row.path, row.identity, row.is_trusted, row.decided_at)


def _body(folder: Folder, enabled: Sequence[str]) -> str:
    path = folder.path if folder.path.isprintable() else ascii(folder.path)
    lines = [
        f"`{path.replace('`', chr(39))}`",
        "",
        "If you trust it, what stands in it may do more than be read:",
        "",
        "- agents may run its commands and its tests: each is asked about, but for what an agent's"
        " own rules allow, and runs in a jail.",
        *(f"- {line}" for line in enabled),
        "",
        "If you do not, agents can still read it and propose changes, and nothing in it runs or"
        " configures anything. You are asked once for each folder; `steward trust` changes your"
        " answer.",
    ]
    return "\n".join(lines)
