"""A path inside the workspace, parsed from what a model or a client wrote.

Nothing below opens a path that was not parsed here. What is refused is refused before the disk
is asked, so a refusal says nothing about what exists.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.limits import PATH_CHARS_MAX, PATH_COMPONENT_BYTES_MAX
from steward.permissions.control_files import folded_name, is_control_path

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+-]{0,200}[A-Za-z0-9_+-]")
"""Most names are; all others are judged character by character."""


@dataclass(frozen=True, slots=True, order=True)
class WorkspacePath:
    """Names from the workspace down, none of which is special. No names: the workspace itself."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, root: Path | None = None) -> "WorkspacePath":
        """The path that `text` names: relative, or absolute and below `root`.

        Raises:
            NotPermittedError: it leads out of the workspace or into `.git`.
            InvalidInputError: it is no path that we take.
        """
        if not text or len(text) > PATH_CHARS_MAX:
            raise InvalidInputError(
                f"A path must have 1 to {PATH_CHARS_MAX} characters; this one has {len(text)}."
            )
        parts = [part for part in _relative(text, root).split("/") if part not in ("", ".")]
        for part in parts:
            _check(part, text)
        return cls(tuple(parts))

    def __str__(self) -> str:
        return "/".join(self.parts) or "."

    @property
    def name(self) -> str:
        """The last name; empty for the workspace itself."""
        return self.parts[-1] if self.parts else ""

    @property
    def parent(self) -> "WorkspacePath":
        """The folder that holds it; the workspace is its own parent."""
        return WorkspacePath(self.parts[:-1])

    def child(self, name: str) -> "WorkspacePath":
        """What has this name in it. The name is not checked: it is for what the disk names."""
        return WorkspacePath((*self.parts, name))

    def under(self, root: Path) -> Path:
        """Where it is on disk, for showing and comparing. To open it, use `files`."""
        return root.joinpath(*self.parts)


def is_plain_name(name: str) -> bool:
    """Whether a name that a folder holds is one that we take, alone and at once."""
    return _PLAIN_NAME.fullmatch(name) is not None and not name.lower().startswith((".git", "git~"))


def is_control_file(path: WorkspacePath) -> bool:
    """Whether other programs obey this file, so that changing it needs an approval of its own."""
    return is_control_path(path.parts)


def check_is_no_control_file(path: WorkspacePath) -> None:
    """Raise `NotPermittedError` for a file that only a person changes."""
    if is_control_file(path):
        raise NotPermittedError(
            f"{str(path)!r} steers tools (git, editors, CI, Steward itself); agents do not change"
            " such files. Say what should change and let the person do it."
        )


def _relative(text: str, root: Path | None) -> str:
    if not text.startswith("/"):
        if text == "~" or text.startswith("~/"):
            raise _outside(text)
        return text
    # Two slashes at the start may mean another machine.
    if root is None or text.startswith("//"):
        raise _outside(text)
    parts = text.split("/")
    if ".." in parts:
        raise _outside(text)
    # As text and not through the disk: resolving would follow what an attacker planted.
    if not PurePosixPath(text).is_relative_to(root):
        raise _outside(text)
    return PurePosixPath(text).relative_to(root).as_posix()


def _check(part: str, text: str) -> None:
    for spelling in _spellings(part):
        if spelling in (".", "..") or "/" in spelling:
            raise _outside(text)
        if "\\" in spelling or ":" in spelling:
            raise InvalidInputError(f"{text!r} is not a path with '/' between its names.")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in part):
        raise InvalidInputError(f"{text!a} holds invisible or control characters; leave them out.")
    if part != part.rstrip(". ") or part != part.lstrip(" "):
        raise InvalidInputError(f"{text!r} has a name that begins or ends in a space or a dot.")
    if len(part.encode()) > PATH_COMPONENT_BYTES_MAX:
        raise InvalidInputError(f"A name in a path may have {PATH_COMPONENT_BYTES_MAX} bytes.")
    if folded_name(part) == ".git" or folded_name(part).startswith("git~"):
        raise NotPermittedError(f"{text!r} is inside '.git', which belongs to git alone.")


def _spellings(part: str) -> list[str]:
    """The name itself, and what a careless reader further on could take it for."""
    spellings = [part, unicodedata.normalize("NFKC", part)]
    decoded = part
    for _ in range(3):
        decoded = unquote(decoded)
        spellings.append(decoded)
    return spellings


def _outside(text: str) -> NotPermittedError:
    return NotPermittedError(
        f"{text!a} leads out of the workspace; give a path relative to its top folder."
    )
