"""Which files steer other programs (git, editors, CI, shells, Steward), so that agents don't.

The names are compared as a careless file system would: without case, width and trailing dots.
"""

from collections.abc import Sequence

from steward.core.spelling import folded

_FOLDERS = frozenset(
    {".git", ".github", ".gitlab", ".circleci", ".vscode", ".idea", ".husky", ".steward"}
    | {".devcontainer", ".cursor", ".claude", ".zed", ".nvim", ".githooks"}
)
"""Folders whose every file makes some program do something."""

_FILES = frozenset(
    {".gitconfig", ".gitmodules", ".gitattributes", ".gitignore", ".stewardignore"}
    | {".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "jenkinsfile"}
    | {".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".zprofile", ".envrc"}
    | {".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".netrc", "pip.conf", ".mcp.json"}
    | {".pre-commit-config.yaml", ".nvimrc", ".exrc", ".nvim.lua", ".vimrc", ".dir-locals.el"}
    | {"sitecustomize.py", "usercustomize.py", "steward.toml", ".steward.toml"}
)


def is_control_path(names: Sequence[str]) -> bool:
    """Whether other programs obey the file at this path, given name by name from the top."""
    plain = [folded_name(name) for name in names]
    return bool(plain) and (not _FOLDERS.isdisjoint(plain) or plain[-1] in _FILES)


def folded_name(name: str) -> str:
    """The name of a file as a file system may see it that also drops dots and spaces at its end."""
    return folded(name).rstrip(". ")
