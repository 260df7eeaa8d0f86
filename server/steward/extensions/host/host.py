"""All host calls joined: each function of the interface, and what answers it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.events import Events
from steward.core.extension_limits import (
    EXTENSION_EMITTED_A_MINUTE_MAX,
    EXTENSION_MESSAGES_A_MINUTE_MAX,
    EXTENSION_PANELS_A_MINUTE_MAX,
)
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.core.timings import Timings
from steward.extensions.activity import Activity
from steward.extensions.host.asking import AskModel
from steward.extensions.host.calls import Calls
from steward.extensions.host.command import Commands, JailedCommand
from steward.extensions.host.config import config_get
from steward.extensions.host.edits import EditParts, Edits
from steward.extensions.host.emitting import Emitting
from steward.extensions.host.files import Files
from steward.extensions.host.gate import Find, Gate
from steward.extensions.host.git import GitRead
from steward.extensions.host.logs import Logs
from steward.extensions.host.own_edits import OwnEdits
from steward.extensions.host.rate import Rate
from steward.extensions.host.screen import Screen, Shown
from steward.extensions.host.state import ProductState, Watched
from steward.extensions.host.storage import Storage
from steward.extensions.settings import ExtensionsSettings
from steward.gateway.gateway import Gateway
from steward.ledger.ledger import Ledger
from steward.permissions.rules import Rule
from steward.workspace.git.reading import GitReader
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class HostParts:
    """What the host API is made of, for one person and open folder."""

    principal: Principal
    database: Database
    clock: Clock
    new_id: IdSource
    events: Events
    settings: ExtensionsSettings
    rules: tuple[Rule, ...]
    """The operator's, about tools."""
    is_trusted: Callable[[], Awaitable[bool]]
    """Whether the person trusts the folder."""
    workspace: Workspace
    reader: GitReader
    gateway: Gateway
    ledger: Ledger
    edits: EditParts
    jailed: JailedCommand
    screen: Screen
    watched: Watched
    logs: Path
    """The folder of extensions' logs."""
    timings: Timings = field(default_factory=Timings)
    """Where it is noted how long they take."""


class Host:
    """What extensions ask is answered here; see `Calls`."""

    def __init__(self, parts: HostParts, activity: Activity, find: Find) -> None:
        """Join everything; nothing is asked yet."""
        clock = parts.clock
        self.gate = gate = Gate(
            find, parts.principal, activity, parts.settings, parts.rules, parts.is_trusted
        )
        self.own = OwnEdits()
        self.logs = Logs(parts.logs, clock)
        self.edits = Edits(gate, parts.edits, activity, self.own)
        shown = Shown(
            gate,
            parts.screen,
            Rate(clock, EXTENSION_MESSAGES_A_MINUTE_MAX, "messages"),
            Rate(clock, EXTENSION_PANELS_A_MINUTE_MAX, "changes of panels"),
        )
        emitted = Rate(clock, EXTENSION_EMITTED_A_MINUTE_MAX, "events")
        a_day = parts.settings.model_nano_usd_a_day
        files = Files(gate, parts.workspace)
        storage = Storage(gate, parts.database)
        self.calls = Calls(
            gate,
            activity,
            {
                "read-file": files.read,
                "list-files": files.list,
                "git-read": GitRead(gate, parts.workspace, parts.reader).answer,
                "product-state": ProductState(
                    gate, parts.workspace, parts.ledger, parts.watched
                ).tell,
                "propose-edit": self.edits.propose,
                "ask-model": AskModel(
                    gate, parts.gateway, parts.ledger, activity, clock, parts.new_id, a_day
                ).ask,
                "run-command": Commands(gate, parts.jailed).run,
                "storage-get": storage.get,
                "storage-set": storage.set,
                "emit": Emitting(gate, parts.events, emitted).emit,
                "log": self.logs.log,
                "show-message": shown.message,
                "show-panel": shown.panel,
                "config-get": config_get,
            },
        )

    def cancel(self, extension: str) -> None:
        """End what an extension that goes still asks, and what it proposed and nobody answered."""
        self.calls.cancel(extension)
        self.edits.cancel(extension)
