"""Units of work over the rows of packages: read with their seals, written, and audited."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from steward.core import audit
from steward.core.errors import PackageRefusedError
from steward.core.principal import Principal
from steward.extensions.forgetting import forget_extension
from steward.extensions.packages.signing import fingerprint
from steward.extensions.packages.statement import Rotation, leads_to
from steward.extensions.packages.tables import (
    ExtensionPublisherRow,
    ExtensionRegistryRow,
    ExtensionRow,
)
from steward.permissions.seal import Seal

_EXTENSION, _PUBLISHER = "extension", "extension_publisher"


@dataclass(frozen=True, slots=True)
class Books:
    """Whose rows these are, and how they are sealed. Use it on the database's thread."""

    session: Session
    principal: Principal
    seal: Seal
    now: datetime

    def extensions(self) -> Sequence[tuple[ExtensionRow, bool]]:
        """The person's extensions by id, each with whether we wrote its row."""
        rows = self.session.exec(
            select(ExtensionRow)
            .where(
                ExtensionRow.tenant_id == self.principal.tenant_id,
                ExtensionRow.user == self.principal.user,
            )
            .order_by(col(ExtensionRow.id))
        ).all()
        return [(row, self.seal.fits(_EXTENSION, row.model_dump())) for row in rows]

    def extension(self, extension: str) -> tuple[ExtensionRow, bool] | None:
        """One of them."""
        row = self.session.get(
            ExtensionRow, (self.principal.tenant_id, self.principal.user, extension)
        )
        return None if row is None else (row, self.seal.fits(_EXTENSION, row.model_dump()))

    def keep(self, row: ExtensionRow, action: str, detail: Mapping[str, object]) -> None:
        """Seal and write a row, and audit why."""
        row.seal = self.seal.of(_EXTENSION, row.model_dump())
        self.session.merge(row)
        self.audit(action, row.id, {"version": row.version, "digest": row.digest, **detail})

    def drop(self, row: ExtensionRow) -> None:
        """Remove a row with all that the extension did and kept, and audit it."""
        self.audit("extension.removed", row.id, {"version": row.version, "digest": row.digest})
        forget_extension(self.session, self.principal, row.id)
        self.session.delete(row)

    def pinned(self, publisher: str) -> str | None:
        """The publisher's key as this person first saw it; None if they never did.

        Raises:
            PackageRefusedError: somebody else wrote the row.
        """
        row = self._publisher(publisher)
        if row is None:
            return None
        if not self.seal.fits(_PUBLISHER, row.model_dump()):
            raise PackageRefusedError(
                f"Which key the publisher {publisher!r} has was changed in the database past"
                " Steward, so nothing of theirs is installed. Ask them for their key's fingerprint,"
                f" then run `steward extension key forget {publisher}`."
            )
        return row.key

    def pin(self, publisher: str, key: str, rotations: tuple[Rotation, ...]) -> None:
        """Remember the publisher's key, or check that it is the one that is remembered.

        Raises:
            PackageRefusedError: it is another one, and its old key's holder did not say so.
        """
        before = self.pinned(publisher)
        if before == key:
            return
        if before is not None and not leads_to(rotations, publisher, before, key):
            raise PackageRefusedError(
                f"The package is signed with another key than {publisher!r} had before. Known:"
                f" {fingerprint(before)}; this one: {fingerprint(key)}. Either somebody else made"
                " it, or the publisher lost the old key. Ask them, on a way that you trust; only if"
                f" they confirm it, run `steward extension key forget {publisher}`."
            )
        row = self._publisher(publisher) or ExtensionPublisherRow(
            tenant_id=self.principal.tenant_id,
            user=self.principal.user,
            publisher=publisher,
            key="",
            since=self.now,
            seal="",
        )
        row.key, row.since = key, self.now
        row.seal = self.seal.of(_PUBLISHER, row.model_dump())
        self.session.merge(row)
        action = "extension.publisher_pinned" if before is None else "extension.publisher_rotated"
        self.audit(action, publisher, {"key": key, "before": before or ""})

    def forget(self, publisher: str) -> bool:
        """Let the next package of this publisher bring a key; False if none was known."""
        row = self._publisher(publisher)
        if row is None:
            return False
        self.audit("extension.publisher_forgotten", publisher, {"key": row.key})
        self.session.delete(row)
        return True

    def revoked(self) -> frozenset[str]:
        """The keys that a registry of this person says were lost or stolen.

        Rows that somebody else wrote count too: a key too many is the safe side.
        """
        rows = self.session.exec(
            select(ExtensionRegistryRow.revoked).where(
                ExtensionRegistryRow.tenant_id == self.principal.tenant_id,
                ExtensionRegistryRow.user == self.principal.user,
            )
        ).all()
        return frozenset(str(key) for row in rows for key in json.loads(row))

    def audit(self, action: str, subject: str, detail: Mapping[str, object]) -> None:
        """Write down what this person did to an extension, a publisher or a registry."""
        audit.append(
            self.session,
            at=self.now,
            tenant_id=self.principal.tenant_id,
            actor=self.principal.user,
            action=action,
            subject=f"extension {subject}",
            detail=detail,
        )

    def _publisher(self, publisher: str) -> ExtensionPublisherRow | None:
        key = (self.principal.tenant_id, self.principal.user, publisher)
        return self.session.get(ExtensionPublisherRow, key)
