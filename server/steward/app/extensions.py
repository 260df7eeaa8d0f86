"""Extensions of an open folder: joined here, and opened when one is enabled.

Everything of theirs is imported inside of the functions that open it: most windows never do.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from steward.agents.work import Hands
from steward.agents.workflows.owner import Owner
from steward.app.asked import Asked
from steward.app.folder import Folder
from steward.app.ground import Ground
from steward.context.stage import Stage
from steward.context.staging import Stages
from steward.core.principal import Principal
from steward.extensions import tables as _tables
from steward.extensions.attended import Attended, Opened, Ways
from steward.extensions.current import Current
from steward.extensions.engine_hooks import EngineHooks
from steward.extensions.packages import tables as _package_tables
from steward.sandbox.ladder import Ladder
from steward.tools.extension_tools import ExtensionTools
from steward.workspace.git.process import GitProcess
from steward.workspace.git.reading import GitReader
from steward.workspace.land import Lander

_TABLES = (_tables, _package_tables)
"""Here before the first query: tables that are declared while one begins would spoil it."""

if TYPE_CHECKING:  # They are loaded when there is an extension.
    from steward.extensions.host.command import JailedCommand
    from steward.extensions.host.screen import Screen
    from steward.extensions.host.state import KnownDiagnostic, KnownRun, OpenDocument
    from steward.extensions.packages.registries import Registries
    from steward.extensions.packages.store import PackageStore


class EditorScreen(Protocol):
    """The screen of an editor, and what is on it."""

    @property
    def shown(self) -> "Screen":
        """Where messages and panels go."""
        ...

    def tell(self, text: str) -> None:
        """Say what takes long, in words of ours."""
        ...

    def documents(self) -> "Sequence[OpenDocument]":
        """Open documents, by their paths in the workspace."""
        ...

    def diagnostics(self) -> "Sequence[KnownDiagnostic]":
        """What is remarked on them."""
        ...


@dataclass(frozen=True, slots=True)
class Guests:
    """What agents have of extensions; nothing of it does anything before one runs."""

    current: Current
    tools: ExtensionTools
    hooks: EngineHooks

    @property
    def stages(self) -> Stages:
        """Their stages, for what models are shown."""
        return Stages(self._stages_now)

    def _stages_now(self) -> Sequence[Stage]:
        if self.current.extensions is None:
            return ()
        from steward.extensions.stages import stages_of

        return stages_of(self.current)


def guests() -> Guests:
    """Nobody yet."""
    current = Current()
    return Guests(current, ExtensionTools(current), EngineHooks(current))


@dataclass(frozen=True, slots=True)
class Joined:
    """What the rooms of an open folder give extensions."""

    ground: Ground
    principal: Principal
    asked: Asked
    folder: Folder
    hands: Hands
    owner: Owner
    screen: EditorScreen


def attended(joined: Joined, guests: Guests) -> Attended:
    """The extensions of this window."""
    ground, data = joined.ground, joined.ground.settings.data_dir
    found = Attended(
        joined.principal,
        ground.database,
        ground.clock,
        ground.new_id,
        joined.asked.approvals,
        joined.folder.workspace,
        joined.screen.shown,
        Ways(
            partial(_store, joined),
            partial(_registries, joined),
            partial(_opened, joined),
            data / "extension-logs",
        ),
        guests.current,
    )
    found.on_change.append(guests.tools.refresh)
    return found


def _store(joined: Joined) -> "PackageStore":
    from steward.app.packages import open_packages

    ground = joined.ground
    seal = joined.asked.approvals.seal
    return open_packages(ground.settings, ground.database, ground.clock, seal)


def _registries(joined: Joined) -> "Registries":
    from steward.app.packages import open_registries

    ground = joined.ground
    return open_registries(ground.database, ground.clock, joined.asked.approvals.seal)


@asynccontextmanager
async def _opened(joined: Joined, store: "PackageStore") -> AsyncGenerator[Opened]:
    """What runs them, until the block is left."""
    from steward.extensions.host.edits import EditParts
    from steward.extensions.host.host import HostParts
    from steward.extensions.running import Extensions
    from steward.sandbox.wasm.worker import Workers
    from steward.tools.extension_command import ExtensionCommands

    ground, hands, owner = joined.ground, joined.hands, joined.owner
    settings, workspace = ground.settings, joined.folder.workspace
    commands: JailedCommand = ExtensionCommands(
        Ladder(ground.clock, settings.sandbox.levels, timings=ground.timings),
        joined.asked.approvals,
        workspace,
        ground.new_id,
    )
    parts = HostParts(
        principal=joined.principal,
        database=ground.database,
        clock=ground.clock,
        new_id=ground.new_id,
        events=ground.events,
        settings=settings.extensions,
        rules=settings.permissions.policy().rules,
        is_trusted=partial(joined.asked.trust.is_trusted, joined.principal),
        workspace=workspace,
        reader=GitReader(GitProcess(workspace.root)),
        gateway=hands.gateway,
        ledger=hands.ledger,
        edits=EditParts(
            partial(_own_door, hands.lander),
            owner.name,
            owner.if_dead,
            owner.claim,
            ground.new_id,
        ),
        jailed=commands,
        screen=joined.screen.shown,
        watched=_Watched(hands, joined.screen),
        logs=settings.data_dir / "extension-logs",
        timings=ground.timings,
    )
    workers = Workers(ground.clock, settings.data_dir / "extension-code", told=joined.screen.tell)
    extensions = Extensions(parts, store, joined.asked.approvals.seal, workers)
    try:
        async with extensions.running():
            yield Opened(extensions, workers)
    finally:
        await workers.aclose()


def _own_door(doors: Lander) -> Lander:
    """Where changes of extensions land: a question of theirs may be open for hours."""
    return Lander(
        doors.approvals, doors.proposals, doors.workspace, doors.git, doors.reply_within_s
    )


@dataclass(frozen=True, slots=True)
class _Watched:
    """What extensions may be told of the product; implements `extensions.host.state.Watched`."""

    hands: Hands
    screen: EditorScreen

    def documents(self) -> "Sequence[OpenDocument]":
        return self.screen.documents()

    def diagnostics(self) -> "Sequence[KnownDiagnostic]":
        return self.screen.diagnostics()

    async def runs(self, principal: Principal) -> "Sequence[KnownRun]":
        from steward.extensions.host.state import KnownRun

        return [
            KnownRun(
                id=row.id,
                agent=row.agent_id,
                state=row.state,
                cost_nano_usd=await self.hands.ledger.run_cost(row.id),
            )
            for row in await self.hands.log.latest(principal, _RUNS_TOLD_MAX)
        ]

    async def counts(self, principal: Principal) -> dict[str, int]:
        from steward.operations.happenings import Asked, sums_by

        today = self.hands.log.clock.now().date()
        asked = Asked(principal.tenant_id, today, today, principal.user)
        lines = await self.hands.log.database.read(lambda session: sums_by(session, "name", asked))
        counts: dict[str, int] = {}
        for line in lines[:_COUNTS_TOLD_MAX]:
            counts[line.name] = counts.get(line.name, 0) + line.count
        return counts


_RUNS_TOLD_MAX = 50
_COUNTS_TOLD_MAX = 200
