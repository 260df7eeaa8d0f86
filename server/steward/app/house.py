"""A window's whole house, read top to bottom; a server's is in `site`.

`ground`, `models`, `ghost` and `agents` join what each of these is made of; every object gets what
it needs in this package and nowhere else, so nothing below reaches for a global. Importing it
loads the database layer, so front doors that must answer first import it afterwards.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from steward.agents.definitions.roster import Roster
from steward.agents.workflows.owner import Owner
from steward.app import agents, extensions, ghost
from steward.app.asked import Asked, asked as asked_of
from steward.app.extensions import EditorScreen
from steward.app.folder import Folder, open_folder
from steward.app.ground import Ground, open_ground
from steward.app.models import Models, open_models
from steward.app.no_screen import NoScreen
from steward.completion.ghost_text import GhostText
from steward.context.map.tested import Tested
from steward.context.recent_edits import RecentEdits
from steward.core.login import login_name
from steward.core.principal import Principal
from steward.extensions.attended import Attended
from steward.gateway.gateway import Gateway
from steward.gateway.team.team import Team
from steward.lsp.rooms import Rooms
from steward.operations.analytics import Analytics
from steward.operations.extension_figures import ExtensionFigures
from steward.operations.figures_file import FiguresFile
from steward.operations.latest import Latest
from steward.operations.performance import Timekeeper
from steward.permissions.people import identified
from steward.settings import Settings
from steward.workspace.editor import Editor


@asynccontextmanager
async def open_house(
    settings: Settings, root: Path | None, editor: Editor, screen: EditorScreen | None = None
) -> AsyncGenerator[Rooms]:
    """Join the parts for one editor window; release what they hold on the way out."""
    async with open_ground(settings) as (ground, ledger, client):
        owner = Owner(settings.data_dir / "executors", ground.new_id())
        asking = Principal(login_name(), owner.name, str(root or ""))
        models = await open_models(ground, ledger, client, asking)
        gateway = models.gateway
        principal = await ground.database.read(lambda session: identified(session, asking))
        asked = asked_of(ground, owner)
        roster = Roster(ground.database, root, asked.approvals.seal)
        edits = RecentEdits(ground.clock)
        folder = None if root is None else open_folder(ground, root, editor)
        watched = None if folder is None else ghost.watched(ground, folder, edits)
        guests = extensions.guests()
        window = _Window(ground, models, asked, owner, principal, screen or NoScreen())
        at_work, attended = _acting(window, folder, roster, guests)
        suggester = ghost.suggester(ground, gateway, watched)
        ghost_text = await ghost.ghost_text(ground, principal)
        next_edits = ghost.next_edits(ground, gateway, watched, ghost_text.outcomes, principal)
        analytics, latest, timekeeper = _watching(ground, gateway, principal)
        rooms = Rooms(
            principal=principal,
            database=ground.database,
            clock=ground.clock,
            new_id=ground.new_id,
            events=ground.events,
            ledger=ledger,
            gateway=gateway,
            latest=latest,
            approvals=asked.approvals,
            trust=asked.trust,
            roster=roster,
            suggester=suggester,
            ghost_text=ghost_text,
            next_edits=next_edits,
            edited=(edits.note,) if folder is None else (edits.note, folder.symbols.note),
            verdicts=folder and folder.verdicts,
            runs=at_work.runs,
            mcp=at_work.mcp,
            undoing=at_work.undoing,
            conversations=at_work.conversations,
            drafting=at_work.drafting,
            failed_tests=folder and folder.failed_tests,
            tested=folder and Tested(folder.symbols, ground.clock),
            extensions=attended,
            previews=settings.data_dir / "previews",
        )
        async with (
            _closing(at_work, ghost_text, gateway, analytics),
            nullcontext() if at_work.mcp is None else at_work.mcp.running(principal),
            _at_work(models.team, folder, rooms, settings.data_dir),
            guests.hooks.running(),
            analytics.running(ground.events),
            timekeeper.running(),
        ):
            yield rooms


@dataclass(frozen=True, slots=True)
class _Window:
    """What those who act in a folder share."""

    ground: Ground
    models: Models
    asked: Asked
    owner: Owner
    principal: Principal
    screen: EditorScreen


def _acting(
    window: _Window, folder: Folder | None, roster: Roster, guests: extensions.Guests
) -> tuple[agents.AtWork, Attended | None]:
    """What acts in the folder, and its extensions; nothing and none where none is open."""
    if folder is None:
        return agents.NOBODY, None
    ground, models, asked, owner = window.ground, window.models, window.asked, window.owner
    looking = agents.looking(ground, folder, guests)
    hands = agents.hands(ground, models, asked, looking, folder.failed_tests, guests)
    joined = extensions.Joined(ground, window.principal, asked, folder, hands, owner, window.screen)
    at_work = agents.at_work(ground, hands, models, folder, owner, roster)
    return at_work, extensions.attended(joined, guests)


@asynccontextmanager
async def _closing(
    at_work: agents.AtWork, ghost_text: GhostText, gateway: Gateway, analytics: Analytics
) -> AsyncGenerator[None]:
    """Close them in their order, when all that goes on has ended."""
    try:
        yield
    finally:
        if at_work.runs is not None:
            await at_work.runs.close()
        await ghost_text.recorder.close()
        await gateway.close()
        await analytics.close()


def _watching(
    ground: Ground, gateway: Gateway, principal: Principal
) -> tuple[Analytics, Latest, Timekeeper]:
    """Who is told of each call of a model."""
    days = ground.settings.operations.events_days
    analytics, latest = Analytics(ground.database, ground.clock, principal, days), Latest()
    tenant = principal.tenant_id
    timekeeper = Timekeeper(ground.database, ground.clock, ground.timings, tenant)
    for observer in (analytics, latest, timekeeper):
        gateway.report_to(observer)
    return analytics, latest, timekeeper


@asynccontextmanager
async def _at_work(
    team: Team | None, folder: Folder | None, rooms: Rooms, data_dir: Path
) -> AsyncGenerator[None]:
    """What goes on by itself as long as the house is open."""
    figures = ExtensionFigures(FiguresFile(data_dir), rooms.clock)
    async with (
        nullcontext() if team is None else team.kept_fresh(),
        nullcontext() if folder is None else folder.symbols.kept_fresh(),
        nullcontext() if rooms.suggester is None else rooms.suggester.running(),
        nullcontext() if rooms.next_edits is None else rooms.next_edits.running(),
        nullcontext() if rooms.conversations is None else rooms.conversations.running(),
        figures.running(rooms.events),
    ):
        yield
