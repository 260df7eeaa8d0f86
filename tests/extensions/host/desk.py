"""An installed extension with the whole host API behind it; the rooms above write down only."""

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from demo.replies import always, say
from demo.scripted_model import ScriptedModel
from steward.agents.workflows.owner import Owner
from steward.core.clock import SystemClock
from steward.core.principal import Principal
from steward.extensions.capability import EVERY_CAPABILITY, Capability
from steward.extensions.faults import FaultReport
from steward.extensions.host.edits import EditParts
from steward.extensions.host.host import HostParts
from steward.extensions.host.screen import Level
from steward.extensions.host.state import KnownDiagnostic, KnownRun, OpenDocument
from steward.extensions.manifest import Panel
from steward.extensions.packages.kept import Place as Packages
from steward.extensions.packages.package import Author, pack, verified
from steward.extensions.packages.store import PackageStore
from steward.extensions.payloads import (
    PanelContent,
    Position,
    Range,
    RunCommandRequest,
    RunCommandResponse,
)
from steward.extensions.running import Extensions
from steward.extensions.settings import ExtensionsSettings
from steward.permissions.rules import Rule
from steward.sandbox.wasm.worker import Workers
from steward.workspace.git.process import GitProcess
from steward.workspace.git.reading import GitReader
from steward.workspace.land import Lander
from tests.environment import git
from tests.extension_worker import CACHE
from tests.places import Place
from tests.rooms import Rooms, numbered, open_gateway, open_rooms

ACME = Author(bytes(range(32)))
ID, OTHER = "acme.painter", "acme.roller"
HERE = Range(start=Position(line=0, character=0), end=Position(line=0, character=1))

GRANTS: dict[Capability, tuple[str, ...]] = {
    "files.read": ("src/**", "*.md", ".env"),
    "files.propose": ("src/**", "*.md", ".github/**"),
    "git.read": (),
    "state.read": ("documents", "budget", "runs", "counts", "diagnostics"),
    "model.ask": (),
    "command.run": ("npm run *",),
    "storage": (),
    "events.emit": ("painted",),
    "messages.show": (),
    "panels.show": (),
    "context.change": (),
    "engine.observe": (),
    "engine.veto": (),
    "tools.offer": (),
}
MAIN = b'import steward\n\n\n@steward.command("paint")\ndef paint(request):\n    return "painted"\n'


@dataclass
class Above:
    """What rooms above do, written down: `Screen`, `Watched` and `JailedCommand`."""

    shown: list[tuple[str, Level, str]] = field(default_factory=list[tuple[str, Level, str]])
    panels: list[tuple[str, str, PanelContent]] = field(
        default_factory=list[tuple[str, str, PanelContent]]
    )
    reports: list[FaultReport] = field(default_factory=list[FaultReport])
    commands: list[tuple[str, RunCommandRequest]] = field(
        default_factory=list[tuple[str, RunCommandRequest]]
    )

    async def show_message(self, extension: str, level: Level, text: str) -> None:
        self.shown.append((extension, level, text))

    async def show_panel(self, extension: str, panel: Panel, content: PanelContent) -> None:
        self.panels.append((extension, panel.id, content))

    async def show_disabled(self, report: FaultReport) -> None:
        self.reports.append(report)

    async def run(
        self, principal: Principal, extension: str, wanted: RunCommandRequest
    ) -> RunCommandResponse:
        self.commands.append((extension, wanted))
        return RunCommandResponse(exit_code=0, output="done\u202e", verdict="ended")

    def documents(self) -> Sequence[OpenDocument]:
        return [OpenDocument(path=path, language="python") for path in ("src/a.py", ".env")]

    def diagnostics(self) -> Sequence[KnownDiagnostic]:
        said = "password = 'hunter2hunter2'"
        return [
            KnownDiagnostic(path=path, range=HERE, message=said, severity="error")
            for path in ("src/a.py", ".env")
        ]

    async def runs(self, principal: Principal) -> Sequence[KnownRun]:
        return [KnownRun(id="run-1", agent="fixer", state="finished", cost_nano_usd=3)]

    async def counts(self, principal: Principal) -> dict[str, int]:
        return {"runs": 1}


