"""Whether the repository that git finds belongs to the files it lies with.

A `.git` may be a file or a link, and a repository may borrow its history, its branches and its
objects from others. Whoever made the workspace can so have git show, or move a branch of, any
repository that the person may read. So what lies outside of the working tree counts only where
it names this working tree itself, as git writes it into the repository of a worktree and of a
submodule: there only the person could have put it. All of this blocks: call it on a thread.
"""

import os
from pathlib import Path

from steward.core.errors import NotPermittedError
from steward.core.limits import FILE_BYTES_MAX, PATH_CHARS_MAX
from steward.workspace.git.process import GitProcess, failed
from steward.workspace.git.repository import surroundings

_KEPT = ("HEAD", "index", "objects", "packed-refs", "refs")
"""What git reads content, names and commits from."""
_STORES_MAX = 16


def check_is_own(git: GitProcess) -> None:
    """Do nothing where git's repository and files are those of this workspace.

    Raises:
        NotPermittedError: they are another's.
        NotFoundError: there is no repository.
    """
    wanted = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir")
    answer = git.attempt("rev-parse", *wanted)
    if answer.status != 0:
        raise failed(answer.error)
    # A line end in a name makes more lines, and none of them is believed.
    found = answer.out.decode(errors="surrogateescape").removesuffix("\n").split("\n")
    around = surroundings(git.root)
    top = os.path.realpath(found[0])
    if around is None or len(found) != len(wanted) or top != str(around.top):
        raise NotPermittedError(
            "The repository's configuration says that its files are elsewhere"
            " (`core.worktree`), so it is left alone."
        )
    folder, common = (Path(os.path.realpath(git.root / each)) for each in found[1:])
    if not _is_within(around.top, folder, common) and not _is_tied(git, around.top, folder, common):
        raise NotPermittedError(
            f"'.git' leads to {str(common)!r}, a repository that does not know these files, so it"
            " is left alone. Open its own folder, or add a working tree with `git worktree add`;"
            " of a separate git folder `core.worktree` must say where its files are."
        )


def _is_within(top: Path, folder: Path, common: Path) -> bool:
    """Whether all of it is below the working tree."""
    if not (folder.is_relative_to(top) and common.is_relative_to(top)):
        return False
    places = [place / name for place in {folder, common} for name in _KEPT]
    if any(_leads_out(top, place) for place in places):
        raise _borrowed(top)
    _check_objects(top, common / "objects")
    return True


def _is_tied(git: GitProcess, top: Path, folder: Path, common: Path) -> bool:
    """Whether a repository elsewhere names this working tree."""
    if folder.is_relative_to(top):
        return False
    if folder == common:
        named = git.attempt("config", "--file", str(folder / "config"), "--get", "core.worktree")
        place = named.out.decode(errors="surrogateescape").removesuffix("\n")
        return bool(place) and os.path.realpath(folder / place) == str(top)
    back = _text(folder / "gitdir", PATH_CHARS_MAX).removesuffix("\n")
    is_worktree = folder.parent == common / "worktrees"
    return is_worktree and bool(back) and os.path.realpath(folder / back) == str(top / ".git")


def _check_objects(top: Path, store: Path) -> None:
    """Raise where objects come from outside, by a link or by git's own way of borrowing."""
    waiting, seen = [store], set[Path]()
    while waiting:
        store = Path(os.path.realpath(waiting.pop()))
        if store in seen:
            continue
        seen.add(store)
        if len(seen) > _STORES_MAX or not store.is_relative_to(top):
            raise _borrowed(top)
        try:
            with os.scandir(store) as entries:
                inside = [Path(each.path) for each in entries if each.is_symlink()]
        except OSError:
            continue  # git finds no objects there either.
        if any(_leads_out(top, each) for each in (*inside, store / "info" / "alternates")):
            raise _borrowed(top)
        lines = _text(store / "info" / "alternates", FILE_BYTES_MAX).splitlines()
        named = [line for line in lines if line and not line.startswith("#")]
        # git takes a quoted name apart; here its quotes lead nowhere, which is outside as well.
        if any('"' in line for line in named):
            raise _borrowed(top)
        waiting += [store / line for line in named]


def _leads_out(top: Path, place: Path) -> bool:
    return not Path(os.path.realpath(place)).is_relative_to(top)


def _borrowed(top: Path) -> NotPermittedError:
    return NotPermittedError(
        f"The repository in {str(top)!r} takes objects or branches from outside of it (a link in"
        " '.git', or 'objects/info/alternates'), so it is left alone. `git repack -a -d` makes it"
        " whole; remove the link or that file then."
    )


def _text(file: Path, most: int) -> str:
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as opened:
            return opened.read(most)
    except OSError:
        return ""
