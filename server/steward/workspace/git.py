"""The only file that runs git: prepares and makes commits.

A commit is a proposal: its tree is built beside the user's index from exactly the approved bytes,
its patch is what the person sees, and making it moves one branch below `steward/` and nothing
else. The user's index, HEAD and working files stay as they are.
"""

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from steward.core.errors import (
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    StaleError,
    UnavailableError,
)
from steward.core.limits import (
    BRANCH_NAME_CHARS_MAX,
    GIT_WALL_S,
)
from steward.workspace.commit import (
    BRANCHES,
    PreparedCommit,
    check_message,
    check_size,
)
from steward.workspace.git_command import git_command, trusted_git
from steward.workspace.paths import WorkspacePath

if TYPE_CHECKING:
    from git.cmd import Git as GitCommand

BRANCH_PREFIX = "steward/"
"""Where our branches live; no other branch is ever moved."""

_COMMITS_SEARCHED = 100
_FILE = "100644"
_FILE_MODES = (_FILE, "100755")


class Git:
    """One workspace's repository."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def prepare_commit(
        self, changes: Mapping[str, bytes | None], branch: str, message: str
    ) -> PreparedCommit:
        """Everything about a commit of exactly these bytes, without making it.

        Args:
            changes: path relative to the workspace → its new content, or None to remove it.
            branch: a name that begins with `steward/`; if it exists, the commit comes after it,
                otherwise after HEAD.
            message: the commit message.

        Raises:
            NotPermittedError: the branch is not ours to move, or a path is not ours to change.
            InvalidInputError: the branch name, a path or the message is none.
            NotFoundError: this is no repository, or it has no commit yet.
            LimitError: the commit is larger than we make.
        """
        return await asyncio.to_thread(self._prepare, changes, branch, message)

    async def create_commit(self, prepared: PreparedCommit, when: datetime | None = None) -> str:
        """Make the prepared commit, in the name that the repository is configured with.

        Returns its id. `when` is the time it bears, with a zone; None means git's own clock.

        Raises:
            StaleError: the branch, or the HEAD it starts from, has moved since.
            NotPermittedError: the branch is not ours to move.
            InvalidInputError: git does not know who the user is.
        """
        return await asyncio.to_thread(self._create, prepared, when)

    async def find_commit(self, prepared: PreparedCommit) -> str | None:
        """The id of the prepared commit if it was made already and its branch still has it."""
        return await asyncio.to_thread(self._find, prepared)

    def _prepare(
        self, changes: Mapping[str, bytes | None], branch: str, message: str
    ) -> PreparedCommit:
        check_size(changes)
        check_message(message)
        ref = self._checked_ref(branch)
        expected_old = self._tip(ref)
        base = expected_old or self._tip("HEAD")
        if base is None:
            raise NotFoundError(
                f"{str(self._root)!r} has no commit to start from; make the first one yourself."
            )
        entries = self._entries(base, changes)
        tree = self._tree(base, entries)
        patch = self._patch(base, tree, set(entries))
        files = tuple(str(WorkspacePath.parse(path)) for path in sorted(changes))
        return PreparedCommit(str(self._root), base, tree, ref, expected_old, message, files, patch)

    def _create(self, prepared: PreparedCommit, when: datetime | None) -> str:
        check_message(prepared.message)
        ref = self._checked_ref(prepared.ref.removeprefix(BRANCHES))
        if prepared.root != str(self._root):
            raise NotPermittedError("This commit was prepared for another workspace.")
        start = self._tip("HEAD") if prepared.expected_old is None else prepared.expected_old
        if self._tip(ref) != prepared.expected_old or start != prepared.base_commit:
            raise _moved(ref)
        commit = (
            self._run(
                *("commit-tree", "-p", prepared.base_commit, "-F", "-", prepared.tree),
                stdin=prepared.message.encode(),
                env=self._identity(when),
            )
            .decode()
            .strip()
        )
        # git compares and moves in one step: what moved since the check above is seen here.
        # Not through a link between branches, which would move the branch it points to.
        status, _, error = self._try(
            *("update-ref", "--no-deref", "--create-reflog", "-m", "commit: by Steward"),
            *(ref, commit, prepared.expected_old or "0" * len(commit)),
            env=self._identity(when),
        )
        if "but expected" in error or "reference already exists" in error:
            raise _moved(ref)
        if status != 0:
            raise UnavailableError(f"git could not move {ref!r}: {error.strip()[:500]}")
        return commit

    def _find(self, prepared: PreparedCommit) -> str | None:
        if self._tip(prepared.ref) is None:
            return None
        since = (f"--max-count={_COMMITS_SEARCHED}", f"^{prepared.base_commit}", prepared.ref)
        for commit in self._run("rev-list", "--first-parent", *since).decode().split():
            header, _, message = self._run("cat-file", "commit", commit).partition(b"\n\n")
            wanted = {f"tree {prepared.tree}".encode(), f"parent {prepared.base_commit}".encode()}
            same_message = message.rstrip(b"\n") == prepared.message.encode().rstrip(b"\n")
            if same_message and wanted <= set(header.splitlines()):
                return commit
        return None

    def _tip(self, ref: str) -> str | None:
        status, out, error = self._try("rev-parse", "-q", "--verify", f"{ref}^{{commit}}")
        if status not in (0, 1):
            raise _failed(error)
        return out.decode().strip() if status == 0 else None

    def _checked_ref(self, branch: str) -> str:
        """The full name of a branch that we may move."""
        if not branch.startswith(BRANCH_PREFIX):
            raise NotPermittedError(
                f"The branch {branch[:BRANCH_NAME_CHARS_MAX]!a} is not Steward's to move; "
                f"choose a name that begins with {BRANCH_PREFIX!r}."
            )
        ref = BRANCHES + branch
        # A line break would be a second line to whatever reads refs a line at a time.
        is_plain = branch.isascii() and branch.isprintable() and "~" not in branch
        if len(branch) > BRANCH_NAME_CHARS_MAX or not is_plain or not self._is_ref(ref):
            raise InvalidInputError(f"{branch[:BRANCH_NAME_CHARS_MAX]!a} is no branch name to git.")
        status, target, _ = self._try("symbolic-ref", "-q", ref)
        if status == 0:
            raise NotPermittedError(
                f"{branch!r} is only another name for {target.decode().strip()!r}; choose another."
            )
        checked_out = self._run("worktree", "list", "--porcelain").splitlines()
        if f"branch {ref}".encode() in checked_out:
            raise NotPermittedError(
                f"{branch!r} is checked out, and moving it would change what you see; "
                "choose another name or check out another branch."
            )
        return ref

    def _is_ref(self, ref: str) -> bool:
        return self._try("check-ref-format", ref)[0] == 0

    def _entries(self, base: str, changes: Mapping[str, bytes | None]) -> dict[str, str]:
        """Path from the repository's top → its entry as `update-index --index-info` wants it."""
        top = self._run("rev-parse", "--show-prefix").decode().rstrip("\n")
        entries: dict[str, str] = {}
        for given, content in changes.items():
            path = top + str(WorkspacePath.parse(given))
            if path in entries:
                raise InvalidInputError(f"{path!r} is changed twice; name it once.")
            entries[path] = self._entry(base, path, content)
        return entries

    def _entry(self, base: str, path: str, content: bytes | None) -> str:
        known = self._run("ls-tree", "-z", "--full-tree", base, "--", path).decode()
        mode = known.split(" ", 1)[0] if known else _FILE
        if mode not in _FILE_MODES:
            raise NotPermittedError(f"{path!r} is a link, folder or submodule in git; left alone.")
        if content is None:
            return f"0 {'0' * len(base)}\t{path}\0"
        # No filters: they are programs that the repository names, and they change bytes.
        blob = self._run("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
        return f"{mode} {blob.decode().strip()}\t{path}\0"

    def _tree(self, base: str, entries: Mapping[str, str]) -> str:
        with tempfile.TemporaryDirectory(prefix="steward-index-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self._run("read-tree", base, env=index)
            lines = "".join(entries.values()).encode()
            self._run("update-index", "-z", "--index-info", stdin=lines, env=index)
            return self._run("write-tree", env=index).decode().strip()

    def _patch(self, base: str, tree: str, paths: set[str]) -> str:
        """The whole difference, after making sure that it is in these paths only."""
        names = self._run("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, tree)
        touched = {name.decode(errors="replace") for name in names.split(b"\0") if name}
        if not touched:
            raise InvalidInputError("These changes are in the repository already; nothing to do.")
        if not touched <= paths:
            # A new file takes the place of a folder or link of the same name.
            raise NotPermittedError(
                f"The commit would also change {sorted(touched - paths)[:5]!r}; choose other names."
            )
        # As text whatever .gitattributes say: they could otherwise hide a change as binary.
        patch = self._run(
            *("diff-tree", "-p", "--text", "--no-ext-diff", "--no-textconv", "--no-color"),
            *("--no-renames", "--full-index", "--unified=3", base, tree),
        )
        return patch.decode(errors="backslashreplace")

    def _identity(self, when: datetime | None) -> dict[str, str]:
        names: dict[str, str] = {}
        for key in ("name", "email"):
            status, out, _ = self._try("config", "--get", f"user.{key}")
            value = out.decode(errors="replace").strip()
            if status != 0 or not value:
                raise InvalidInputError(
                    f"git does not know your {key}; run: git config --global user.{key} '…'"
                )
            names[key] = value
        if when is not None:
            names["date"] = f"{int(when.timestamp())} +0000"
        return {
            f"GIT_{role}_{field.upper()}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in names.items()
        }

    def _run(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> bytes:
        status, out, error = self._try(*arguments, stdin=stdin, env=env)
        if status != 0:
            raise _failed(error)
        return out

    def _try(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, str]:
        """Run git; its exit code, output and complaint. Every call to git is this one."""
        with tempfile.TemporaryFile() as given:
            given.write(stdin or b"")
            given.seek(0)
            status, out, error = _git(self._root).execute(
                [*git_command(self._root, env or {}), *arguments],
                istream=given,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                kill_after_timeout=GIT_WALL_S,
            )
        return status, out, str(error)


def _git(root: Path) -> "GitCommand":
    # Imported on first use: it is slow, and it looks for git and fails without it.
    trusted_git(root)
    from git.cmd import Git as GitCommand

    return GitCommand(str(root))


def _failed(error: str) -> NotFoundError | UnavailableError:
    if "not a git repository" in error:
        return NotFoundError("The workspace is not in a git repository; run `git init` first.")
    return UnavailableError(f"git failed: {error.strip()[:500]}")


def _moved(ref: str) -> StaleError:
    return StaleError(
        f"{ref.removeprefix(BRANCHES)!r}, or the commit it starts from, has moved since this "
        "commit was prepared; look at it again."
    )
