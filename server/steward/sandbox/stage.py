"""What a jail needs on disk while one command runs: what to cover in the workspace, and with what.

Secret files are covered by an empty one and unsaved buffers by their text, each mounted over a
regular file that is there already. A mount never creates its own target: bubblewrap before 0.12
would follow a link that was planted in its place. All of this blocks: call it on a thread.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import InvalidInputError, LimitError
from steward.core.limits import JAIL_COPY_BYTES_MAX, JAIL_COVERS_MAX, JAIL_ENTRIES_MAX
from steward.core.secret_files import secret_rule
from steward.sandbox.launcher import Command

_INSTALLED = frozenset({"site-packages", "node_modules"})
"""Folders of other people's published code: a key file in them is a test's, not the user's."""

_ACCOUNTS = "user:x:1000:1000::/tmp/home:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n"
_GROUPS = "user:x:1000:\nnogroup:x:65534:\n"
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"


@dataclass(frozen=True, slots=True)
class Stage:
    """The prepared files, each as (what to mount, where to mount it), and the resolved places."""

    workspace: Path
    """Where the jail shows the workspace."""
    cwd: Path
    source: Path
    """What it shows there: the workspace itself, or a copy."""
    covers: tuple[tuple[Path, Path], ...]
    etc: tuple[tuple[Path, Path], ...]


def prepare(folder: Path, command: Command, leave_out: tuple[Path, ...], *, copy: bool) -> Stage:
    """Fill the private `folder` for one command.

    Args:
        folder: an empty folder of ours.
        command: what will run.
        leave_out: folders that a copy leaves empty because they are mounted anyway.
        copy: whether the workspace must be copied to be readable.

    Raises:
        InvalidInputError: a path of the command is no workspace, or is not inside it.
        LimitError: the workspace has too many files to look through.
    """
    workspace = _resolved(command.workspace)
    cwd = _resolved(command.cwd)
    if not cwd.is_relative_to(workspace):
        raise InvalidInputError(f"{str(cwd)!r} is outside the workspace; run it from inside.")
    source = workspace
    if copy and not _others_may_read(workspace):
        source = folder / "workspace"
        _copy(workspace, source, leave_out)
    covers = [*_secrets(folder, workspace), *_overlays(folder, workspace, command)]
    if len(covers) > JAIL_COVERS_MAX:
        raise LimitError(
            f"The workspace has more than {JAIL_COVERS_MAX} secret files and unsaved buffers; "
            "open a smaller folder."
        )
    return Stage(workspace, cwd, source, tuple(covers), _etc(folder))


def _resolved(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except OSError as error:
        raise InvalidInputError(f"{str(path)!r} is no folder ({error.strerror}).") from error


def _others_may_read(folder: Path) -> bool:
    needed = stat.S_IROTH | stat.S_IXOTH
    return folder.stat().st_mode & needed == needed


def _secrets(folder: Path, workspace: Path) -> Iterator[tuple[Path, Path]]:
    empty = _written(folder / "empty", b"")
    for parent, files in _walk(workspace, _INSTALLED):
        for name in files:
            if secret_rule(name) is not None:
                yield empty, parent / name


def _walk(workspace: Path, skipped: frozenset[str]) -> Iterator[tuple[Path, list[str]]]:
    """Each folder with its regular files and links; links are not followed."""
    entries = 0
    for parent, folders, files in os.walk(workspace):
        entries += len(folders) + len(files)
        if entries > JAIL_ENTRIES_MAX:
            raise LimitError(
                f"The workspace has more than {JAIL_ENTRIES_MAX} files and folders, too many to "
                "keep its secrets out of a command's sight; open a smaller folder."
            )
        folders[:] = [name for name in folders if name not in skipped]
        # A link to a secret shows nothing that its target's own cover does not hide.
        yield Path(parent), [name for name in files if _is_regular(os.path.join(parent, name))]


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _overlays(folder: Path, workspace: Path, command: Command) -> Iterator[tuple[Path, Path]]:
    for number, (path, content) in enumerate(command.overlays.items()):
        target = path if path.is_absolute() else workspace / path
        # Resolving is how we learn that nothing on the way is a link: then it changes nothing.
        where = Path(os.path.realpath(target))
        spelled = {target, workspace / _below(target, command.workspace)}
        if where not in spelled or not where.is_relative_to(workspace):
            raise InvalidInputError(
                f"The unsaved {str(path)!r} is outside the workspace or behind a link; save it."
            )
        if not _is_regular(str(where)):
            raise InvalidInputError(f"The unsaved {str(path)!r} is not on disk yet; save it first.")
        if secret_rule(where.name) is None:
            yield _written(folder / f"overlay-{number}", content), where


def _below(target: Path, workspace: Path) -> Path:
    return target.relative_to(workspace) if target.is_relative_to(workspace) else target


def _etc(folder: Path) -> tuple[tuple[Path, Path], ...]:
    """The few files that programs look for in /etc; none of them is this machine's own."""
    own = (("passwd", _ACCOUNTS), ("group", _GROUPS), ("hosts", _HOSTS))
    return tuple((_written(folder / name, text.encode()), Path("/etc", name)) for name, text in own)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    # The folder around it is ours alone; the jail's own account must be able to read the file.
    path.chmod(0o644)
    return path


def _copy(workspace: Path, target: Path, leave_out: tuple[Path, ...]) -> None:
    """A copy that any account may read, with secrets emptied and links kept as links."""
    left = JAIL_COPY_BYTES_MAX
    entries = 0
    for parent, folders, files, descriptor in os.fwalk(workspace, follow_symlinks=False):
        there = target / Path(parent).relative_to(workspace)
        there.mkdir()
        there.chmod(0o755)
        entries += len(folders) + len(files)
        if entries > JAIL_ENTRIES_MAX:
            raise _too_large(workspace)
        if Path(parent) in leave_out:
            folders.clear()
            continue
        for name in [*folders, *files]:
            left -= _copy_entry(descriptor, name, there / name, left)
            if left < 0:
                raise _too_large(workspace)


def _copy_entry(folder: int, name: str, target: Path, most: int) -> int:
    """Copy one link or regular file; how many bytes that took."""
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        target.symlink_to(os.readlink(name, dir_fd=folder))
        return 0
    if not stat.S_ISREG(mode):
        return 0
    copied = 0
    with target.open("xb") as stream:
        if secret_rule(name) is None:
            copied = _pour(folder, name, stream.fileno(), most)
    target.chmod(0o755 if mode & stat.S_IXUSR else 0o644)
    return copied


def _pour(folder: int, name: str, out: int, most: int) -> int:
    copied = 0
    source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        while copied <= most and (piece := os.read(source, 1 << 20)):
            os.write(out, piece)
            copied += len(piece)
    finally:
        os.close(source)
    return copied


def _too_large(workspace: Path) -> LimitError:
    return LimitError(
        f"{str(workspace)!r} is private to root and too large to be copied for the jail "
        f"({JAIL_COPY_BYTES_MAX} bytes); run Steward as an ordinary user, or open the folder to "
        "others."
    )
