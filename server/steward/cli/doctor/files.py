"""The settings' file, the data folder, its keys and its disk: looked at as files, and read not."""

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from steward.cli.doctor.finding import Finding, fault, ok, warning
from steward.core.errors import StewardError
from steward.core.key_file import KEY_BYTES
from steward.settings import Settings, load_settings, places, settings_file

_LOW_BYTES, _NONE_BYTES = 1 << 30, 100 << 20
_KEYS = ("approval.key", "ledger.key", "placeholder.key", "vault.key")


def settings() -> tuple[Settings, bool, list[Finding]]:
    """The settings in force, whether they are whole, and what is wrong with them.

    Where they are wrong, the places that they name count, and nothing else.
    """
    try:
        file, whole = settings_file(), load_settings()
    except StewardError as error:
        first, _, rest = str(error).partition("\n")
        told = fault("settings", first, rest, "Correct what is named above, then run this again.")
        return places(), False, [told]
    found = f"{file}" if file.is_file() else f"{file} is not there, so everything is as usual"
    return whole, True, [ok("settings", found), *_others(file)]


def _others(file: Path) -> Iterator[Finding]:
    """Whether somebody else could change or read the settings."""
    for path in (file.parent, file):
        mode = _mode(path)
        if mode is not None and mode & 0o022:
            yield fault(
                "settings",
                f"{path} can be written by others (mode {mode:04o})",
                "Whoever writes there decides where your code is sent.",
                f"chmod go-w {_quoted(path)}",
            )
    mode = _mode(file)
    if mode is not None and mode & 0o044:
        yield warning(
            "settings",
            f"{file} can be read by others (mode {mode:04o})",
            "A key that stands there is theirs, too.",
            f"chmod 600 {_quoted(file)}",
        )


def data_folder(folder: Path) -> list[Finding]:
    """Whether the folder is there, ours, and closed to others, and its keys likewise."""
    if not folder.exists():
        return [ok("data folder", f"{folder} is not there yet; it is made when it is needed")]
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [
            fault(
                "data folder",
                f"{folder} cannot be written",
                "Nothing can be kept: no database, no keys, no runs.",
                f"sudo chown -R $(id -un) {_quoted(folder)} && chmod 700 {_quoted(folder)}",
            )
        ]
    mode = _mode(folder) or 0
    if mode & 0o077:
        found = warning(
            "data folder",
            f"{folder} is open to others (mode {mode:04o})",
            "They see which runs and extensions there are.",
            f"chmod 700 {_quoted(folder)}",
        )
    else:
        found = ok("data folder", str(folder))
    return [found, *_key_files(folder)]


def _key_files(folder: Path) -> Iterator[Finding]:
    there = [folder / name for name in _KEYS if (folder / name).exists()]
    wrong = [each for each in map(_key_file, there) if each is not None]
    yield from wrong
    if there and not wrong:
        yield ok("key files", ", ".join(each.name for each in there))


def _key_file(file: Path) -> Finding | None:
    state = file.lstat()
    mode = stat.S_IMODE(state.st_mode)
    if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
        return fault(
            "key files",
            f"{file} is no file of yours",
            "A key that somebody else keeps protects nothing.",
            f"ls -l {_quoted(file)}  # then put back the file from your backup",
        )
    if mode & 0o077:
        return fault(
            "key files",
            f"{file} is open to others (mode {mode:04o})",
            "Whoever reads it can forge what it seals.",
            f"chmod 600 {_quoted(file)}",
        )
    if state.st_size < 2 * KEY_BYTES:
        return fault(
            "key files",
            f"{file} holds no whole key",
            "What it sealed cannot be checked or opened any more.",
            f"cp BACKUP/{file.name} {_quoted(file)} && chmod 600 {_quoted(file)}",
        )
    return None


def disk(folder: Path) -> Finding:
    """The room where the data folder is, or will be."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    found = os.statvfs(there)
    free = found.f_bavail * found.f_frsize
    what = f"{free / (1 << 30):.1f} GB are free for {folder}"
    if free >= _LOW_BYTES:
        return ok("disk", what)
    made = fault if free < _NONE_BYTES else warning
    why = "With a full disk no model is called: what it costs could not be written down."
    return made("disk", what, why, f"du -xh --max-depth=1 {_quoted(there)} | sort -h")


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
