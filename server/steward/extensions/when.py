"""When a command or an entry of a menu is offered: decided by us, and never by asking an extension.

A menu opens at once or is in the way. So what is asked of the workspace is known beforehand, and
what is not known yet counts as no.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steward.core.agent_limits import WORKSPACE_GLOBS_MAX
from steward.core.clock import Clock
from steward.permissions.globs import is_path_in
from steward.workspace.listing import list_files

if TYPE_CHECKING:
    from steward.extensions.manifest import When
    from steward.workspace.workspace import Workspace

_KNOWN_S = 30.0
"""How long is believed what was found of the workspace's files."""


@dataclass(frozen=True, slots=True)
class Here:
    """What a person has in front of them."""

    language: str = ""
    path: str | None = None
    """Relative to the workspace; None outside of it, or where nothing is open."""
    has_selection: bool = False


def is_offered(when: "When", here: Here, contents: "Contents") -> bool:
    """Whether all that it asks for holds."""
    if when.languages and here.language not in when.languages:
        return False
    if when.selection is not None and when.selection != here.has_selection:
        return False
    if when.files and not (here.path and any(is_path_in(here.path, g) for g in when.files)):
        return False
    return not when.workspace_has or contents.has_any(when.workspace_has)


@dataclass(slots=True)
class Contents:
    """Which globs mean a file of the workspace, as far as it is known."""

    workspace: "Workspace"
    clock: Clock
    _known: dict[str, bool] = field(default_factory=dict[str, bool])
    _looked_s: float | None = None
    _is_looking: bool = False

    def has_any(self, globs: Sequence[str]) -> bool:
        """Whether one of them is known to mean a file."""
        return any(self._known.get(glob, False) for glob in globs)

    def forget(self) -> None:
        """Files came or went: the next `refresh` looks again."""
        self._looked_s = None

    async def refresh(self, globs: Iterable[str]) -> None:
        """Look for these where nobody has for a while; one listing for all of them."""
        wanted = list(dict.fromkeys(globs))[:WORKSPACE_GLOBS_MAX]
        now_s = self.clock.monotonic_s()
        is_fresh = self._looked_s is not None and now_s - self._looked_s < _KNOWN_S
        if not wanted or self._is_looking or (is_fresh and self._known.keys() >= set(wanted)):
            return
        self._is_looking = True
        try:
            self._known = await asyncio.to_thread(self._look, wanted)
            self._looked_s = now_s
        finally:
            self._is_looking = False

    def _look(self, wanted: Sequence[str]) -> dict[str, bool]:
        listing = list_files(self.workspace.root, self.workspace.oracle)
        paths = [str(path) for path in listing.files]
        return {glob: any(is_path_in(path, glob) for path in paths) for glob in wanted}
