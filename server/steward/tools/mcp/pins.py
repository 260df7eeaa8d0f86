"""What a person approved of a server's tools. A tool that says anything else is another tool."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from steward.core import audit
from steward.core.principal import Principal
from steward.permissions.seal import Seal
from steward.tools.mcp.described import Described
from steward.tools.mcp.tables import McpToolRow

_TABLE = "mcp_tool"


@dataclass(frozen=True, slots=True)
class Pin:
    """One tool as it was approved."""

    described: Described
    identity: str
    """Which server it was."""
    approved_at: datetime

    def fits(self, now: Described | None, identity: str) -> bool:
        """Whether the tool is still what was approved, and its server the same one."""
        return now is not None and (now.digest, identity) == (self.described.digest, self.identity)


@dataclass(frozen=True, slots=True)
class Yes:
    """That a person approved tools of a server."""

    identity: str
    """Which server; see `McpServer.identity`."""
    at: datetime
    approval_id: str = ""
    """The yes in the books; empty where it was said at a terminal."""


def pins(session: Session, seal: Seal, principal: Principal) -> Mapping[tuple[str, str], Pin]:
    """Server and tool → what this person approved; a row that is not ours counts for nothing."""
    rows = session.exec(_own(principal).order_by(col(McpToolRow.server), col(McpToolRow.tool)))
    found: dict[tuple[str, str], Pin] = {}
    for row in rows:
        described = Described(row.server, row.tool, row.said)
        if seal.fits(_TABLE, row.model_dump()) and described.digest == row.digest:
            found[row.server, row.tool] = Pin(described, row.identity, row.approved_at)
    return found


def approve(
    session: Session,
    seal: Seal,
    principal: Principal,
    tools: Iterable[Described],
    said: Yes,
) -> None:
    """Remember what the person approved, and audit it."""
    for each in tools:
        row = McpToolRow(
            tenant_id=principal.tenant_id,
            user=principal.user,
            server=each.server,
            tool=each.tool,
            identity=said.identity,
            said=each.said,
            digest=each.digest,
            approval_id=said.approval_id,
            approved_at=said.at,
        )
        row.seal = seal.of(_TABLE, row.model_dump())
        session.merge(row)
        _audit(session, principal, said.at, "mcp.approved", each.name, each.digest)


def forget(session: Session, principal: Principal, server: str, at: datetime) -> int:
    """Take back every yes to a server's tools, and audit it; gives how many there were."""
    rows = session.exec(_own(principal).where(McpToolRow.server == server)).all()
    for row in rows:
        session.delete(row)
        _audit(session, principal, at, "mcp.forgotten", f"{server}__{row.tool}", row.digest)
    return len(rows)


def _own(principal: Principal) -> SelectOfScalar[McpToolRow]:
    return select(McpToolRow).where(
        McpToolRow.tenant_id == principal.tenant_id, McpToolRow.user == principal.user
    )


def _audit(
    session: Session, principal: Principal, at: datetime, action: str, tool: str, digest: str
) -> None:
    audit.append(
        session,
        at=at,
        tenant_id=principal.tenant_id,
        actor=principal.user,
        action=action,
        subject=f"tool {tool}",
        detail={"digest": digest},
    )
