"""`storage-get` and `storage-set`: texts that an extension keeps for one person and workspace.

Whose they are is the caller, never an argument, so no extension can name another's.
"""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from steward.core.database import Database
from steward.core.errors import InvalidInputError, LimitError
from steward.core.extension_limits import (
    EXTENSION_KEY_CHARS_MAX,
    EXTENSION_STORED_BYTES_MAX,
    EXTENSION_STORED_KEYS_MAX,
)
from steward.extensions.granted import Wanted
from steward.extensions.host.arguments import text_in
from steward.extensions.host.gate import Caller, Gate
from steward.extensions.tables import ExtensionStoredRow


@dataclass(frozen=True, slots=True)
class Storage:
    """Keeps texts for extensions."""

    gate: Gate
    database: Database

    async def get(self, caller: Caller, arguments: tuple[str | None, ...]) -> str | None:
        """`storage-get`: what is kept under the key; None if nothing is."""
        key = _key(arguments)
        await self.gate.check(caller, Wanted("storage"))
        where = _place(caller, key)
        row = await self.database.read(lambda session: session.get(ExtensionStoredRow, where))
        return None if row is None else row.value

    async def set(self, caller: Caller, arguments: tuple[str | None, ...]) -> None:
        """`storage-set`: keep a text; none removes it."""
        key = _key(arguments)
        value = arguments[1] if len(arguments) > 1 else None
        await self.gate.check(caller, Wanted("storage"))
        if value is not None and len(value) > EXTENSION_STORED_BYTES_MAX:
            raise _full()
        await self.database.run(lambda session: _put(session, caller, key, value))


def _put(session: Session, caller: Caller, key: str, value: str | None) -> None:
    row = session.get(ExtensionStoredRow, _place(caller, key))
    if value is None:
        if row is not None:
            session.delete(row)
        return
    size = len(f"{key}{value}".encode("utf-8", "surrogatepass"))
    others, keys = _kept(session, caller, key)
    if others + size > EXTENSION_STORED_BYTES_MAX:
        raise _full()
    if keys >= EXTENSION_STORED_KEYS_MAX:
        raise LimitError(f"An extension keeps {EXTENSION_STORED_KEYS_MAX} keys; remove some.")
    tenant_id, user, extension, workspace, _ = _place(caller, key)
    session.merge(
        ExtensionStoredRow(
            tenant_id=tenant_id,
            user=user,
            extension=extension,
            workspace=workspace,
            key=key,
            value=value,
            bytes=size,
        )
    )


def _kept(session: Session, caller: Caller, but: str) -> tuple[int, int]:
    """Bytes and number of what is kept under other keys."""
    tenant_id, user, extension, workspace, _ = _place(caller, but)
    found = session.exec(
        select(func.coalesce(func.sum(ExtensionStoredRow.bytes), 0), func.count()).where(
            ExtensionStoredRow.tenant_id == tenant_id,
            ExtensionStoredRow.user == user,
            ExtensionStoredRow.extension == extension,
            ExtensionStoredRow.workspace == workspace,
            col(ExtensionStoredRow.key) != but,
        )
    ).one()
    return int(found[0]), int(found[1])


def _place(caller: Caller, key: str) -> tuple[str, str, str, str, str]:
    principal = caller.principal
    return principal.tenant_id, principal.user, caller.id, principal.workspace, key


def _key(arguments: tuple[str | None, ...]) -> str:
    key = text_in(arguments, 0, EXTENSION_KEY_CHARS_MAX)
    if not key or not key.isprintable():
        raise InvalidInputError(
            f"A key has 1 to {EXTENSION_KEY_CHARS_MAX} printable characters; {key[:40]!a} is none."
        )
    return key


def _full() -> LimitError:
    return LimitError(
        f"An extension keeps {EXTENSION_STORED_BYTES_MAX:,} bytes for a workspace, keys and values"
        " together; remove what it does not need."
    )
