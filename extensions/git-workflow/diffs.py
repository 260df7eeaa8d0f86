"""What a unified diff changes: files, lines added and removed, and new definitions."""

import re
from dataclasses import dataclass, field

_DEFINES = re.compile(
    r"^\+\s*(?:export\s+)?(?:default\s+)?(?:public\s+)?(?:async\s+)?(?:pub(?:\([^)]*\))?\s+)?"
    r"(?:def|class|function|func|fn|interface|struct|enum|trait"
    r"|const(?=\s+\w+\s*=\s*(?:async\s*)?\())"
    r"\s+(?:\([^)]*\)\s*)?([A-Za-z]\w*)"
)


@dataclass(slots=True)
class Changed:
    """What a diff does to one file."""

    path: str
    state: str = "modified"
    """`new`, `modified` or `deleted`."""
    added: int = 0
    removed: int = 0
    defined: list[str] = field(default_factory=list[str])
    """Names that are defined in added lines and not in removed ones."""


def changed_in(diff: str) -> list[Changed]:
    """Each file of a diff, in its order."""
    files: list[Changed] = []
    before = ""
    in_hunk = False
    for line in diff.split("\n"):
        if line.startswith("--- ") and not (in_hunk and files and _is_removed(line)):
            before = _path(line)
        elif line.startswith("+++ ") and before:
            after = _path(line)
            is_gone = after == "/dev/null"
            state = "deleted" if is_gone else "new" if before == "/dev/null" else "modified"
            files.append(Changed(before if is_gone else after, state))
            before, in_hunk = "", False
        elif line.startswith("@@"):
            in_hunk = True
        elif files and in_hunk:
            _count(files[-1], line)
    return files


def staged_in(status: str) -> list[Changed]:
    """Files that a status calls staged, one `modified, staged: src/a.py` a line."""
    files: list[Changed] = []
    for line in status.split("\n"):
        state, _, path = line.partition(", staged: ")
        if path:
            known = {"new": "new", "added": "new", "deleted": "deleted"}
            files.append(Changed(path, known.get(state, "modified")))
    return files


def _is_removed(line: str) -> bool:
    """Whether a line that begins like a header is a removed one: SQL's and Lua's comments."""
    return not re.match(r"--- (?:a/|i/|w/|c/|/dev/null)", line)


def _path(line: str) -> str:
    named = line[4:].partition("\t")[0].strip().strip('"')
    return re.sub(r"^[abiwc]/", "", named)


def _count(file: Changed, line: str) -> None:
    if line.startswith("+"):
        file.added += 1
        if (found := _DEFINES.match(line)) and found[1] not in file.defined:
            file.defined.append(found[1])
    elif line.startswith("-"):
        file.removed += 1
        found = _DEFINES.match("+" + line[1:])
        if found and found[1] in file.defined:
            file.defined.remove(found[1])
