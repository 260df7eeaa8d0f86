"""What differs in a repository, as far as a model may see it: unified diffs, and what is left out.

Every path is judged by the ignore oracle before its content is asked for; the others are named.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from steward.core.agent_limits import GIT_FILES_MAX
from steward.core.errors import InvalidInputError, StewardError
from steward.workspace.encoding import decode
from steward.workspace.git.hunks import hunks
from steward.workspace.git.reading import Difference, GitReader, under_workspace
from steward.workspace.paths import WorkspacePath
from steward.workspace.reveal import reveal
from steward.workspace.workspace import Workspace

_SMALLEST = 200
"""In less room no difference is looked for."""
_TOO_MUCH = "too much to show at once; give it in `paths`"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared with what."""

    of: Literal["working", "staged", "commits"]
    base: str = ""
    head: str = ""
    paths: tuple[str, ...] = ()
    """Only these files and folders; empty for all."""


@dataclass(frozen=True, slots=True)
class Differing:
    """The files that differ and may be seen, and why others are not among them."""

    files: Mapping[WorkspacePath, Difference]
    kept_back: Mapping[WorkspacePath, str]
    """Files that no model may see → why, as the ignore oracle says it."""
    left_out: tuple[str, ...]
    """What else is left out, in words."""
    is_working: bool


async def differing(reader: GitReader, workspace: Workspace, what: Comparison) -> Differing:
    """The files that differ; unsaved documents count where the working files do."""
    paths = what.paths or (".",)
    prefix = await asyncio.to_thread(reader.prefix)
    match what.of:
        case "working":
            differences = await asyncio.to_thread(reader.unstaged, paths)
            if not what.paths:
                differences += await _unsaved(reader, prefix, differences, workspace)
        case "staged":
            differences = await asyncio.to_thread(reader.staged, paths)
        case "commits":
            differences = await asyncio.to_thread(reader.between, what.base, what.head, paths)
    inside = {
        path: one for one in differences if (path := under_workspace(one.path, prefix)) is not None
    }
    verdicts = await asyncio.to_thread(workspace.oracle.why_not_each, inside)
    kept_back = {path: reason for path, reason in verdicts.items() if reason is not None}
    left_out = [repr(one.path) for one in differences if one not in inside.values()]
    allowed = [path for path in sorted(inside) if verdicts[path] is None]
    if len(allowed) > GIT_FILES_MAX:
        left_out.append(f"{len(allowed) - GIT_FILES_MAX} more files; give some in `paths`")
    shown = {path: inside[path] for path in allowed[:GIT_FILES_MAX]}
    return Differing(shown, kept_back, tuple(left_out), what.of == "working")


async def diff_text(
    found: Differing, reader: GitReader, workspace: Workspace, chars_max: int
) -> tuple[str, list[str]]:
    """The unified diffs that fit, and what is left out beside the files that are kept back."""
    blobs = await asyncio.to_thread(
        reader.blobs, [i for one in found.files.values() for i in _ids(one)]
    )
    pieces: list[str] = []
    left_out = list(found.left_out)
    room, is_cut = chars_max, False
    for path, difference in found.files.items():
        if room < _SMALLEST:
            left_out.append(f"'{path}': {_TOO_MUCH}")
            continue
        piece = await _piece(path, difference, blobs, workspace, is_working=found.is_working)
        if len(piece) > room:
            left_out.append(f"'{path}': {_TOO_MUCH}")
            # The beginning of the first of them; what is small finds room all the same.
            if not is_cut:
                is_cut, room = True, room // 2
                pieces.append(f"{piece[:room]}\n… (cut)\n")
            continue
        room -= len(piece)
        pieces.append(piece)
    return "".join(pieces), left_out


async def _unsaved(
    reader: GitReader, prefix: str, known: list[Difference], workspace: Workspace
) -> list[Difference]:
    """Documents that differ only in the editor."""
    seen = {one.path for one in known}
    texts = await workspace.unsaved()
    names = {prefix + str(workspace.resolve(str(path))) for path in texts} - seen
    if not names:
        return []
    below = [name.removeprefix(prefix) for name in sorted(names)]
    blobs = await asyncio.to_thread(reader.in_index, below)
    return [Difference(name, "modified", blob, None, is_file=True) for name, blob in blobs.items()]


async def _piece(
    path: WorkspacePath,
    one: Difference,
    blobs: Mapping[str, bytes],
    workspace: Workspace,
    *,
    is_working: bool,
) -> str:
    named = reveal(str(path))[0]
    if not one.is_file:
        return f"{named}: {one.state}; a link or a submodule\n"
    try:
        before = _text(one.old, blobs, path)
        if is_working and one.state != "deleted":
            after = (await workspace.read_for_model(str(path))).text
        else:
            after = _text(one.new, blobs, path)
    except StewardError as error:
        return f"{named}: {one.state}; not shown: {error}\n"
    old = None if before is None else f"a/{named}"
    new = None if after is None else f"b/{named}"
    if before == after and before is not None:
        return ""  # Only its time differs, or its mode.
    return await asyncio.to_thread(hunks, old, new, before or "", after or "")


def _text(blob: str | None, blobs: Mapping[str, bytes], path: WorkspacePath) -> str | None:
    if blob is None:
        return None
    if blob not in blobs:
        raise InvalidInputError("it is too large, or git does not have it")
    return decode(blobs[blob], str(path))[0]


def _ids(one: Difference) -> list[str]:
    return [blob for blob in (one.old, one.new) if blob is not None and one.is_file]