@dataclass
class Desk:
    """Everything around the extensions of one test."""

    rooms: Rooms
    root: Path
    parts: HostParts
    model: ScriptedModel
    extensions: Extensions
    store: PackageStore
    workers: Workers
    above: Above
    trusted: list[bool]
    """The last one is whether the folder is trusted."""

    async def ask(self, name: str, *arguments: Any, extension: str = ID) -> tuple[str, Any]:
        """A host call; arguments that are no texts are sent as JSON, and JSON comes back read."""
        sent = [
            each if each is None or isinstance(each, str) else json.dumps(each)
            for each in arguments
        ]
        how, said = await self.extensions.host.calls.answer(extension, name, sent)
        if how != "ok" or said is None:
            return how, said
        try:
            return how, json.loads(said)
        except ValueError:
            return how, said

    async def install(
        self,
        granted: Collection[Capability] = EVERY_CAPABILITY,
        *,
        extension: str = ID,
        version: str = "1.0.0",
        main: bytes = MAIN,
        without: Collection[Capability] = (),
        more: dict[str, Any] | None = None,
    ) -> None:
        """Install an extension whose manifest wants everything but `without`."""
        said = manifest(extension, version, without) | (more or {})
        files = {"extension.yaml": json.dumps(said).encode(), "main.py": main}
        package = verified(pack(files, ACME))
        allowed: list[Capability] = [each for each in granted if each not in without]
        await self.store.install(self.rooms.principal, package, allowed)

    def again(self) -> Extensions:
        """The same after a restart."""
        self.extensions = Extensions(
            self.parts, self.store, self.rooms.approvals.seal, self.workers
        )
        return self.extensions

    async def grant(self, *granted: Capability) -> None:
        """Allow exactly this from now on."""
        read = await self.store.one(self.rooms.principal, ID)
        await self.store.set_granted(self.rooms.principal, read, granted)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def manifest(extension: str, version: str, without: Collection[Capability] = ()) -> dict[str, Any]:
    """A manifest that wants everything; JSON is YAML."""
    hooks = [] if "files.read" in without else [{"event": "onFileSave", "globs": ["**/*.py"]}]
    panels = [] if "panels.show" in without else [{"id": "colours", "title": "Colours"}]
    return {
        "id": extension,
        "name": "Painter",
        "version": version,
        "publisher": "Acme Corp",
        "api_version": "1.0",
        "entry": "main.py",
        "commands": [{"id": "paint", "title": "Paint it"}],
        "hooks": hooks,
        "panels": panels,
        "config": {
            "type": "object",
            "properties": {"shade": {"type": "string", "default": "blue"}},
        },
        "permission_scope": [
            {"capability": each, "globs": list(globs), "reason": "To paint."}
            for each, globs in GRANTS.items()
            if each not in without
        ],
    }


@asynccontextmanager
async def open_desk(
    place: Place,
    tmp_path: Path,
    settings: ExtensionsSettings | None = None,
    rules: tuple[Rule, ...] = (),
) -> AsyncGenerator[Desk]:
    """A repository with a few files, and nothing installed."""
    root = _project(tmp_path)
    chosen, above, trusted = settings or ExtensionsSettings(), Above(), [True]
    async with ScriptedModel(always(say("blue"))) as model, open_rooms(place, root) as rooms:
        database, clock, events = rooms.database, rooms.clock, rooms.events
        gateway_at = open_gateway(model.url, tmp_path, database, clock, events)
        async with gateway_at as (gateway, ledger):
            owner = Owner(tmp_path / "executors", "windowone")
            parts = HostParts(
                principal=rooms.principal,
                database=database,
                clock=clock,
                new_id=numbered("id"),
                events=events,
                settings=chosen,
                rules=rules,
                is_trusted=partial(_last, trusted),
                workspace=rooms.workspace,
                reader=GitReader(GitProcess(root)),
                gateway=gateway,
                ledger=ledger,
                edits=_edit_parts(rooms, owner),
                jailed=above,
                screen=above,
                watched=above,
                logs=tmp_path / "logs",
            )
            packages = Packages(tmp_path / "packages")
            seal = rooms.approvals.seal
            store = PackageStore(database, clock, seal, packages, chosen)
            workers = Workers(SystemClock(), CACHE)
            extensions = Extensions(parts, store, seal, workers)
            try:
                yield Desk(rooms, root, parts, model, extensions, store, workers, above, trusted)
            finally:
                await workers.aclose()
                await asyncio.to_thread(owner.release)


def _project(folder: Path) -> Path:
    root = folder / "project"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_text("one\ntwo\nthree\n")
    (root / "README.md").write_text("# Project\n")
    (root / "notes.txt").write_text("not granted\n")
    (root / ".env").write_text("TOKEN=secret\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "src", "README.md")
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    git(root, *who, "commit", "-q", "-m", "First")
    return root


def _edit_parts(rooms: Rooms, owner: Owner) -> EditParts:
    def door() -> Lander:
        return Lander(rooms.approvals, rooms.proposals, rooms.workspace, rooms.lander.git)

    return EditParts(door, owner.name, owner.if_dead, owner.claim, numbered("edit"))


async def _last(said: list[bool]) -> bool:
    return said[-1]
