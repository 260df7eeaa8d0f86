"""What a jail needs on disk while one command runs: what to cover in the workspace, and with what.

Secret files, sockets, pipes and what is kept from models are covered by something empty, unsaved
buffers by their text, and files whose content was approved by exactly that content, each mounted
over what is there already. A mount never creates its own target: bubblewrap before 0.12 would
follow a link that was planted in its place. Where the command works on a copy, all of this is in
the copy. All of this blocks: call it on a thread.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steward.core.agent_limits import JAIL_PINNED_BYTES_MAX
from steward.core.errors import InvalidInputError, LimitError, StaleError
from steward.core.limits import JAIL_COVERS_MAX, JAIL_ENTRIES_MAX
from steward.core.secret_files import secret_rule
from steward.sandbox.changes import Copy
from steward.sandbox.copying import Copying, Stop
from steward.sandbox.launcher import Command
from steward.sandbox.system import open_beneath

_INSTALLED = frozenset({"site-packages", "node_modules"})
"""Folders of other people's published code: a key file in them is a test's, not the user's."""

_ACCOUNTS = "user:x:1000:1000::/tmp/home:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n"
_GROUPS = "user:x:1000:\nnogroup:x:65534:\n"
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_READ = os.O_RDONLY | os.O_NONBLOCK

Cover = tuple[Path, Path]
"""What to show, and in whose place."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What the way of confining asks of the stage."""

    left_out: tuple[Path, ...]
    """Folders that a copy leaves empty because they are mounted anyway."""
    owner: int | None
    """Whose a copy must be; `None`: ours."""
    copy_bytes: int
    """How large a copy may be."""
    always_copy: bool = False
    """Nothing can be mounted: what the command sees is always a copy."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The prepared files, and the resolved places."""

    workspace: Path
    """Where the person knows the workspace."""
    cwd: Path
    source: Path
    """What the command sees there: the workspace itself, or a copy."""
    writable: bool
    covers: tuple[Cover, ...]
    """Each mounted read-only, in this order."""
    etc: tuple[Cover, ...]
    identity: str
    """Device and inode of the working folder within `source`."""
    copy: Copy | None

    @property
    def source_cwd(self) -> Path:
        """The working folder within `source`."""
        return self.source / self.cwd.relative_to(self.workspace)


def prepare(folder: Path, command: Command, needs: Needs, stop: Stop) -> Stage:
    """Fill the private `folder` for one command.

    Raises:
        InvalidInputError: a path of the command is no workspace, or is not inside it.
        StaleError: the working folder or a pinned file is not what was approved.
        LimitError: the workspace has too many files to look through, or is too large to copy.
        UnavailableError: it was stopped.
    """
    workspace = _resolved(command.workspace)
    below = _below_workspace(command, workspace)
    identity = _identity(workspace, below)
    if command.cwd_identity not in (None, identity):
        raise _stale(f"Another folder has come to the place of {str(command.cwd)!r}")
    masked = _masked(workspace, command, needs)
    overlays = dict(_overlays(workspace, command))
    pinned = dict(_pinned(workspace, command, overlays))
    etc = _etc(folder)
    is_barred = needs.owner is not None and not _others_may_read(workspace, needs)
    if command.writes == "nothing" and not is_barred and not needs.always_copy:
        covers = [
            *_secrets(folder, workspace),
            *_written_all(folder, workspace, overlays | pinned),
            *_masks(folder, workspace, masked),
        ]
        _check_covers(covers)
        cwd = workspace / below
        return Stage(workspace, cwd, workspace, False, tuple(covers), etc, identity, None)
    copying = Copying(
        workspace=workspace,
        target=folder / "workspace",
        stop=stop,
        owner=needs.owner if command.writes == "copy" else None,
        left_out=needs.left_out,
        shows_apart=not is_barred,
        overlays=overlays | pinned,
        masked=masked,
        bytes_left=needs.copy_bytes,
    )
    copy = copying.make()
    covers = [] if is_barred or needs.always_copy else _apart(copy, workspace, needs.left_out)
    if needs.always_copy and not is_barred:
        _link_apart(copy, workspace)
    identity = _identity(copy.folder, below)
    writable = command.writes == "copy"
    cwd = workspace / below
    return Stage(workspace, cwd, copy.folder, writable, tuple(covers), etc, identity, copy)


