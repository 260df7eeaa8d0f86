"""The one ignore oracle: which files no model gets to see, and by which rule.

Every way into a model's context asks here. Three sets of rules are judged, each by itself, and
any of them can block: secret names, `.stewardignore`, and git's own (`.gitignore` and
`info/exclude`, also those of the repository above the workspace). They are not mixed, so a
repository's `!.env` cannot bring back what another set blocks. All of this blocks the caller: use
it on a thread.
"""

import os
import unicodedata
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pathspec import GitIgnoreSpec

from steward.core.errors import NotFoundError, StewardError
from steward.core.limits import IGNORE_FILE_BYTES_MAX
from steward.core.secret_files import secret_rule
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.git.repository import Surroundings, surroundings
from steward.workspace.paths import WorkspacePath

_EXCLUDE = WorkspacePath(("info", "exclude"))
_Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Rules:
    """One ignore file, as it was when it had this signature."""

    signature: _Signature
    lines: tuple[str, ...] = ()
    spec: GitIgnoreSpec | None = None
    problem: str | None = None


class IgnoreOracle:
    """Judges the paths of one workspace; ignore files are read again when they change."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[tuple[Path, WorkspacePath], _Rules] = {}

    def why_not(self, path: WorkspacePath, *, is_folder: bool = False) -> str | None:
        """Why no model may see this path, naming the rule and its file; None if it may.

        It is half a sentence, for use after a colon.
        """
        for part, folder in _from_the_top(path, is_folder=is_folder):
            reason = self._why_not_this(part, is_folder=folder)
            if reason is not None:
                return reason
        return self._why_not_in_git(path, is_folder=is_folder)

    def why_not_each(self, paths: Iterable[WorkspacePath]) -> dict[WorkspacePath, str | None]:
        """The same for many files at one moment: a folder that they share is judged once."""
        folders: dict[WorkspacePath, str | None] = {}
        found: dict[WorkspacePath, str | None] = {}
        for path in paths:
            folder = path.parent
            if folder not in folders:
                folders[folder] = self.why_not(folder, is_folder=True)
            found[path] = (
                folders[folder]
                or self._why_not_this(path, is_folder=False)
                or self._why_git_alone(WorkspacePath((*self._above, *path.parts)), is_folder=False)
            )
        return found

    def within(
        self, folder: WorkspacePath, entries: Iterable[tuple[WorkspacePath, bool]]
    ) -> dict[WorkspacePath, str | None]:
        """The same for what was found in a folder that models may see, none of which is a link.

        Each entry comes with whether it is a folder. The rules that hold there are looked up once.
        """
        own = self._own_rules(folder)
        above = self._above
        star = WorkspacePath((*above, *folder.parts, "*"))
        gits = [(file, rules) for file in self._git_files(star) if (rules := self._rules(file))]
        found: dict[WorkspacePath, str | None] = {}
        for path, is_folder in entries:
            whole = WorkspacePath((*above, *path.parts)) if above else path
            found[path] = (
                _secret(path, is_folder=is_folder)
                or self._judged(own, path, is_folder=is_folder)
                or self._judged(gits, whole, is_folder=is_folder)
            )
        return found

    def kept_by_person(
        self, folder: WorkspacePath, entries: Iterable[tuple[WorkspacePath, bool]]
    ) -> set[WorkspacePath]:
        """Those of a folder's entries that `.stewardignore` names, whatever other rules say."""
        own = self._own_rules(folder)
        if not own:
            return set()
        return {
            path
            for path, is_folder in entries
            if self._judged(own, path, is_folder=is_folder) is not None
        }

    def _own_rules(self, folder: WorkspacePath) -> "list[tuple[_RuleFile, _Rules]]":
        files = _nearest_first(self._root, folder.child("*"), ".stewardignore")
        return [(file, rules) for file in files if (rules := self._rules(file)) is not None]

    def _why_not_this(self, path: WorkspacePath, *, is_folder: bool) -> str | None:
        secret = _secret(path, is_folder=is_folder)
        if secret is not None:
            return secret
        if path.under(self._root).is_symlink():
            # No file is read through a link, but an editor shows what it leads to.
            return f"'{path}' is a link, and may lead to what is kept from models"
        files = _nearest_first(self._root, path, ".stewardignore")
        return self._verdict_of(files, path, is_folder=is_folder)

    def _why_not_in_git(self, path: WorkspacePath, *, is_folder: bool) -> str | None:
        """The repository's own rules, also those above the workspace."""
        whole = WorkspacePath((*self._above, *path.parts))
        for part, folder in _from_the_top(whole, is_folder=is_folder):
            reason = self._why_git_alone(part, is_folder=folder)
            if reason is not None:
                return reason
        return None

    def _why_git_alone(self, whole: WorkspacePath, *, is_folder: bool) -> str | None:
        """Git's rules for a path from the repository's top, without the folders on the way."""
        return self._verdict_of(self._git_files(whole), whole, is_folder=is_folder)

    def _git_files(self, whole: WorkspacePath) -> "list[_RuleFile]":
        repository = self._repository
        exclude = _RuleFile(repository.common, _EXCLUDE, 0)
        return [*_nearest_first(repository.top, whole, ".gitignore"), exclude]

    def _verdict_of(
        self, files: "Iterable[_RuleFile]", path: WorkspacePath, *, is_folder: bool
    ) -> str | None:
        """The verdict of the nearest file that has a rule for the path."""
        rules = ((file, rules) for file in files if (rules := self._rules(file)) is not None)
        return self._judged(rules, path, is_folder=is_folder)

    def _judged(
        self,
        files: "Iterable[tuple[_RuleFile, _Rules]]",
        path: WorkspacePath,
        *,
        is_folder: bool,
    ) -> str | None:
        for file, rules in files:
            if rules.problem is not None:
                return f"'{self._named(file)}' cannot be read ({rules.problem})"
            below = "/".join(path.parts[file.depth :]) + ("/" if is_folder else "")
            index, is_ignored = _verdict(rules, below)
            if is_ignored and index is not None:
                return f"'{path}' matches {rules.lines[index]!r} in '{self._named(file)}'"
            if index is not None:
                return None
        return None

    def _named(self, file: "_RuleFile") -> str:
        return os.path.relpath(file.path.under(file.base), os.path.realpath(self._root))

    @cached_property
    def _repository(self) -> Surroundings:
        root = Path(os.path.realpath(self._root))
        return surroundings(root) or Surroundings(root, root / ".git")

    @cached_property
    def _above(self) -> tuple[str, ...]:
        """The names from the repository's top down to the workspace."""
        return Path(os.path.realpath(self._root)).relative_to(self._repository.top).parts

    def _rules(self, file: "_RuleFile") -> _Rules | None:
        key = (file.base, file.path)
        try:
            status = file.path.under(file.base).lstat()
        except OSError:
            self._known.pop(key, None)
            return None
        signature = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._known.get(key)
        if known is None or known.signature != signature:
            known = self._known[key] = _load(file, signature)
        return known


