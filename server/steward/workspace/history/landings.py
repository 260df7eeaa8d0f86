"""What agents' landed proposals did to a file, the newest first: units of work on their rows."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select as sql_select
from sqlmodel import Session, col, select

from steward.core.agent_limits import WHY_LANDINGS_MAX
from steward.core.database import Database
from steward.workspace.tables import LandedFileRow, ProposalRow


@dataclass(frozen=True, slots=True)
class Place:
    """A file in a workspace; a file is in each folder above it that is one."""

    workspace: str
    path: str


@dataclass(frozen=True, slots=True)
class Landing:
    """That a proposal changed a file."""

    proposal_id: str
    place: Place
    moved_from: str
    """Of a renamed file, where it was; otherwise empty."""
    is_whole: bool
    """Whether all of the proposal was applied; otherwise nobody knows what became of this file."""
    at: datetime


@dataclass(frozen=True, slots=True)
class LandedText:
    """What a landed proposal made of one file."""

    path: str
    before: str | None
    after: str | None
    moved_from: str


@dataclass(frozen=True, slots=True)
class Landed:
    """A landed proposal, with the texts of its files."""

    proposal_id: str
    run_id: str
    undoes: tuple[str, ...]
    """The proposals that it takes back."""
    files: tuple[LandedText, ...]

    def of(self, path: str) -> LandedText | None:
        """What it made of this file."""
        return next((file for file in self.files if file.path == path), None)


def note_landed(session: Session, row: ProposalRow) -> None:
    """Keep which files a proposal changed, as its row now says; it may have said otherwise."""
    if row.kind != "edit":
        return
    session.connection().execute(
        delete(LandedFileRow).where(col(LandedFileRow.proposal_id) == row.id)
    )
    if row.state not in ("applied", "partial") or row.ended_at is None:
        return
    for path, _, _, moved_from in json.loads(row.content)["changes"]:
        session.add(
            LandedFileRow(
                proposal_id=row.id,
                path=path,
                tenant_id=row.tenant_id,
                workspace=row.workspace,
                moved_from=moved_from or "",
                is_whole=row.state == "applied",
                landed_at=row.ended_at,
            )
        )


def landings_at(
    session: Session, tenant_id: str, places: Collection[Place], limit: int = WHY_LANDINGS_MAX
) -> list[Landing]:
    """The landings that made or changed the files at these places, the newest first."""
    wanted = [
        (col(LandedFileRow.workspace) == place.workspace) & (col(LandedFileRow.path) == place.path)
        for place in places
    ]
    rows = session.exec(
        select(LandedFileRow)
        .where(LandedFileRow.tenant_id == tenant_id, or_(*wanted))
        .order_by(col(LandedFileRow.landed_at).desc(), col(LandedFileRow.proposal_id).desc())
        .limit(limit)
    )
    return [_landing(row) for row in rows] if wanted else []


def workspaces_above(session: Session, tenant_id: str, folders: Sequence[str]) -> list[str]:
    """Those of these folders in which something landed."""
    rows = session.exec(
        select(LandedFileRow.workspace)
        .where(LandedFileRow.tenant_id == tenant_id, col(LandedFileRow.workspace).in_(folders))
        .distinct()
    )
    return list(rows)


def landed(session: Session, proposal_ids: Sequence[str]) -> list[Landed]:
    """Proposals with their texts, as many of these as there still are."""
    rows = session.exec(select(ProposalRow).where(col(ProposalRow.id).in_(proposal_ids)))
    return [_landed(row) for row in rows]


def holding(
    session: Session, tenant_id: str, workspaces: Collection[str], texts: Sequence[str]
) -> dict[str, list[Landing]]:
    """Text → the landings of these workspaces whose proposal holds it, the newest first.

    It may hold it in what the file was before, too.
    """
    if not workspaces or not texts:
        return {}
    postgresql = session.connection().dialect.name == "postgresql"
    place_of = func.strpos if postgresql else func.instr
    # As it stands in the row's JSON.
    is_held = [place_of(col(ProposalRow.content), json.dumps(text)[1:-1]) > 0 for text in texts]
    newest = (
        select(LandedFileRow.proposal_id)
        .where(
            LandedFileRow.tenant_id == tenant_id,
            col(LandedFileRow.workspace).in_(workspaces),
            col(LandedFileRow.is_whole),
        )
        .order_by(col(LandedFileRow.landed_at).desc())
        .limit(WHY_LANDINGS_MAX)
    )
    columns: list[Any] = [col(ProposalRow.id), *is_held]
    found = session.connection().execute(
        sql_select(*columns).where(col(ProposalRow.id).in_(newest), or_(*is_held))
    )
    holds: dict[str, tuple[bool, ...]] = {row[0]: tuple(map(bool, row[1:])) for row in found}
    rows = session.exec(
        select(LandedFileRow)
        .where(col(LandedFileRow.proposal_id).in_(list(holds)))
        .order_by(col(LandedFileRow.landed_at).desc())
    ).all()
    return {
        text: [_landing(row) for row in rows if holds[row.proposal_id][number]]
        for number, text in enumerate(texts)
    }


def _landing(row: LandedFileRow) -> Landing:
    place = Place(row.workspace, row.path)
    return Landing(row.proposal_id, place, row.moved_from, row.is_whole, row.landed_at)


def _landed(row: ProposalRow) -> Landed:
    body = json.loads(row.content)
    files = tuple(
        LandedText(path, before, after, moved_from or "")
        for path, before, after, moved_from in body["changes"]
    )
    undoes = tuple(str(each) for each in body.get("undoes") or ())
    return Landed(row.id, row.run_id, undoes, files)


@dataclass(frozen=True, slots=True)
class Records:
    """Reads the landings of an organisation."""

    database: Database
    tenant_id: str

    async def at(self, places: Collection[Place]) -> list[Landing]:
        """Those that made or changed the files at these places, the newest first."""
        return await self.database.read(
            lambda session: landings_at(session, self.tenant_id, places)
        )

    async def landed(self, proposal_ids: Sequence[str]) -> list[Landed]:
        """Proposals with their texts."""
        return await self.database.read(lambda session: landed(session, proposal_ids))

    async def workspaces_above(self, folders: Sequence[str]) -> list[str]:
        """Those of these folders in which something landed."""
        return await self.database.read(
            lambda session: workspaces_above(session, self.tenant_id, folders)
        )

    async def holding(
        self, workspaces: Collection[str], texts: Sequence[str]
    ) -> dict[str, list[Landing]]:
        """Text → the landings whose proposal holds it."""
        return await self.database.read(
            lambda session: holding(session, self.tenant_id, workspaces, texts)
        )