def identity_of(cwd: Path) -> str:
    """What tells a working folder from another that comes to its place. Blocks.

    Raises:
        InvalidInputError: it is no folder.
    """
    return _identity(_resolved(cwd), ".")


def _identity(root: Path, below: str) -> str:
    try:
        top = os.open(root, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            folder = open_beneath(top, below, _FOLDER)
        finally:
            os.close(top)
    except OSError as error:
        raise InvalidInputError(
            f"{str(root / below)!r} cannot be the working folder ({error.strerror}); name a folder"
            " of the workspace that is reached without a link."
        ) from error
    try:
        status = os.fstat(folder)
    finally:
        os.close(folder)
    return f"{status.st_dev}:{status.st_ino}"


def _resolved(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except OSError as error:
        raise InvalidInputError(f"{str(path)!r} is no folder ({error.strerror}).") from error


def _below_workspace(command: Command, workspace: Path) -> str:
    """The working folder relative to the workspace, as it is written: no link is followed."""
    for top in (command.workspace, workspace):
        if command.cwd.is_relative_to(top) and ".." not in command.cwd.parts:
            return command.cwd.relative_to(top).as_posix()
    raise InvalidInputError(
        f"{str(command.cwd)!r} is outside the workspace; run the command from inside."
    )


def _others_may_read(folder: Path, needs: Needs) -> bool:
    needed = stat.S_IROTH | stat.S_IXOTH
    # What is mounted is reached from where it is mounted, and what is linked from the top.
    above = folder.parents if needs.always_copy else ()
    may_pass = all(each.stat().st_mode & stat.S_IXOTH for each in above)
    return may_pass and folder.stat().st_mode & needed == needed


def _masked(workspace: Path, command: Command, needs: Needs) -> frozenset[str]:
    """What is to be empty; Steward's own interpreter is not, or nothing could be started."""
    return frozenset(path for path in command.masked if workspace / path not in needs.left_out)


def _is_masked(command: Command, where: Path) -> bool:
    return any(each.as_posix() in command.masked for each in (where, *where.parents))


def _masks(folder: Path, workspace: Path, masked: frozenset[str]) -> Iterator[Cover]:
    """Something empty for each that is there; a link shows nothing that its target does not."""
    file = _written(folder / "no-file", b"")
    empty = folder / "no-files"
    empty.mkdir()
    empty.chmod(0o755)
    for path in sorted(masked):
        try:
            mode = os.lstat(workspace / path).st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
            yield (empty if stat.S_ISDIR(mode) else file), workspace / path


def _secrets(folder: Path, workspace: Path) -> Iterator[Cover]:
    """What is shown as an empty file: secrets, and whatever leads to a process of the host.

    A socket or a pipe with a name can be written to also where it is mounted read-only, and knows
    no network namespace.
    """
    empty = _written(folder / "empty", b"")
    for parent, name, mode in _walk(workspace, _INSTALLED):
        is_secret = stat.S_ISREG(mode) and secret_rule(name) is not None
        if is_secret or stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode):
            yield empty, parent / name


def _walk(workspace: Path, skipped: frozenset[str]) -> Iterator[tuple[Path, str, int]]:
    """Each file, and what kind it is; links are not followed."""
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
        for name in files:
            yield Path(parent), name, _mode(os.path.join(parent, name))


def _is_regular(path: str) -> bool:
    return stat.S_ISREG(_mode(path))


def _mode(path: str) -> int:
    """What kind of file it is; nothing at all where it cannot be told."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def _overlays(workspace: Path, command: Command) -> Iterator[tuple[str, bytes]]:
    """Relative path and text of each unsaved document that is no secret."""
    for path, content in command.overlays.items():
        where = _file_within(workspace, command.workspace, path)
        if where is None:
            raise InvalidInputError(
                f"The unsaved {str(path)!r} is outside the workspace or behind a link; save it."
            )
        if not _is_regular(str(workspace / where)):
            raise InvalidInputError(f"The unsaved {str(path)!r} is not on disk yet; save it first.")
        if secret_rule(where.name) is None and not _is_masked(command, where):
            yield where.as_posix(), content


def _file_within(workspace: Path, named: Path, path: Path) -> Path | None:
    """The file's path relative to the workspace; `None` if a link or `..` is in it."""
    target = path if path.is_absolute() else workspace / path
    # Resolving is how we learn that nothing on the way is a link: then it changes nothing.
    where = Path(os.path.realpath(target))
    spelled = {target, workspace / _below(target, named)}
    is_plain = where in spelled and where.is_relative_to(workspace) and where != workspace
    return where.relative_to(workspace) if is_plain else None


def _below(target: Path, workspace: Path) -> Path:
    return target.relative_to(workspace) if target.is_relative_to(workspace) else target


def _pinned(
    workspace: Path, command: Command, overlays: dict[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """Relative path and bytes of each file that must be what was approved."""
    left = JAIL_PINNED_BYTES_MAX
    for path, sha256 in command.pinned.items():
        where = _file_within(workspace, command.workspace, path)
        is_shown = where is not None and secret_rule(where.name) is None
        if where is None or not is_shown or _is_masked(command, where):
            raise InvalidInputError(
                f"{str(path)!r} is outside the workspace, behind a link, or kept from models; a"
                " command cannot be bound to its content."
            )
        content = overlays.get(where.as_posix())
        if content is None:
            content = _read(workspace, where.as_posix(), left)
        left -= len(content)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _stale(f"{where.as_posix()!r} has changed since it was approved")
        yield where.as_posix(), content


def _read(workspace: Path, path: str, most: int) -> bytes:
    try:
        top = os.open(workspace, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            file = open_beneath(top, path, _READ)
        finally:
            os.close(top)
    except OSError as error:
        raise _stale(f"{path!r} is not there as it was approved ({error.strerror})") from error
    with os.fdopen(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _stale(f"{path!r} is no regular file any more")
        content = stream.read(most + 1)
    if len(content) > most:
        raise LimitError(
            f"The files that the command is bound to hold more than {JAIL_PINNED_BYTES_MAX} bytes."
        )
    return content


def _stale(what: str) -> StaleError:
    return StaleError(f"{what}, so the command was not run. Ask for it again.")


def _etc(folder: Path) -> tuple[Cover, ...]:
    """The few files that programs look for in /etc; none of them is this machine's own."""
    own = (("passwd", _ACCOUNTS), ("group", _GROUPS), ("hosts", _HOSTS))
    return tuple((_written(folder / name, text.encode()), Path("/etc", name)) for name, text in own)


def _written_all(folder: Path, workspace: Path, texts: dict[str, bytes]) -> Iterator[Cover]:
    for number, (path, content) in enumerate(texts.items()):
        cover = _written(folder / f"cover-{number}", content)
        # A script that was executable stays so.
        if os.lstat(workspace / path).st_mode & stat.S_IXUSR:
            cover.chmod(0o755)
        yield cover, workspace / path


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    # The folder around it is ours alone; the jail's own account must be able to read the file.
    path.chmod(0o644)
    return path


def _check_covers(covers: list[Cover]) -> None:
    if len(covers) > JAIL_COVERS_MAX:
        raise LimitError(
            f"The workspace has more than {JAIL_COVERS_MAX} secret files, unsaved buffers and"
            " files that `.stewardignore` names; name their folder there, or open a smaller one."
        )


def _apart(copy: Copy, workspace: Path, left_out: tuple[Path, ...]) -> list[Cover]:
    """The folders that the copy leaves empty, each shown as it is on disk."""
    places = [(workspace / path, workspace / path) for path in sorted(copy.apart)]
    covers = [each for each in places if each[0] not in left_out]
    _check_covers(covers)
    return covers


def _link_apart(copy: Copy, workspace: Path) -> None:
    """The same where nothing can be mounted: a link in the place of the empty folder."""
    for path in copy.apart:
        place = copy.folder / path
        place.rmdir()
        place.symlink_to(workspace / path)
        copy.links[path] = str(workspace / path)
