"""Which policy file is believed: one that only an administrator could have put there.

Whoever could change the file, or lead the way to it elsewhere, could approve everything. So every
folder on the way belongs to root or the administrator and lets nobody else write, the file itself
too, and it does not stand in the workspace. Nothing of a repository has a say in which file it is.
"""

import os
import stat
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from steward.core.agent_limits import POLICY_BYTES_MAX
from steward.core.errors import InvalidInputError, NotPermittedError, StewardError
from steward.permissions.policy_file import StandingPolicy, parse_policy

DEFAULT_PLACE = Path("/etc/steward/policy.toml")
"""Where the policy stands unless the settings name another place."""
_LINKS_MAX = 20
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class PolicyPlace:
    """Where the policy is looked for, and whose it may be."""

    file: Path
    owner: str = ""
    """The administrator's name at the operating system, beside root; empty for root alone."""

    def read(self, workspace: Path | None) -> StandingPolicy | None:
        """The policy in force for this workspace; None where there is no file at the usual place.

        Blocks: call it on a thread.

        Raises:
            NotPermittedError: somebody else could have written it.
            InvalidInputError: it cannot be read, or is no policy.
        """
        try:
            return parse_policy(self._content(workspace))
        except FileNotFoundError as error:
            if self.file == DEFAULT_PLACE:
                return None
            raise self._refused(InvalidInputError("there is no such file")) from error
        except OSError as error:
            raise self._refused(InvalidInputError(str(error.strerror))) from error
        except StewardError as error:
            raise self._refused(error) from error

    def _refused(self, error: StewardError) -> StewardError:
        return type(error)(
            f"The policy {str(self.file)!r} does not count: {error}. So nothing is approved, and"
            " nothing was begun. Correct it as its administrator, or take it away;"
            " `steward policy check` says what counts."
        )

    def _content(self, workspace: Path | None) -> bytes:
        owners = frozenset((0, _uid(self.owner)) if self.owner else (0,))
        real = _way(self.file, owners)
        if workspace is not None and real.is_relative_to(os.path.realpath(workspace)):
            raise NotPermittedError("it stands in the workspace, whose files anybody may have made")
        opened = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise InvalidInputError("it is no file")
            _check(found, str(real), owners)
            content = file.read(POLICY_BYTES_MAX + 1)
        if len(content) > POLICY_BYTES_MAX:
            raise InvalidInputError(f"it has more than {POLICY_BYTES_MAX} bytes")
        return content


def _way(file: Path, owners: AbstractSet[int]) -> Path:
    """The file's own path, after each folder and link on the way was looked at."""
    if not file.is_absolute():
        raise InvalidInputError("its path is not absolute")
    links = 0
    at, left = Path("/"), list(reversed(file.parts[1:]))
    _check(at.lstat(), "/", owners)
    while left:
        name = left.pop()
        if name == "..":
            at = at.parent
            continue
        at /= name
        found = at.lstat()
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if found.st_uid not in owners or links > _LINKS_MAX:
                raise NotPermittedError(f"the link {str(at)!r} on the way to it is somebody else's")
            target = at.readlink()
            at = Path("/") if target.is_absolute() else at.parent
            left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
        elif left:
            _check(found, str(at), owners)
    return at


def _check(found: os.stat_result, path: str, owners: AbstractSet[int]) -> None:
    if found.st_uid not in owners:
        raise NotPermittedError(f"{path!r} belongs to neither root nor the administrator")
    # In a folder such as /tmp everybody makes files, and nobody touches those of others.
    is_shared = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if found.st_mode & _OTHERS_WRITE and not is_shared:
        raise NotPermittedError(f"others may write to {path!r}")


def _uid(name: str) -> int:
    import pwd

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError as error:
        raise InvalidInputError(
            f"its administrator, {name!r} in the settings, is nobody on this machine"
        ) from error
