"""Undo and redo at a shell: the same as in a window, in a folder that no window has open."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from steward.agents.presence import Presence
from steward.agents.undoing import Undoing
from steward.agents.workflows.owner import Owner
from steward.core.clock import Clock
from steward.core.database import open_database
from steward.core.events import Events
from steward.core.ids import random_id
from steward.permissions.approvals import Approvals
from steward.permissions.grants import Grants
from steward.permissions.seal import Seal
from steward.settings import Settings
from steward.workspace.disk_editor import DiskEditor
from steward.workspace.git.git import Git
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.land import Lander
from steward.workspace.proposals import Proposals
from steward.workspace.workspace import Workspace


def presence_of(settings: Settings, workspace: str) -> Presence:
    """Whether a window has this folder open."""
    return Presence(settings.data_dir / "windows", workspace)


@asynccontextmanager
async def open_undoing(
    seal: Seal, settings: Settings, clock: Clock, root: Path, owner: Owner
) -> AsyncGenerator[Undoing]:
    """What takes changes back on the disk, as `owner`, who sees that no window is there."""
    async with open_database(settings.database_place) as database:
        within = settings.permissions.answer_within
        grants = Grants(database, clock, random_id, seal, owner.name, within)
        approvals = Approvals(database, clock, random_id, Events(), within, seal, grants)
        workspace = Workspace(root, DiskEditor(), IgnoreOracle(root))
        proposals = Proposals(database, clock)
        lander = Lander(approvals, proposals, workspace, Git(root))
        yield Undoing(lander, random_id, owner, presence_of(settings, str(root)))
