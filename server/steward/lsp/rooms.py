"""The rooms of the house that this front door opens into; `app` furnishes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from steward.agents.chat.conversations import Conversations
    from steward.agents.definitions.roster import Roster
    from steward.agents.drafting import Drafting
    from steward.agents.runs import Runs
    from steward.agents.undoing import Undoing
    from steward.completion.ghost_text import GhostText
    from steward.completion.next_edit.next_edits import NextEdits
    from steward.completion.suggest import Suggester
    from steward.context.map.tested import Tested
    from steward.core.clock import Clock
    from steward.core.database import Database
    from steward.core.events import Events
    from steward.core.ids import IdSource
    from steward.core.principal import Principal
    from steward.extensions.attended import Attended
    from steward.gateway.gateway import Gateway
    from steward.ledger.ledger import Ledger
    from steward.operations.latest import Latest
    from steward.permissions.approvals import Approvals
    from steward.permissions.trust import Trust
    from steward.tools.mcp.offers import Offers
    from steward.workspace.edit import Edit
    from steward.workspace.failed_tests import FailedTests
    from steward.workspace.verdicts import RecentVerdicts


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the features of the protocol work with."""

    principal: Principal
    database: Database
    clock: Clock
    new_id: IdSource
    events: Events
    ledger: Ledger
    gateway: Gateway
    latest: Latest
    """What this window sent to models lately."""
    approvals: Approvals
    trust: Trust
    roster: Roster
    suggester: Suggester | None
    """`None` where ghost text was switched off."""
    ghost_text: GhostText
    next_edits: NextEdits | None
    """`None` where ghost text was switched off, or no folder is open."""
    edited: tuple[Callable[[Edit], None], ...]
    """Who else than ghost text is told of each edit, before it is applied."""
    verdicts: RecentVerdicts | None
    """`None` where no folder is open."""
    runs: Runs | None
    """`None` where no folder is open: an agent works in a workspace."""
    mcp: Offers | None
    undoing: Undoing | None
    """`None` where no folder is open."""
    conversations: Conversations | None
    """`None` where no folder is open."""
    drafting: Drafting | None
    """Writes commit messages and the like; `None` where no folder is open."""
    failed_tests: FailedTests | None
    tested: Tested | None
    extensions: Attended | None
    """`None` where no folder is open."""
    previews: Path
    """A private folder for questions too long for a message box."""
