"""What goes when a person enables or removes an extension, in the transaction that does it."""

from sqlmodel import Session, col, delete, update

from steward.core.principal import Principal
from steward.extensions.tables import (
    ExtensionDayRow,
    ExtensionHappenedRow,
    ExtensionStoredRow,
    ExtensionStrikeRow,
)


def forget_extension(session: Session, principal: Principal, extension: str) -> None:
    """Remove all that is kept of it for this person: figures, faults, its own data."""
    for table in (ExtensionDayRow, ExtensionHappenedRow, ExtensionStrikeRow, ExtensionStoredRow):
        session.exec(
            delete(table).where(
                col(table.tenant_id) == principal.tenant_id,
                col(table.user) == principal.user,
                col(table.extension) == extension,
            )
        )


def forgive_faults(session: Session, principal: Principal, extension: str) -> None:
    """Let no fault of it count any more, because its person enables it; they are still told."""
    session.exec(
        update(ExtensionStrikeRow)
        .where(
            col(ExtensionStrikeRow.tenant_id) == principal.tenant_id,
            col(ExtensionStrikeRow.user) == principal.user,
            col(ExtensionStrikeRow.extension) == extension,
        )
        .values(is_open=False)
    )
