"""`git-read`: what the repository says of itself, without the files that are kept from models.

Each answer is a text, one entry a line: `branch` is the name, empty where none is checked out;
`branches` are names, the one moved last first; `status` has a line such as `modified: src/a.py` or
`modified, staged: src/a.py`; `diff` and `staged` are unified diffs; `log` and `blame` say commit,
date and author.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from steward.core.agent_limits import GIT_BLAMED_LINES_MAX, GIT_COMMITS_MAX
from steward.core.errors import InvalidInputError
from steward.core.extension_limits import EXTENSION_GIT_CHARS_MAX
from steward.extensions.granted import Wanted
from steward.extensions.host.arguments import payload_in, text_in
from steward.extensions.host.gate import Caller, Gate
from steward.extensions.payloads import GitReadRequest, GitReadResponse
from steward.workspace.differing import Comparison, diff_text, differing
from steward.workspace.git.reading import Blamed, Commit, GitReader, under_workspace
from steward.workspace.lines import split_lines
from steward.workspace.reveal import reveal
from steward.workspace.workspace import Workspace

_REQUEST_CHARS_MAX = 8_000
_MESSAGE_CHARS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class GitRead:
    """Reads the repository for extensions."""

    gate: Gate
    workspace: Workspace
    reader: GitReader

    async def answer(self, caller: Caller, arguments: tuple[str | None, ...]) -> str:
        """`git-read`: what was asked, as text."""
        wanted = payload_in(GitReadRequest, text_in(arguments, 0, _REQUEST_CHARS_MAX))
        path = None if wanted.path is None else str(self.workspace.resolve(wanted.path))
        subjects = () if path is None else (path,)
        await self.gate.check(caller, Wanted("git.read", subjects, is_sifted=path is None))
        text, is_whole = await self._text(caller, wanted, path)
        shown = reveal(text)[0]
        is_whole = is_whole and len(shown) <= EXTENSION_GIT_CHARS_MAX
        return GitReadResponse(
            text=shown[:EXTENSION_GIT_CHARS_MAX], is_whole=is_whole
        ).model_dump_json()

    async def _text(
        self, caller: Caller, wanted: GitReadRequest, path: str | None
    ) -> tuple[str, bool]:
        match wanted.what:
            case "branch":
                return (await asyncio.to_thread(self.reader.status)).branch, True
            case "branches":
                names = await asyncio.to_thread(self.reader.branches, wanted.limit + 1)
                return "\n".join(names[: wanted.limit]), len(names) <= wanted.limit
            case "status":
                return await self._status(caller, wanted, path)
            case "diff":
                return await self._diff(caller, Comparison("working"), path)
            case "staged":
                return await self._diff(caller, Comparison("staged"), path)
            case "log":
                return await self._log(wanted, path)
            case "blame":
                return await self._blame(wanted, path)

    async def _status(
        self, caller: Caller, wanted: GitReadRequest, path: str | None
    ) -> tuple[str, bool]:
        prefix = await asyncio.to_thread(self.reader.prefix)
        status = await asyncio.to_thread(self.reader.status)
        entries = [
            *(("in conflict", name) for name in status.conflicts),
            *((f"{state}, staged", name) for state, name in status.staged),
            *status.unstaged,
            *(("new", name) for name in status.untracked),
        ]
        lines: list[str] = []
        for state, name in entries:
            inside = under_workspace(name.removesuffix("/"), prefix)
            if inside is None or not caller.may("git.read", str(inside)):
                continue
            if path is None or str(inside) == path or str(inside).startswith(f"{path}/"):
                lines.append(f"{state}: {' '.join(str(inside).split())}")
        is_whole = not status.is_cut and len(lines) <= wanted.limit
        return "\n".join(lines[: wanted.limit]), is_whole

    async def _diff(self, caller: Caller, what: Comparison, path: str | None) -> tuple[str, bool]:
        if path is not None:
            what = replace(what, paths=(path,))
        found = await differing(self.reader, self.workspace, what)
        files = {
            each: one for each, one in found.files.items() if caller.may("git.read", str(each))
        }
        room = EXTENSION_GIT_CHARS_MAX // 2
        sifted = replace(found, files=files)
        diff, left_out = await diff_text(sifted, self.reader, self.workspace, room)
        return diff, not (left_out or found.kept_back or len(files) < len(found.files))

    async def _log(self, wanted: GitReadRequest, path: str | None) -> tuple[str, bool]:
        paths = () if path is None else (path,)
        count = min(wanted.limit, GIT_COMMITS_MAX)
        found = await asyncio.to_thread(self.reader.log, "HEAD", paths, 0, count + 1)
        return "\n\n".join(map(_commit, found[:count])), len(found) <= count

    async def _blame(self, wanted: GitReadRequest, path: str | None) -> tuple[str, bool]:
        if path is None:
            raise InvalidInputError("path: `blame` is about one file; name it.")
        text = (await self.workspace.read_for_model(path)).text
        lines = len(split_lines(text))
        last = min(lines, wanted.limit, GIT_BLAMED_LINES_MAX)
        if not last:
            return "", True
        await asyncio.to_thread(self.reader.prefix)
        found = await asyncio.to_thread(
            self.reader.blame, path, text.encode("utf-8", "surrogatepass"), 1, last
        )
        return _blamed(found), last == lines


def _commit(commit: Commit) -> str:
    indented = "\n".join(f"    {line}" for line in commit.message[:_MESSAGE_CHARS_MAX].splitlines())
    return f"{commit.id[:12]} {commit.date} {commit.author}\n{indented}"


def _blamed(lines: Iterable[Blamed]) -> str:
    told: list[str] = []
    for line in lines:
        if line.commit is None:
            told.append(f"{line.number} (not committed) {line.text}")
            continue
        day = datetime.fromtimestamp(line.when_s, UTC).date().isoformat()
        told.append(f"{line.number} ({line.commit[:12]} {day} {line.author}) {line.text}")
    return "\n".join(told)
