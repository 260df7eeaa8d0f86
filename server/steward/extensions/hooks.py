"""What happens to files, told to the extensions that want to hear of it.

Nothing waits for them: a save is over before they hear of it, and one that fails or is slow is
nobody else's trouble. That an extension never hears of its own edit is seen to by `running`.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from steward.core.errors import StewardError
from steward.extensions.current import Current
from steward.extensions.manifest import HookName
from steward.extensions.packages.installed import Installed
from steward.extensions.payloads import (
    Diagnostic,
    FileSaved,
    FileSavedResponse,
    Nothing,
    WorkspaceChanged,
)
from steward.extensions.side_by_side import side_by_side
from steward.extensions.telling import event
from steward.permissions.globs import is_path_in
from steward.workspace.paths import WorkspacePath
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Changes:
    """Files that came, changed or went, relative to the workspace."""

    created: Sequence[str] = ()
    changed: Sequence[str] = ()
    deleted: Sequence[str] = ()

    def within(self, globs: Sequence[str]) -> "Changes":
        """Those of them that one of the globs means."""

        def meant(paths: Sequence[str]) -> tuple[str, ...]:
            return tuple(path for path in paths if any(is_path_in(path, g) for g in globs))

        return Changes(meant(self.created), meant(self.changed), meant(self.deleted))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.created or self.changed or self.deleted)


@dataclass(frozen=True, slots=True)
class FileHooks:
    """Tells extensions of files."""

    current: Current
    workspace: Workspace

    def wants_changes(self) -> tuple[str, ...]:
        """The globs of files whose changes somebody wants to hear of."""
        globs = (g for each in self.current.active() for g in _globs(each, "onWorkspaceChange"))
        return tuple(dict.fromkeys(globs))

    def wants_save(self, path: str) -> bool:
        """Whether somebody wants to hear that this file is saved."""
        return any(_means(each, path) for each in self.current.active())

    async def saved(
        self, saved: FileSaved, only: Collection[str] | None = None
    ) -> Mapping[str, tuple[Diagnostic, ...]]:
        """What each extension that wants to hear of it remarks, by id; `only` these are told.

        One that failed, or has heard of a later save meanwhile, is left out. Of a file that is
        kept from models nobody hears.
        """
        try:
            await self.workspace.check_for_model(saved.path)
        except StewardError:
            return {}
        telling = [each.manifest.id for each in self.current.active() if _means(each, saved.path)]
        telling = [each for each in telling if only is None or each in only]
        answers = await side_by_side(self._remarked(each, saved) for each in telling)
        return {
            extension: answer.diagnostics
            for extension, answer in zip(telling, answers, strict=True)
            if answer is not None
        }

    async def changed(self, changes: Changes) -> None:
        """Tell of changes; returns when everybody has heard of them.

        Of files that are kept from models nobody hears, not even that they are there.
        """
        changes = await asyncio.to_thread(self._told, changes)
        async with asyncio.TaskGroup() as telling:
            for each in self.current.active():
                theirs = changes.within(_globs(each, "onWorkspaceChange"))
                if not theirs.is_empty:
                    telling.create_task(self._tell_changed(each.manifest.id, theirs))

    def _told(self, changes: Changes) -> Changes:
        """Those that extensions may hear of. Blocks."""

        def told(paths: Sequence[str]) -> tuple[str, ...]:
            parsed = {path: self._parsed(path) for path in paths}
            known = [each for each in parsed.values() if each is not None]
            verdicts = self.workspace.oracle.why_not_each(known)
            return tuple(
                path for path, each in parsed.items() if each is not None and verdicts[each] is None
            )

        return Changes(told(changes.created), told(changes.changed), told(changes.deleted))

    def _parsed(self, path: str) -> WorkspacePath | None:
        try:
            return self.workspace.resolve(path)
        except StewardError:
            return None

    async def _remarked(self, extension: str, saved: FileSaved) -> FileSavedResponse | None:
        extensions = self.current.extensions
        if extensions is None:
            return None
        try:
            return await extensions.call(extension, "onFileSave", saved, FileSavedResponse)
        except StewardError:
            return None  # It stands in the extension's log, and counts against it.

    async def _tell_changed(self, extension: str, changes: Changes) -> None:
        extensions = self.current.extensions
        if extensions is None:
            return
        try:
            told = event(
                WorkspaceChanged,
                created=tuple(changes.created),
                changed=tuple(changes.changed),
                deleted=tuple(changes.deleted),
            )
            await extensions.call(extension, "onWorkspaceChange", told, Nothing)
        except StewardError:
            return


def _globs(installed: Installed, event: HookName) -> tuple[str, ...]:
    return tuple(g for hook in installed.manifest.hooks if hook.event == event for g in hook.globs)


def _means(installed: Installed, path: str) -> bool:
    """Whether it wants to hear of this file; whether it may is for `telling` to say."""
    return any(is_path_in(path, glob) for glob in _globs(installed, "onFileSave"))
