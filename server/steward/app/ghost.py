"""Ghost text, and what it looks at."""

import asyncio
import os
from dataclasses import dataclass

from steward.app.folder import Folder
from steward.app.ground import Ground
from steward.completion.ghost_text import GhostText
from steward.completion.known_switches import KnownSwitches
from steward.completion.next_edit.ask import Foresight
from steward.completion.next_edit.next_edits import NextEdits
from steward.completion.outcomes.outcomes import Outcomes
from steward.completion.outcomes.record import Recorder
from steward.completion.suggest import Suggester
from steward.context.edit_history import EditHistory
from steward.context.edited import Edited
from steward.context.gather import Gatherer
from steward.context.map.sources import Imported, Overview
from steward.context.neighbours import Neighbours
from steward.context.recent_edits import RecentEdits
from steward.context.similar import Similar
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Watched:
    """An open folder, and what ghost text looks at in it."""

    folder: Folder
    gatherer: Gatherer
    history: EditHistory


def watched(ground: Ground, folder: Folder, edits: RecentEdits) -> Watched:
    """What ghost text looks at where this folder is open."""
    clock, verdicts, workspace = ground.clock, folder.verdicts, folder.workspace
    symbols = folder.symbols
    sources = (
        Imported(symbols, verdicts),
        Similar(workspace, verdicts, Neighbours(workspace, clock)),
        Edited(workspace, verdicts, edits),
        Overview(symbols, verdicts),
    )
    gatherer = Gatherer(sources, verdicts, clock)
    return Watched(folder, gatherer, EditHistory(workspace, verdicts, edits))


def suggester(ground: Ground, gateway: Gateway, watched: Watched | None) -> Suggester | None:
    """Who suggests; None where that was switched off."""
    chosen, gatherer = ground.settings.completion, watched and watched.gatherer
    if not chosen.enabled:
        return None
    return Suggester(gateway, gatherer, ground.clock, asyncio.sleep, ground.new_id, chosen)


def next_edits(
    ground: Ground,
    gateway: Gateway,
    watched: Watched | None,
    outcomes: Outcomes,
    principal: Principal,
) -> NextEdits | None:
    """Who foresees edits; None where that was switched off, or no folder is open."""
    chosen, new_id = ground.settings.completion, ground.new_id
    if not chosen.enabled or watched is None:
        return None
    foresight = Foresight(gateway, watched.gatherer, watched.history, new_id, chosen)
    return NextEdits(foresight, outcomes, ground.clock, asyncio.sleep, new_id, principal)


async def ghost_text(ground: Ground, principal: Principal) -> GhostText:
    """Its switches, and what becomes of it."""
    database, clock, events = ground.database, ground.clock, ground.events
    named = principal.workspace
    places = (named, await asyncio.to_thread(os.path.realpath, named)) if named else ("",)
    switches = KnownSwitches(ground.settings.completion, database, clock, events, principal, places)
    await switches.refresh()
    outcomes = Outcomes(clock)
    recorder = Recorder(outcomes, database, clock, principal)
    return GhostText(switches, outcomes, recorder, events, principal)
