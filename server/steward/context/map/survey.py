"""What the disk holds for the map: which files, in which state, and their symbols.

All of this blocks: call it on a thread. It reads a file only when the ignore oracle allows it at
that moment, and never through a link.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from steward.context.map.mapped_file import MappedFile, Signature, map_file
from steward.context.map.resolve import style_of
from steward.core.errors import StewardError
from steward.core.limits import MAP_FILE_BYTES_MAX, MAP_FILES_MAX
from steward.syntax.language import language_of
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.listing import list_files
from steward.workspace.paths import WorkspacePath

_log = logging.getLogger(__name__)

_IGNORE_FILES = (".gitignore", ".stewardignore")
_State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """The files that can be mapped, and what tells that there may be others by now."""

    files: Mapping[str, Signature]
    """Path → its state on the disk."""
    folders: Mapping[str, _State]
    """Each folder with files in it, or with such a folder in it → its state."""


def survey(root: Path, oracle: IgnoreOracle, goes_on: Callable[[], bool]) -> Survey:
    """Everything that can be mapped, as the disk has it now; less when it is told to stop."""
    listing = list_files(root, oracle, goes_on=goes_on)
    files: dict[str, Signature] = {}
    folders: dict[str, _State] = {}
    for path in listing.files:
        if (folder := path.parent) not in folders:
            folders |= {
                str(above): _folder_state(root, above)
                for depth in range(len(folder.parts) + 1)
                if str(above := WorkspacePath(folder.parts[:depth])) not in folders
            }
        state = _state_of(root, path) if is_mappable(str(path)) else None
        if state is not None and len(files) < MAP_FILES_MAX:
            files[str(path)] = state
    return Survey(files, folders)


def renewed(root: Path, oracle: IgnoreOracle, old: Survey, goes_on: Callable[[], bool]) -> Survey:
    """The same as the disk has it now; nothing is listed where no folder has changed."""
    for name, state in old.folders.items():
        if _folder_state(root, _parts(name)) != state:
            return survey(root, oracle, goes_on)
    states = {name: _state_of(root, _parts(name)) for name in old.files}
    return Survey({name: state for name, state in states.items() if state}, old.folders)


def read(root: Path, oracle: IgnoreOracle, name: str) -> MappedFile | None:
    """A file as the disk has it; `None` where a model may not see it or it cannot be mapped."""
    path = _parts(name)
    state = _state_of(root, path)
    if state is None or not is_mappable(name) or oracle.why_not(path) is not None:
        return None
    try:
        text = decode(read_bytes(root, path, MAP_FILE_BYTES_MAX), name)[0]
    except StewardError as error:
        _log.info("a file is left out of the map: %s", error.code)
        return None
    return _mapped(name, text, state)


def take(oracle: IgnoreOracle, name: str, text: str) -> MappedFile | None:
    """An open document as the editor has it; `None` as for `read`."""
    if len(text) > MAP_FILE_BYTES_MAX or not is_mappable(name):
        return None
    if oracle.why_not(_parts(name)) is not None:
        return None
    return _mapped(name, text, state_of_text(text))


def state_of_text(text: str) -> Signature:
    """What tells one text of an open document from another, and from any file."""
    return hash(text), -1


def _mapped(name: str, text: str, state: Signature) -> MappedFile | None:
    try:
        return map_file(name, text, state)
    except Exception as error:
        # One file that its grammar cannot take must not cost the others their place.
        _log.warning("a file is left out of the map: %s in its parser", type(error).__name__)
        return None


def is_mappable(name: str) -> bool:
    """Whether it is written in a language whose symbols we know."""
    return bool(style_of(language_of(name)).suffixes)


def _state_of(root: Path, path: WorkspacePath) -> Signature | None:
    try:
        status = path.under(root).lstat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status.st_size <= MAP_FILE_BYTES_MAX else None


def _folder_state(root: Path, folder: WorkspacePath) -> _State:
    """It changes when something is created, renamed or removed there, or its rules change."""
    states: list[int] = []
    for name in ("", *_IGNORE_FILES):
        try:
            status = (folder.under(root) / name).lstat()
        except OSError:
            states.append(0)
        else:
            states.append(status.st_mtime_ns)
    return tuple(states)


def _parts(name: str) -> WorkspacePath:
    return WorkspacePath(() if name == "." else tuple(name.split("/")))
