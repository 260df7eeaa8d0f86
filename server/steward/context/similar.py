"""The source of snippets that resemble the code at the cursor: windows of neighbouring files."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from threading import Lock

from steward.context.cursor import Cursor
from steward.context.neighbours import Neighbours
from steward.context.snippet import Snippet
from steward.context.windows import Windows, words
from steward.core.errors import StewardError
from steward.core.limits import NEIGHBOUR_BYTES_MAX, NEIGHBOURS_KEPT_MAX
from steward.core.redact import redact_private_keys
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.paths import WorkspacePath
from steward.workspace.verdicts import RecentVerdicts
from steward.workspace.workspace import Workspace

_CHARS_BEFORE = 3_000
_CHARS_AFTER = 1_000
"""About as much as a window, so that the one is compared with its like."""
_A_FILE_MAX = 2
_SNIPPETS_MAX = 10
_SCORE_MIN = 0.04
"""Less is what any two files share."""


class Similar:
    """Finds similar windows in the neighbours of the cursor's file."""

    name = "similar"

    def __init__(
        self, workspace: Workspace, verdicts: RecentVerdicts, neighbours: Neighbours
    ) -> None:
        self._workspace = workspace
        self._verdicts = verdicts
        self._neighbours = neighbours
        self._read = _Read(workspace.root)

    async def find(self, cursor: Cursor) -> Sequence[Snippet]:
        """The best windows, best first."""
        wanted = words(cursor.before[-_CHARS_BEFORE:] + cursor.after[:_CHARS_AFTER])
        if not wanted:
            return ()
        near = await self._neighbours.of(cursor)
        verdicts = await self._verdicts.why_not_each(near)
        seen = [path for path in near if verdicts[path] is None]
        # The editor's documents change on this thread, so their texts are taken here.
        opened = {path: text for path in seen if (text := self._opened(path)) is not None}
        return await asyncio.to_thread(self._best, wanted, seen, opened)

    def _opened(self, path: WorkspacePath) -> str | None:
        try:
            found = self._workspace.editor.open_document(path.under(self._workspace.root))
        except StewardError:
            return None
        return None if found is None or len(found.text) > NEIGHBOUR_BYTES_MAX else found.text

    def _best(
        self,
        wanted: Set[str],
        paths: Sequence[WorkspacePath],
        opened: Mapping[WorkspacePath, str],
    ) -> Sequence[Snippet]:
        found = [
            (window, path)
            for path in paths
            if (windows := self._read.windows(path, opened.get(path))) is not None
            for window in windows.best(wanted, _A_FILE_MAX)
            if window.score >= _SCORE_MIN
        ]
        found.sort(key=lambda one: -one[0].score)
        return [
            Snippet(str(path), window.text, "similar", window.line)
            for window, path in found[:_SNIPPETS_MAX]
        ]


_Key = tuple[int, int, int]


class _Read:
    """The windows of files, made again when the file is another one. For threads.

    Private keys are taken out of the whole: a window may hold the middle of one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[WorkspacePath, tuple[_Key, Windows | None]] = {}
        self._lock = Lock()

    def windows(self, path: WorkspacePath, opened: str | None) -> Windows | None:
        """Of the text that the editor has, or else of the file; None if it is none for us."""
        try:
            key = self._key(path, opened)
        except OSError:
            return None
        with self._lock:
            known = self._known.get(path)
        if known is not None and known[0] == key:
            return known[1]
        made = self._made(path, opened, key)
        with self._lock:
            self._known.pop(path, None)
            self._known[path] = (key, made)
            if len(self._known) > NEIGHBOURS_KEPT_MAX:
                del self._known[next(iter(self._known))]
        return made

    def _key(self, path: WorkspacePath, opened: str | None) -> _Key:
        if opened is not None:
            return hash(opened), len(opened), -1
        # Only a sign that the file changed: it is read name by name, without following a link.
        status = path.under(self._root).lstat()
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _made(self, path: WorkspacePath, opened: str | None, key: _Key) -> Windows | None:
        if opened is not None:
            return Windows(redact_private_keys(opened))
        if key[1] > NEIGHBOUR_BYTES_MAX:
            return None
        try:
            text, _ = decode(read_bytes(self._root, path, NEIGHBOUR_BYTES_MAX), str(path))
        except StewardError:
            return None
        return Windows(redact_private_keys(text))
