"""A path inside the workspace, parsed from what a model or a client wrote.

Nothing below opens a path that was not parsed here. What is refused is refused before the disk
is asked, so a refusal says nothing about what exists.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.limits import PATH_CHARS_MAX, PATH_COMPONENT_BYTES_MAX

_CONTROL_FOLDERS = frozenset(
    {".git", ".github", ".gitlab", ".circleci", ".vscode", ".idea", ".husky", ".steward"}
    | {".devcontainer", ".cursor", ".claude", ".zed", ".nvim", ".githooks"}
)
"""Folders whose every file makes some program do something."""

_CONTROL_FILES = frozenset(
    {".gitconfig", ".gitmodules", ".gitattributes", ".gitignore", ".stewardignore"}
    | {".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "jenkinsfile"}
    | {".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".zprofile", ".envrc"}
    | {".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".netrc", "pip.conf", ".mcp.json"}
    | {".pre-commit-config.yaml", ".nvimrc", ".exrc", ".nvim.lua", ".vimrc", ".dir-locals.el"}
    | {"sitecustomize.py", "usercustomize.py", "steward.toml", ".steward.toml"}
)


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

    def under(self, root: Path) -> Path:
        """Where it is on disk, for showing and comparing. To open it, use `files`."""
        return root.joinpath(*self.parts)


def is_control_file(path: WorkspacePath) -> bool:
    """Whether other programs obey this file, so that changing it needs an approval of its own."""
    names = [_folded(part) for part in path.parts]
    if not names:
        return False
    return any(name in _CONTROL_FOLDERS for name in names) or names[-1] in _CONTROL_FILES


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
    if _folded(part) == ".git" or _folded(part).startswith("git~"):
        raise NotPermittedError(f"{text!r} is inside '.git', which belongs to git alone.")


def _spellings(part: str) -> list[str]:
    """The name itself, and what a careless reader further on could take it for."""
    spellings = [part, unicodedata.normalize("NFKC", part)]
    decoded = part
    for _ in range(3):
        decoded = unquote(decoded)
        spellings.append(decoded)
    return spellings


def _folded(part: str) -> str:
    """The name as a file system that ignores case and invisible characters would see it."""
    plain = unicodedata.normalize("NFKC", part).casefold()
    shown = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return shown.rstrip(". ")


def _outside(text: str) -> NotPermittedError:
    return NotPermittedError(
        f"{text!a} leads out of the workspace; give a path relative to its top folder."
    )
