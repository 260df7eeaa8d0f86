"""Which paths a package may hold, so that they mean the same on every file system.

Packages are never unpacked, so no path of theirs reaches a disk. The rule holds nevertheless:
somebody will unpack one by hand, and the paths are shown to people.
"""

import re
import unicodedata
from collections.abc import Iterable

from steward.core.package_limits import (
    PACKAGE_DEPTH_MAX,
    PACKAGE_NAME_BYTES_MAX,
    PACKAGE_PATH_CHARS_MAX,
)
from steward.core.secret_files import secret_rule
from steward.core.spelling import folded
from steward.permissions.control_files import is_control_path
from steward.workspace.reveal import is_hidden

OWN_FOLDER = "_package"
"""Where a package keeps what its publisher signed; no file of an author's may be in it."""

_FORBIDDEN = re.compile(r'[\\:*?"<>|\x00-\x1f]')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)
"""Names that Windows opens as a device, whatever ending they have."""


def why_not_path(path: str) -> str | None:
    """Why a package holds no file at this path; None if it may."""
    if not path or len(path) > PACKAGE_PATH_CHARS_MAX:
        return f"a path has 1 to {PACKAGE_PATH_CHARS_MAX} characters"
    if path.startswith("/"):
        return "it is an absolute path"
    if unicodedata.normalize("NFC", path) != path or any(map(is_hidden, path)):
        return "it is not written in the one spelling that Unicode calls NFC, or hides characters"
    names = path.split("/")
    if len(names) > PACKAGE_DEPTH_MAX:
        return f"it lies deeper than {PACKAGE_DEPTH_MAX} folders"
    if is_control_path(names):
        return "other programs obey a file of this name"
    return next(filter(None, map(_why_not_name, names)), None)


def why_not_together(paths: Iterable[str]) -> str | None:
    """Why these paths cannot stand beside each other everywhere; None if they can."""
    seen: dict[str, str] = {}
    for path in paths:
        *folders, _ = [path[:at] for at, each in enumerate(path) if each == "/"] + [path]
        for folder in folders:
            before = seen.setdefault(folded(folder), f"{folder}/")
            if before != f"{folder}/":
                return f"{before!r} and the folder {folder!r} are one on some file systems"
        before = seen.setdefault(folded(path), path)
        if before is not path:
            return f"{before!r} and {path!r} are one file on some file systems"
    return None


def _why_not_name(name: str) -> str | None:
    if name in ("", ".", ".."):
        return "it does not stay in the package"
    if name.startswith("."):
        return "names that begin with a dot are settings of other programs, or hidden"
    if _FORBIDDEN.search(name) or name != name.strip() or name.endswith("."):
        return "some file systems cannot hold such a name"
    if len(name.encode()) > PACKAGE_NAME_BYTES_MAX:
        return f"a name in it is longer than {PACKAGE_NAME_BYTES_MAX} bytes"
    if name.partition(".")[0].rstrip().lower() in _DEVICES:
        return "a name in it is a device on some systems"
    if secret_rule(name) is not None:
        return "files of this name hold secrets"
    return None
