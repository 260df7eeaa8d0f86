"""The extensions of a window: opened when one is enabled, and kept as their person has them.

Another process may install or enable one, so the rows are looked at again where somebody has
written in the database. As long as there is none that look is all that happens: nothing of
extensions is loaded, and no process is started.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel import select

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import StewardError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.extensions.current import Current
from steward.permissions.approvals import Approvals
from steward.workspace.workspace import Workspace

if TYPE_CHECKING:  # They are loaded when somebody asks for extensions.
    from steward.extensions.activity import Activity
    from steward.extensions.consent import Consent
    from steward.extensions.faults import Faults
    from steward.extensions.finding import Finder
    from steward.extensions.hooks import FileHooks
    from steward.extensions.host.screen import Screen
    from steward.extensions.packages.registries import Registries
    from steward.extensions.packages.store import PackageStore
    from steward.extensions.running import Extensions
    from steward.extensions.when import Contents
    from steward.sandbox.wasm.worker import Workers

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 2.0
"""How soon is noticed what another process installed, enabled or took away."""
_LOG_BYTES_MAX = 64 * 1024
_NOT_RUNNING = "No extension runs, so nothing was started to hold one."


@dataclass(frozen=True, slots=True)
class Opened:
    """What runs extensions."""

    extensions: "Extensions"
    workers: "Workers"


@dataclass(frozen=True, slots=True)
class Ways:
    """How what extensions need is opened, when it is needed."""

    store: "Callable[[], PackageStore]"
    registries: "Callable[[], Registries]"
    opened: "Callable[[PackageStore], AbstractAsyncContextManager[Opened]]"
    logs: Path
    """The folder of extensions' own logs."""


@dataclass
class Attended:
    """The extensions of one window."""

    principal: Principal
    database: Database
    clock: Clock
    new_id: IdSource
    approvals: Approvals
    workspace: Workspace
    screen: "Screen"
    ways: Ways
    current: Current
    on_change: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Called when one came, went, or was granted something else; none may wait."""
    _opened: Opened | None = None
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _rows: object = None
    _asked: list[asyncio.Future[None]] = field(default_factory=list[asyncio.Future[None]])
    """Who waits for the next look."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @cached_property
    def store(self) -> "PackageStore":
        """What the person installed."""
        return self.ways.store()

    @cached_property
    def hooks(self) -> "FileHooks":
        """Who wants to hear of files."""
        from steward.extensions.hooks import FileHooks

        return FileHooks(self.current, self.workspace)

    @cached_property
    def contents(self) -> "Contents":
        """Which files there are that menus ask about."""
        from steward.extensions.when import Contents

        return Contents(self.workspace, self.clock)

    @cached_property
    def consent(self) -> "Consent":
        """Who asks before one is installed, enabled, or allowed more."""
        from steward.extensions.consent import Consent

        return Consent(self.store, self.approvals, self.principal, self.new_id, self._wake.set)

    @cached_property
    def finder(self) -> "Finder":
        """Who finds the packages that the person names."""
        from steward.extensions.finding import Finder

        return Finder(self.store, self.ways.registries(), self.principal)

    @property
    def activity(self) -> "Activity":
        """What each of them did."""
        from steward.extensions.activity import Activity

        if self._opened is not None:
            return self._opened.extensions.activity
        return Activity(self.database, self.clock, self.new_id, self.principal)

    @property
    def faults(self) -> "Faults":
        """What went wrong."""
        from steward.extensions.faults import Faults

        return Faults(self.database, self.clock, self.new_id, self.principal)

    async def keep(self) -> None:
        """Look at the rows where somebody has written, until cancelled.

        All is opened and closed here, by one task, however many ask for it.
        """
        seen: object = None
        try:
            while True:
                mark = await self.database.mark()
                asked, self._asked = self._asked, []
                if mark is None or mark != seen or asked:
                    await self._look(asked)
                seen = mark
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_S):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            await self._close()
            for waiting in self._asked:
                waiting.cancel()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """What is enabled runs while this is open, where no editor keeps it."""
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(self.keep())
            try:
                with suppress(StewardError):  # It is written down, and all else goes on.
                    await self.look()
                yield
            finally:
                keeping.cancel()

    async def look(self) -> None:
        """Have what is enabled run, and nothing else; returns when that is so.

        Raises:
            StewardError: the rows or a package cannot be read, or nothing can run here.
        """
        looked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(looked)
        self._wake.set()
        await looked

    async def _look(self, asked: list[asyncio.Future[None]]) -> None:
        try:
            await self._follow_rows(is_asked=bool(asked))
        except StewardError as error:
            _log.warning("extensions could not be looked at: %s", error)
            for waiting in asked:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for waiting in asked:
            if not waiting.done():
                waiting.set_result(None)

    async def _follow_rows(self, *, is_asked: bool) -> None:
        if self._rows is None and not await self._has_any():
            return
        rows = await self.store.mark(self.principal)
        # Who asks has changed something, even where a fault has undone it in between.
        if rows == self._rows and not is_asked:
            return
        await self._adjust()
        self._rows = rows
        for tell in self.on_change:
            tell()

    def file_globs(self) -> list[str]:
        """Every glob that decides whether something is offered."""
        return [
            glob
            for each in self.current.active()
            for offered in (*each.manifest.commands, *each.manifest.menus)
            for glob in offered.when.workspace_has
        ]

    def jail(self) -> str:
        """What holds extensions here, in a sentence."""
        return _NOT_RUNNING if self._opened is None else self._opened.workers.standing().sentence

    def log_of(self, extension: str) -> str:
        """The end of an extension's own log; its id must be one. Blocks."""
        try:
            with (self.ways.logs / f"{extension}.log").open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - _LOG_BYTES_MAX))
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    async def _adjust(self) -> None:
        is_wanted = await self.store.has_enabled(self.principal)
        if is_wanted and self._opened is None:
            self._opened = await self._open.enter_async_context(self.ways.opened(self.store))
            self.current.extensions = self._opened.extensions
        if self._opened is not None:
            await self._opened.extensions.refresh()
            if not is_wanted:
                await self._close()
        await self.contents.refresh(self.file_globs())

    async def _close(self) -> None:
        opened, self._open = self._open, AsyncExitStack()
        await opened.aclose()
        self._opened = self.current.extensions = None

    async def _has_any(self) -> bool:
        """Whether anybody ever installed or enabled one; costs one look at a table."""
        from steward.extensions.packages.tables import ExtensionRow

        mine = (
            select(ExtensionRow.id)
            .where(
                ExtensionRow.tenant_id == self.principal.tenant_id,
                ExtensionRow.user == self.principal.user,
            )
            .limit(1)
        )
        return await self.database.read(lambda session: session.exec(mine).first() is not None)
