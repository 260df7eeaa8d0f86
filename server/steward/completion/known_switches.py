"""The switches as one window knows them: asked at each key, and soon aware of what others flip."""

import asyncio
import logging
from collections.abc import Sequence

from steward.completion.settings import CompletionSettings
from steward.completion.switches import (
    Flipped,
    Off,
    Scope,
    Switch,
    flip,
    flipped_by,
    stand,
    switched_language,
    why_off,
)
from steward.context.cursor import Cursor
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import StewardError
from steward.core.events import Events, GhostTextChanged
from steward.core.limits import GHOST_DOCUMENTS_MAX
from steward.core.principal import Principal
from steward.core.store import Mark

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 2.0
"""How soon a window sees what another one, or a shell, has flipped."""


class KnownSwitches:
    """What switches ghost text off for one person in one workspace."""

    def __init__(
        self,
        chosen: CompletionSettings,
        database: Database,
        clock: Clock,
        events: Events,
        principal: Principal,
        workspaces: Sequence[str],
    ) -> None:
        self._chosen = chosen
        self._database = database
        self._clock = clock
        self._events = events
        self._principal = principal
        self._workspaces = workspaces
        """Every name of the workspace's folder: the editor's, and the one without links."""
        self._mark: Mark | None = None
        """The state of the database when the switches were read."""
        self._flipped: Flipped = {}
        self._known: dict[str, Off | None] = {}
        """What keeps it off, by language, as long as nothing is flipped."""

    def why_off(self, cursor: Cursor) -> Off | None:
        """What keeps ghost text off at a cursor; `None` where it is on. It never waits."""
        return self._why_off(switched_language(cursor.path, cursor.language_id))

    @property
    def why_off_here(self) -> Off | None:
        """What keeps it off in this workspace, whatever the language; `None` where it is on."""
        return self._why_off("")

    def stand(self, language: str) -> dict[Scope, bool | None]:
        """Whether each switch is on, taken by itself; `None` where there is nothing to switch."""
        return stand(self._chosen, self._flipped, language, self._workspaces)

    async def flip(self, switch: Switch) -> None:
        """Remember what the person wants, in all their windows.

        Raises:
            LimitError: they have flipped very many.
        """
        principal, now = self._principal, self._clock.now()
        await self._database.run(lambda session: flip(session, principal, switch, now))
        await self.refresh()

    async def refresh(self) -> None:
        """Look at what is flipped by now, if anybody has written anything."""
        mark = await self._database.mark()
        if mark is not None and mark == self._mark:
            return
        principal = self._principal
        found = await self._database.read(lambda session: flipped_by(session, principal))
        self._mark = mark
        flipped: Flipped = {(each.scope, each.name): each.is_on for each in found}
        if flipped != self._flipped:
            self._flipped = flipped
            self._known.clear()
            self._events.send(GhostTextChanged(principal.workspace))

    def _why_off(self, language: str) -> Off | None:
        if language not in self._known:
            if len(self._known) >= GHOST_DOCUMENTS_MAX:
                self._known.clear()
            found = (
                why_off(self._chosen, self._flipped, language, one) for one in self._workspaces
            )
            self._known[language] = next((off for off in found if off is not None), None)
        return self._known[language]

    async def keep(self) -> None:
        """Look again every few seconds, until cancelled."""
        while True:
            try:
                await self.refresh()
            except StewardError as error:  # A full disk: what is known counts on.
                _log.info("the switches of ghost text could not be read: %s", error.code)
            await asyncio.sleep(_LOOK_AGAIN_S)
