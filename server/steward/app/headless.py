"""The house of a run without an editor: a terminal's, or a job's with nobody to ask.

It has what agents need and nothing else: no ghost text, no symbol map kept fresh, no watchers.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from steward.agents.definitions.roster import Roster
from steward.agents.runs import Runs
from steward.agents.workflows.owner import Owner
from steward.app import agents, extensions
from steward.app.asked import asked as asked_of
from steward.app.folder import open_folder
from steward.app.ground import open_ground
from steward.app.models import open_models
from steward.app.no_screen import NoScreen
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.events import Events
from steward.core.login import login_name
from steward.core.principal import Principal
from steward.operations.analytics import Analytics
from steward.operations.performance import Timekeeper
from steward.permissions.approvals import Approvals
from steward.permissions.people import identified
from steward.permissions.policy_file import StandingPolicy
from steward.permissions.policy_place import PolicyPlace
from steward.permissions.unattended import Deputy
from steward.settings import Settings
from steward.workspace.disk_editor import DiskEditor


@dataclass(frozen=True, slots=True)
class Headless:
    """What a run without an editor works with."""

    principal: Principal
    database: Database
    clock: Clock
    events: Events
    approvals: Approvals
    roster: Roster
    runs: Runs
    deputy: Deputy | None
    """Who answers; None where a person at the terminal does."""


@asynccontextmanager
async def open_headless(
    settings: Settings, root: Path, *, has_person: bool, takes_up: bool = False
) -> AsyncGenerator[Headless]:
    """Join the parts for one run; release what they hold on the way out.

    `has_person`: somebody at the terminal is asked. `takes_up`: it goes on with a run that was
    begun before, rather than beginning one.

    Raises:
        NotPermittedError: there is a policy, and others could have written it.
        InvalidInputError: there is a policy that cannot be read.
    """
    deputy = None if has_person else await asyncio.to_thread(_deputy, settings, root)
    async with open_ground(settings) as (ground, ledger, client):
        owner = Owner(settings.data_dir / "executors", ground.new_id())
        asking = Principal(login_name(), owner.name, str(root))
        models = await open_models(ground, ledger, client, asking)
        principal = await ground.database.read(lambda session: identified(session, asking))
        asked = asked_of(ground, owner, deputy)
        beforehand = None if deputy is None else deputy.trusts
        roster = Roster(ground.database, root, asked.approvals.seal, beforehand)
        folder = open_folder(ground, root, DiskEditor())
        guests = extensions.guests()
        looking = agents.looking(ground, folder, guests)
        hands = agents.hands(ground, models, asked, looking, folder.failed_tests, guests)
        joined = extensions.Joined(ground, principal, asked, folder, hands, owner, NoScreen())
        runs = agents.runs(ground, hands, roster, owner, takes_up=takes_up)
        days = settings.operations.events_days
        analytics = Analytics(ground.database, ground.clock, principal, days)
        tenant = principal.tenant_id
        timekeeper = Timekeeper(ground.database, ground.clock, ground.timings, tenant)
        models.gateway.report_to(analytics)
        models.gateway.report_to(timekeeper)
        try:
            async with (
                nullcontext() if hands.mcp is None else hands.mcp.running(principal),
                nullcontext() if models.team is None else models.team.kept_fresh(),
                analytics.running(ground.events),
                timekeeper.running(),
                guests.hooks.running(),
                extensions.attended(joined, guests).running(),
            ):
                yield Headless(
                    principal,
                    ground.database,
                    ground.clock,
                    ground.events,
                    asked.approvals,
                    roster,
                    runs,
                    deputy,
                )
        finally:
            await runs.close()
            await models.gateway.close()
            await analytics.close()


def read_policy(settings: Settings, root: Path | None) -> StandingPolicy | None:
    """The administrator's policy for a workspace; None where there is none. Blocks.

    Raises:
        NotPermittedError: others could have written it.
        InvalidInputError: it cannot be read.
    """
    chosen = settings.permissions
    return PolicyPlace(chosen.policy_file, chosen.policy_owner).read(root)


def _deputy(settings: Settings, root: Path) -> Deputy:
    policy = read_policy(settings, root)
    return Deputy(policy, os.path.realpath(root), settings.permissions.protected_branches)