def _secret(path: WorkspacePath, *, is_folder: bool) -> str | None:
    rule = None if is_folder else secret_rule(path.name)
    return None if rule is None else f"'{path}' may hold secrets (built-in rule {rule!r})"


@dataclass(frozen=True, slots=True)
class _RuleFile:
    """An ignore file: `path` below `base`; its patterns begin `depth` names into a judged path."""

    base: Path
    path: WorkspacePath
    depth: int


def _from_the_top(path: WorkspacePath, *, is_folder: bool) -> Generator[tuple[WorkspacePath, bool]]:
    """Every folder on the way and the path itself: what is below an ignored one is ignored too."""
    for depth in range(1, len(path.parts) + 1):
        yield WorkspacePath(path.parts[:depth]), is_folder or depth < len(path.parts)


def _nearest_first(base: Path, path: WorkspacePath, name: str) -> Generator[_RuleFile]:
    for depth in reversed(range(len(path.parts))):
        yield _RuleFile(base, WorkspacePath((*path.parts[:depth], name)), depth)


def _load(file: _RuleFile, signature: _Signature) -> _Rules:
    try:
        content = read_bytes(file.base, file.path, IGNORE_FILE_BYTES_MAX)
        text, _ = decode(content, str(file.path))
        lines = tuple(unicodedata.normalize("NFC", text).splitlines())
        return _Rules(signature, lines, GitIgnoreSpec.from_lines(lines))
    except NotFoundError:
        return _Rules(signature)
    # A rule file that we cannot read may hold the rule that matters: block, and say so.
    except StewardError as error:
        return _Rules(signature, problem=str(error).rstrip("."))
    except ValueError as error:
        return _Rules(signature, problem=f"it holds a pattern that makes no sense ({error})")


def why_not_alone(path: Path) -> str | None:
    """Why no model may see a file of no workspace; None if it may. Half a sentence, as above.

    Nobody has said what belongs to the work here, so the name of any folder can keep it back.
    """
    for part in (path, *path.parents):
        rule = secret_rule(part.name)
        if rule is not None:
            return f"'{part}' may hold secrets (built-in rule {rule!r})"
        if part.is_symlink():
            return f"'{part}' is a link, and may lead to what is kept from models"
    return None


def _verdict(rules: _Rules, path: str) -> tuple[int | None, bool]:
    """The rule that decides, and whether it ignores; judged for every spelling of the path."""
    found: tuple[int | None, bool] = (None, False)
    if rules.spec is None:
        return found
    spellings = {path}
    if not path.isascii():
        spellings |= {unicodedata.normalize(form, path) for form in ("NFC", "NFKC")}
    for spelling in spellings:
        result = rules.spec.check_file(spelling)
        if result.include:
            return result.index, True
        if result.include is not None:
            found = (result.index, False)
    return found
