"""Which files of a trusted folder a person lets agents follow: each by its path and its bytes.

A yes to a folder is a yes to the files that its question named, as they were. What comes later, or
is changed, is asked about anew: nobody agrees to words that were not written yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from steward.core import audit
from steward.core.principal import Principal
from steward.permissions.folder import Folder
from steward.permissions.seal import Seal
from steward.permissions.tables import AcceptedFileRow

_TABLE = "accepted_file"


@dataclass(frozen=True, slots=True)
class SaidOfFiles:
    """What a person said when they were asked about files."""

    files: Mapping[str, str]
    """Path → SHA-256 of the bytes that they were asked about."""
    is_accepted: bool
    at: datetime


def said_of_files(
    session: Session, seal: Seal, principal: Principal, folder: Folder
) -> dict[str, tuple[str, bool]]:
    """Path → the digest that the person was asked about, and whether they said yes.

    A row that something else than Steward wrote, or that is about another folder, is not there.
    """
    rows = select(AcceptedFileRow).where(*_of(principal, folder))
    return {
        row.path: (row.digest, row.is_accepted)
        for row in session.exec(rows)
        if row.identity == folder.identity and seal.fits(_TABLE, row.model_dump())
    }


def decide_files(
    session: Session,
    seal: Seal,
    principal: Principal,
    folder: Folder,
    said: SaidOfFiles,
) -> None:
    """Remember what the person says of files, and audit it."""
    for path, digest in sorted(said.files.items()):
        row = AcceptedFileRow(
            tenant_id=principal.tenant_id,
            user=principal.user,
            folder=folder.path,
            path=path,
            identity=folder.identity,
            digest=digest,
            is_accepted=said.is_accepted,
            decided_at=said.at,
            seal="",
        )
        row.seal = seal.of(_TABLE, row.model_dump())
        session.merge(row)
        audit.append(
            session,
            at=said.at,
            tenant_id=principal.tenant_id,
            actor=principal.user,
            action="instructions.accepted" if said.is_accepted else "instructions.refused",
            subject=f"folder {folder.path}",
            detail={"path": path, "digest": digest},
        )


def forget_files(session: Session, principal: Principal, folder: Folder) -> None:
    """Forget what the person said of the folder's files; the audit trail keeps it."""
    session.connection().execute(delete(AcceptedFileRow).where(*_of(principal, folder)))


def _of(principal: Principal, folder: Folder):
    return (
        col(AcceptedFileRow.tenant_id) == principal.tenant_id,
        col(AcceptedFileRow.user) == principal.user,
        col(AcceptedFileRow.folder) == folder.path,
    )
