"""What tests of the outbox and of sockets make happen, and how they read what was told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from steward.agents.tables import RunRow, RunStepRow
from steward.core.database import Database
from steward.core.outbox import Happening, next_after
from steward.core.principal import Principal
from steward.extensions.packages.tables import ExtensionRow
from steward.extensions.tables import ExtensionHappenedRow, ExtensionStrikeRow
from steward.permissions.people import add
from steward.permissions.roles import Person
from steward.permissions.tables import ApprovalRow
from tests.ledger.bank import ANN

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
WORDS = "hunter2 was written by a person"
"""Stands wherever a row holds somebody's words."""


async def told(database: Database, after: int = 0) -> list[Happening]:
    """Everything that the outbox says, but for what only servers hear."""
    found = await database.read(lambda session: next_after(session, after, 100_000))
    return [each for each in found if each.kind != "access"]


def in_short(happening: Happening) -> tuple[str, str, str, Any]:
    """Kind, user, subject and detail."""
    return (happening.kind, happening.user, happening.subject, json.loads(happening.detail))


async def put(database: Database, *rows: object) -> None:
    """Add rows, in their order, in one transaction."""

    def work(session: Session) -> None:
        for row in rows:
            session.add(row)
            session.flush()

    await database.run(work)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody, and what they are."""

    user: str
    role: Any = "developer"
    team: str = ""
    is_lead: bool = False


async def people(database: Database, *members: Member) -> None:
    """Ann owns the organisation; the others are what is said."""

    def work(session: Session) -> None:
        for each in (Member(ANN.user, "owner"), *members):
            person = Person(each.user, each.role, each.team, each.is_lead)
            assert add(session, ANN, person, NOW) is None

    await database.run(work)


def anybody(_session: Session, _principal: Principal, _user: str) -> None:
    """Everybody may make tokens here."""


def run_row(id_: str, user: str = "ann") -> RunRow:
    """A run that has just begun."""
    return RunRow(
        id=id_,
        tenant_id="local",
        user=user,
        session="s",
        workspace="/work",
        agent_id="fix",
        goal=WORDS,
        place=WORDS,
        mode="normal",
        state="planning",
        owner="o",
        created_at=NOW,
    )


def step_row(run_id: str, name: str, *, ok: bool = True) -> RunStepRow:
    """A step that has ended."""
    return RunStepRow(
        tenant_id="local", run_id=run_id, name=name, title=WORDS, ok=ok, detail=WORDS, at=NOW
    )


def approval_row(id_: str, run_id: str, user: str = "ann") -> ApprovalRow:
    """A question that waits."""
    return ApprovalRow(
        id=id_,
        tenant_id="local",
        user=user,
        workspace="/work",
        run_id=run_id,
        key="k",
        attempt=1,
        kind="plan",
        title=WORDS,
        body=WORDS,
        digest="d",
        state="pending",
        asked_at=NOW,
        expires_at=NOW,
        boot="b",
        expires_monotonic_s=0.0,
    )


def extension_rows(user: str = "ann") -> Sequence[object]:
    """An extension, something that it did, and a fault of it."""
    whose = {"tenant_id": "local", "user": user}
    return (
        ExtensionRow(
            **whose,
            id="acme.tidy",
            version="1.0.0",
            digest="d",
            key="",
            sequence=1,
            source="file",
            granted="[]",
            state="enabled",
            config=json.dumps({"key": WORDS}),
            installed_at=NOW,
            decided_at=NOW,
            seal="",
        ),
        ExtensionHappenedRow(
            **whose, id="h", extension="acme.tidy", at=NOW, kind="refused", subject="s", said=WORDS
        ),
        ExtensionStrikeRow(
            **whose,
            id="t",
            extension="acme.tidy",
            version="1.0.0",
            digest="d",
            at=NOW,
            kind="trap",
            topic="t",
            said=WORDS,
            place="",
            is_open=True,
        ),
    )
