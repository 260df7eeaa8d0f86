"""Agents in the database: units of work that read and change them.

Every change, and every attempt that the role did not cover, is audited in the same transaction.
A refusal is therefore given and not raised: the unit must commit.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from steward.agents.agent import Agent
from steward.agents.definitions.agent_file import Origin, parse
from steward.agents.definitions.limits import STORED_MAX, VERSIONS_MAX
from steward.agents.definitions.shipped import SHIPPED_IDS
from steward.agents.definitions.tables import AgentRow
from steward.core import audit
from steward.core.errors import InvalidInputError, LimitError, NotFoundError, StaleError
from steward.core.principal import Principal
from steward.core.tables import AuditRow
from steward.permissions.people import known, owners
from steward.permissions.roles import ChangeAgent, why_not

_CHANGES = {"agent.created": "created", "agent.changed": "changed", "agent.deleted": "deleted"}
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stored:
    """A definition as it is kept."""

    agent_id: str
    content: str
    team_scope: str
    created_by: str
    updated_at: datetime

    def agent(self) -> Agent:
        """What it describes.

        Raises:
            InvalidInputError: a later version of the product does not take it any more.
        """
        origin = Origin("stored", self.created_by, f"the stored agent {self.agent_id!r}")
        return parse(self.agent_id, self.content, origin)


def everyone(session: Session, tenant_id: str) -> tuple[Stored, ...]:
    """All that an organisation keeps, by id."""
    rows = select(AgentRow).where(AgentRow.tenant_id == tenant_id).order_by(col(AgentRow.id))
    return tuple(map(_stored, session.exec(rows)))


def one(session: Session, tenant_id: str, agent_id: str) -> Stored | None:
    """The definition of that id; None if there is none."""
    row = session.get(AgentRow, (tenant_id, agent_id))
    return None if row is None else _stored(row)


@dataclass(frozen=True, slots=True)
class Version:
    """A change of a definition, as the audit trail tells it."""

    at: datetime
    by: str
    action: str
    """`created`, `changed` or `deleted`."""
    sha256: str
    """Of the whole file."""


def versions(session: Session, tenant_id: str, agent_id: str) -> tuple[Version, ...]:
    """The changes of an agent, the newest first; of many, the last."""
    rows = session.exec(
        select(AuditRow)
        .where(
            AuditRow.tenant_id == tenant_id,
            AuditRow.subject == f"agent {agent_id}",
            col(AuditRow.action).in_(_CHANGES),
        )
        .order_by(col(AuditRow.seq).desc())
        .limit(VERSIONS_MAX)
    )
    return tuple(
        Version(
            row.at, row.actor, _CHANGES[row.action], str(json.loads(row.detail).get("sha256", ""))
        )
        for row in rows
    )


def sha256_of(content: str) -> str:
    """What a version is known by."""
    return hashlib.sha256(content.encode()).hexdigest()


def why_not_change(session: Session, principal: Principal, agent_id: str) -> str | None:
    """Why the principal may not write this agent, or put one in its place; None if they may."""
    kept = one(session, principal.tenant_id, agent_id)
    own = kept or Stored(agent_id, "", "", principal.user, _NEVER)
    act = _change(session, principal, own, own.team_scope)
    return why_not(known(session, principal.tenant_id, principal.user), act)


def create(
    session: Session, principal: Principal, agent_id: str, content: str, at: datetime
) -> str | None:
    """Keep a new agent; gives why not, if the principal may not.

    Raises:
        InvalidInputError: it is no definition, or there is one of that id.
        LimitError: there are too many.
    """
    if one(session, principal.tenant_id, agent_id) is not None:
        raise InvalidInputError(
            f"There is an agent {agent_id!r} already. Change it with `steward agent edit"
            f" {agent_id}`, or take another name."
        )
    rows = select(func.count()).where(AgentRow.tenant_id == principal.tenant_id)
    if session.exec(rows).one() >= STORED_MAX:
        raise LimitError(f"{STORED_MAX} agents are kept, which is the most; delete one first.")
    return _put(session, principal, (agent_id, content), None, at)


def edit(
    session: Session,
    principal: Principal,
    agent_id: str,
    content: str,
    at: datetime,
    was: str | None = None,
) -> str | None:
    """Put another text in an agent's place; gives why not, if the principal may not.

    `was`: the SHA-256 of the text that it was made of; None replaces whatever is there.

    Raises:
        InvalidInputError: it is no definition.
        NotFoundError: there is none of that id.
        StaleError: somebody else changed it meanwhile.
    """
    before = _there(session, principal.tenant_id, agent_id)
    if was is not None and was != sha256_of(before.content):
        raise StaleError(
            f"The agent {agent_id!r} was changed on {before.updated_at:%Y-%m-%d %H:%M} UTC, after"
            " you began. Look at it again and put your change into what stands there now."
        )
    return _put(session, principal, (agent_id, content), before, at)


def delete(session: Session, principal: Principal, agent_id: str, at: datetime) -> str | None:
    """Throw an agent away; gives why not, if the principal may not. Its runs go on as they began.

    Raises:
        NotFoundError: there is none of that id.
    """
    before = _there(session, principal.tenant_id, agent_id)
    act = _change(session, principal, before, before.team_scope)
    refusal = _decided(session, principal, act, ("deleted", before.content), at)
    if refusal is None:
        session.delete(session.get(AgentRow, (principal.tenant_id, agent_id)))
        session.flush()
    return refusal


def _put(
    session: Session,
    principal: Principal,
    written: tuple[str, str],
    before: Stored | None,
    at: datetime,
) -> str | None:
    agent_id, content = written
    creator = before.created_by if before else principal.user
    agent = parse(agent_id, content, Origin("stored", creator, agent_id))
    kept = Stored(agent_id, content, agent.team_scope, creator, at)
    act = _change(session, principal, kept, before.team_scope if before else agent.team_scope)
    refusal = _decided(session, principal, act, ("changed" if before else "created", content), at)
    if refusal is None:
        row = session.get(AgentRow, (principal.tenant_id, agent_id))
        session.merge(
            AgentRow(
                tenant_id=principal.tenant_id,
                id=agent_id,
                content=content,
                team_scope=agent.team_scope,
                created_by=creator,
                created_at=row.created_at if row else at,
                updated_at=at,
            )
        )
        session.flush()
    return refusal


def _change(session: Session, principal: Principal, kept: Stored, team_before: str) -> ChangeAgent:
    return ChangeAgent(
        agent_id=kept.agent_id,
        is_shipped=kept.agent_id in SHIPPED_IDS,
        created_by=kept.created_by,
        teams=frozenset((kept.team_scope, team_before)),
        owners=owners(session, principal.tenant_id),
    )


def _decided(
    session: Session,
    principal: Principal,
    act: ChangeAgent,
    done: tuple[str, str],
    at: datetime,
) -> str | None:
    """Why the principal may not do this; either way it is audited."""
    action, content = done
    refusal = why_not(known(session, principal.tenant_id, principal.user), act)
    audit.append(
        session,
        at=at,
        tenant_id=principal.tenant_id,
        actor=principal.user,
        action="agent.refused" if refusal else f"agent.{action}",
        subject=f"agent {act.agent_id}",
        detail={"sha256": sha256_of(content)},
    )
    return refusal


def _there(session: Session, tenant_id: str, agent_id: str) -> Stored:
    found = one(session, tenant_id, agent_id)
    if found is None:
        also = " It comes with Steward, and is not in the database." * (agent_id in SHIPPED_IDS)
        raise NotFoundError(
            f"The database has no agent {agent_id[:60]!r}.{also} `steward agent list` shows all."
        )
    return found


def _stored(row: AgentRow) -> Stored:
    return Stored(row.id, row.content, row.team_scope, row.created_by, row.updated_at)
