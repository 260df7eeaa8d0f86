"""Names of branches: which are protected, which fit, and what one should be called."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase


def is_protected(branch: str, patterns: Iterable[str]) -> bool:
    """Whether a branch is one that nobody should work on."""
    return any(fnmatchcase(branch, pattern) for pattern in patterns)


def naming_fault(branch: str, pattern: str) -> str | None:
    """What is wrong with a branch's name; None: nothing."""
    if not branch or not pattern:
        return None
    try:
        fits = re.fullmatch(pattern, branch[:250])
    except re.error as error:
        return f"The setting branch_pattern is no regular expression: {error}."
    if fits:
        return None
    return f"The branch {branch!r} is not named as this project wants it: `{pattern}`."


def suggested(branch: str, pattern: str, types: Iterable[str]) -> str | None:
    """A name near the branch's that fits; None where none was found."""
    type_, slash, rest = branch.partition("/")
    slug = re.sub(r"[^a-z0-9]+", "-", (rest if slash else branch).lower()).strip("-")
    type_ = {"feature": "feat", "bugfix": "fix", "hotfix": "fix"}.get(type_.lower(), type_.lower())
    known = list(types)
    for each in dict.fromkeys([type_, *known]):
        name = f"{each}/{slug}"
        if each in known and slug and naming_fault(name, pattern) is None:
            return name
    return None
