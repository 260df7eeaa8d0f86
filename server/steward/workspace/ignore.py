"""The one ignore oracle: which files no model gets to see, and by which rule.

Every way into a model's context asks here. Four rule sets are judged, each by itself, and any of
them can block: secret names, `.stewardignore`, `.gitignore` and `.git/info/exclude`. They are not
mixed, so a repository's `!.env` cannot bring back what another set blocks. All of this blocks
the caller: use it on a thread.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from steward.core.errors import NotFoundError, StewardError
from steward.core.limits import IGNORE_FILE_BYTES_MAX
from steward.core.secret_files import secret_rule
from steward.workspace.files import decode, read_bytes
from steward.workspace.paths import WorkspacePath

_EXCLUDE = WorkspacePath((".git", "info", "exclude"))
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
        self._known: dict[WorkspacePath, _Rules] = {}

    def why_not(self, path: WorkspacePath, *, is_folder: bool = False) -> str | None:
        """Why no model may see this path, naming the rule and its file; None if it may.

        It is half a sentence, for use after a colon.
        """
        for depth in range(1, len(path.parts) + 1):
            part = WorkspacePath(path.parts[:depth])
            folder = is_folder or depth < len(path.parts)
            # As git has it: below an ignored folder nothing can be taken back in.
            reason = self._why_not_this(part, is_folder=folder)
            if reason is not None:
                return reason
        return None

    def _why_not_this(self, path: WorkspacePath, *, is_folder: bool) -> str | None:
        rule = secret_rule(path.name)
        if rule is not None and not is_folder:
            return f"'{path}' may hold secrets (built-in rule {rule!r})"
        if path.under(self._root).is_symlink():
            # No file is read through a link, but an editor shows what it leads to.
            return f"'{path}' is a link, and may lead to what is kept from models"
        for name in (".stewardignore", ".gitignore"):
            reason = self._why_not_by(name, path, is_folder=is_folder)
            if reason is not None:
                return reason
        return None

    def _why_not_by(self, name: str, path: WorkspacePath, *, is_folder: bool) -> str | None:
        """The verdict of the nearest file of this name that has a rule for the path."""
        folders = [path.parts[:depth] for depth in reversed(range(len(path.parts)))]
        files = [(folder, WorkspacePath((*folder, name))) for folder in folders]
        if name == ".gitignore":
            files.append(((), _EXCLUDE))
        for folder, file in files:
            rules = self._rules(file)
            if rules is None:
                continue
            if rules.problem is not None:
                return f"'{file}' cannot be read ({rules.problem})"
            below = "/".join(path.parts[len(folder) :]) + ("/" if is_folder else "")
            index, is_ignored = _verdict(rules, below)
            if is_ignored and index is not None:
                return f"'{path}' matches {rules.lines[index]!r} in '{file}'"
            if index is not None:
                return None
        return None

    def _rules(self, file: WorkspacePath) -> _Rules | None:
        try:
            status = file.under(self._root).lstat()
        except OSError:
            self._known.pop(file, None)
            return None
        signature = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._known.get(file)
        if known is None or known.signature != signature:
            known = self._known[file] = self._load(file, signature)
        return known

    def _load(self, file: WorkspacePath, signature: _Signature) -> _Rules:
        try:
            content = read_bytes(self._root, file, IGNORE_FILE_BYTES_MAX)
            text, _ = decode(content, str(file))
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
    for spelling in {path, *(unicodedata.normalize(form, path) for form in ("NFC", "NFKC"))}:
        result = rules.spec.check_file(spelling)
        if result.include:
            return result.index, True
        if result.include is not None:
            found = (result.index, False)
    return found
