"""Finds the files that tell agents what to do, from a folder up to the top of the workspace.

In each folder those of the names below; at the top also the file of GitHub's Copilot; last of all
the person's own. No link is followed, the ignore oracle is asked, and nothing is believed here:
whether a file counts is judged in `judged`. All of it blocks: call it on a thread.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from steward.context.instructions.instruction import InstructionFile
from steward.core.agent_limits import (
    INSTRUCTION_BYTES_MAX,
    INSTRUCTION_FILES_MAX,
    INSTRUCTION_FILES_NAMED_MAX,
    INSTRUCTION_FILES_READ_MAX,
    INSTRUCTION_IMPORT_DEPTH_MAX,
)
from steward.core.errors import NotFoundError, StewardError
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.lines import split_lines
from steward.workspace.listing import list_files
from steward.workspace.paths import WorkspacePath
from steward.workspace.reveal import reveal

NAMES = ("AGENTS.md", "CLAUDE.md", "GEMINI.md")
"""The files of a folder, the first first."""
COPILOT = WorkspacePath((".github", "copilot-instructions.md"))
OWN_NAME = "AGENTS.md"
"""The person's own file, in the folder of their settings."""

_IMPORT = re.compile(r"@(?P<path>[^\s@]+\.md)\s*\Z", re.IGNORECASE)
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class InstructionReader:
    """Finds and reads the instructions of one workspace, anew each time."""

    root: Path
    oracle: IgnoreOracle
    own: Path | None = None
    """The person's own file; None where they can have none."""

    def along(self, paths: Iterable[str]) -> tuple[InstructionFile, ...]:
        """What stands on the way from each of these files up to the top, the nearest first.

        A path that is none of ours is passed over. The person's own file comes last.
        """
        search = _Search(self)
        for folder in _upwards(self._parsed(paths)):
            search.look_in(folder)
        own = self._own()
        return (*search.found, *([] if own is None else [own]))

    def everywhere(self) -> tuple[tuple[InstructionFile, ...], int]:
        """Those of the whole workspace, the top's first, and how many more there are.

        As many are read as a question names.
        """
        listed = list_files(self.root, self.oracle).files
        folders = {path.parent for path in listed if path.name in NAMES}
        folders |= {WorkspacePath(())}
        ordered = sorted(folders, key=lambda each: (len(each.parts), each.parts))
        search = _Search(self, INSTRUCTION_FILES_NAMED_MAX)
        for folder in ordered:
            search.look_in(folder)
        named = {each.path for each in search.found}
        more = sum(path.name in NAMES and str(path) not in named for path in listed)
        return tuple(each for each in search.found if each.digest), more

    def _parsed(self, paths: Iterable[str]) -> Iterator[WorkspacePath]:
        for path in paths:
            try:
                yield WorkspacePath.parse(path, self.root)
            except StewardError:
                continue  # Nothing of ours stands on the way to it.

    def _own(self) -> InstructionFile | None:
        if self.own is None:
            return None
        blank = InstructionFile(str(self.own), "person")
        try:
            # Through a link too: it is the person's own folder, and they may keep it elsewhere.
            file = os.open(self.own, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return replace(blank, why_not="it is not a regular file")
            content = os.read(file, INSTRUCTION_BYTES_MAX + 1)
        finally:
            os.close(file)
        if len(content) > INSTRUCTION_BYTES_MAX:
            return replace(blank, why_not=_TOO_LARGE)
        return _of_content(blank, content)


@dataclass(slots=True)
class _Search:
    """What was found so far."""

    reader: InstructionReader
    most: int = INSTRUCTION_FILES_READ_MAX
    found: list[InstructionFile] = field(default_factory=list[InstructionFile])
    seen: set[WorkspacePath] = field(default_factory=set[WorkspacePath])

    def look_in(self, folder: WorkspacePath) -> None:
        """Take the files of a folder, each with those that it imports."""
        names = [folder.child(name) for name in NAMES]
        for path in [*names, *([] if folder.parts else [COPILOT])]:
            self._take(path, "", 0)

    def _take(self, path: WorkspacePath, imported_by: str, depth: int) -> None:
        if path in self.seen or len(self.found) >= self.most:
            return
        self.seen.add(path)
        file = self._read(path, imported_by)
        if file is None:
            return
        place = len(self.found)
        self.found.append(file)
        wanted = [_resolved(path.parent, each) for each in _imports(file.text)]
        if file.text and wanted and _says_nothing_else(file.text):
            points_to = ", ".join(_imports(file.text))[:200]
            self.found[place] = replace(file, why_not=f"it only points to {points_to}")
        if depth < INSTRUCTION_IMPORT_DEPTH_MAX:
            for each in wanted:
                if isinstance(each, WorkspacePath):
                    self._take(each, str(path), depth + 1)
                else:
                    self.found.append(replace(each, imported_by=str(path)))

    def _read(self, path: WorkspacePath, imported_by: str) -> InstructionFile | None:
        root = self.reader.root
        blank = InstructionFile(str(path), "repository", imported_by=imported_by)
        try:
            mode = path.under(root).lstat().st_mode
        except OSError:
            return replace(blank, why_not="it is not there") if imported_by else None
        if stat.S_ISLNK(mode):
            return replace(blank, why_not="it is a link, and links are not followed")
        if (reason := self.reader.oracle.why_not(path)) is not None:
            return replace(blank, why_not=reason)
        try:
            content = read_bytes(root, path, INSTRUCTION_BYTES_MAX)
        except NotFoundError:
            return None  # A folder on the way is a link.
        except StewardError as error:
            return replace(blank, why_not=str(error).rstrip("."))
        return _of_content(blank, content)


_TOO_LARGE = f"it is larger than {INSTRUCTION_BYTES_MAX:,} bytes; shorten it"


def _upwards(paths: Iterable[WorkspacePath]) -> list[WorkspacePath]:
    """The folders from each path up to the top, each once, the deepest first."""
    folders: dict[WorkspacePath, None] = {}
    for path in paths:
        parts = path.parts[:-1]
        for depth in range(len(parts), 0, -1):
            folders.setdefault(WorkspacePath(parts[:depth]))
    deepest = sorted(folders, key=lambda each: -len(each.parts))
    return [*deepest, WorkspacePath(())]


def _of_content(blank: InstructionFile, content: bytes) -> InstructionFile:
    digest = hashlib.sha256(content).hexdigest()
    known = replace(blank, bytes=len(content), digest=digest)
    try:
        text, _ = decode(content, blank.path)
    except StewardError as error:
        return replace(known, why_not=str(error).rstrip("."))
    shown, hidden = reveal(text)
    if not shown.strip():
        return replace(known, why_not="it is empty")
    return replace(known, text=shown, hidden=hidden)


def _imports(text: str) -> list[str]:
    """What a text names in lines of their own, `@path.md`, outside of code."""
    found: list[str] = []
    is_code = False
    for line in split_lines(text):
        if _FENCE.match(line):
            is_code = not is_code
        elif not is_code and (match := _IMPORT.match(line.strip())) is not None:
            found.append(match["path"])
    return found[:INSTRUCTION_FILES_MAX]


def _says_nothing_else(text: str) -> bool:
    return all(_IMPORT.match(line.strip()) for line in split_lines(text) if line.strip())


def _resolved(folder: WorkspacePath, written: str) -> WorkspacePath | InstructionFile:
    """The file that an import means; or why it is none."""
    blank = InstructionFile(written[:200], "repository")
    parts = list(folder.parts)
    if written.startswith(("/", "~")):
        return replace(blank, why_not="it stands outside the workspace, and is not read")
    for part in written.split("/"):
        if part == ".." and not parts:
            return replace(blank, why_not="it stands outside the workspace, and is not read")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    try:
        return WorkspacePath.parse("/".join(parts))
    except StewardError as error:
        return replace(blank, why_not=str(error).rstrip("."))
