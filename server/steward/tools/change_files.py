"""Propose changes to several files at once: edit, create, rename, delete."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from steward.core.errors import InvalidInputError, LimitError
from steward.core.limits import CHANGES_BYTES_MAX, CHANGES_MAX, FILE_BYTES_MAX
from steward.permissions.decide import Act
from steward.tools.known import check_is_as_known
from steward.tools.tool import Call, Request
from steward.workspace.edits.apply import Blocks, apply
from steward.workspace.edits.block import Block
from steward.workspace.edits.elision import check_is_whole
from steward.workspace.edits.whole import text_of_new_file
from steward.workspace.markdown import code
from steward.workspace.paths import check_is_no_control_file
from steward.workspace.proposal import EditProposal, FileChange


class _Change(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: str
    """Relative to the workspace."""

    def paths(self) -> tuple[str, ...]:
        """Every path that it names."""
        return (self.path,)


class EditText(_Change):
    """Replace text in a file that exists, or that an earlier change of this call creates."""

    do: Literal["edit"]
    old_text: str
    """Copied exactly from the file, long enough to occur only once."""
    new_text: str
    """What stands there instead, written out in full."""
    replace_all: bool = False
    """Replace every place where old_text occurs."""


class CreateFile(_Change):
    """Make a new file; there must not be one of this name."""

    do: Literal["create"]
    text: str


class RenameFile(_Change):
    """Give a file another name or folder."""

    do: Literal["rename"]
    new_path: str
    """Relative to the workspace; there must be nothing."""

    def paths(self) -> tuple[str, ...]:
        """Where it is, and where it goes."""
        return (self.path, self.new_path)


class DeleteFile(_Change):
    """Delete a file."""

    do: Literal["delete"]


AnyChange = Annotated[EditText | CreateFile | RenameFile | DeleteFile, Field(discriminator="do")]


class ChangeFilesArguments(BaseModel):
    """The changes, in order. They are applied all together or not at all."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    changes: list[AnyChange] = Field(min_length=1, max_length=CHANGES_MAX)


@dataclass(frozen=True, slots=True)
class ChangeFiles:
    """One proposal; no file changes before a person approves all of it."""

    name: str = "change_files"
    description: str = (
        "Propose changes to several files as one: edit, create, rename, delete. They are applied"
        " all together or not at all. The person sees the whole diff and decides. A file may be"
        " edited several times in one call, and otherwise be named once."
    )
    arguments: type[ChangeFilesArguments] = ChangeFilesArguments

    def act(self, arguments: ChangeFilesArguments, call: Call) -> Act:
        """Proposing changes of these files."""
        paths = [path for change in arguments.changes for path in change.paths()]
        return Act(self.name, "files.propose", tuple(str(call.workspace.resolve(p)) for p in paths))

    async def request(self, arguments: ChangeFilesArguments, call: Call) -> Request:
        """Asked only where the plan does not name it; the diff is asked about anyway."""
        paths = [change.path for change in arguments.changes]
        listed = "\n".join(f"- {change.do} {code(change.path)}" for change in arguments.changes)
        return Request(
            f"Propose changes to {len(set(paths))} files",
            f"The agent wants to propose these changes:\n\n{listed}\n\nYou will see the diff before"
            " anything changes.",
            {"paths": paths},
        )

    async def run(self, arguments: ChangeFilesArguments, call: Call) -> EditProposal:
        """Compute all changes against the documents as they are now."""
        draft = _Draft(call)
        for change in arguments.changes:
            match change:
                case EditText():
                    await draft.edit(change)
                case CreateFile():
                    await draft.create(change)
                case RenameFile():
                    await draft.rename(change)
                case DeleteFile():
                    await draft.delete(change)
        changes = tuple(draft.changes.values())
        _check_size(changes)
        names = [change.named() for change in changes]
        title = f"Change {names[0] if len(names) == 1 else f'{len(names)} files'}"
        return EditProposal(call.proposal_id, call.run_id, title, changes)


@dataclass(frozen=True, slots=True)
class _Draft:
    """The changes so far, by the path that each file has afterwards."""

    call: Call
    changes: dict[str, FileChange] = field(default_factory=dict[str, FileChange])

    async def edit(self, wanted: EditText) -> None:
        path = self._path(wanted.path)
        known = self.changes.get(path)
        if known is None:
            self._check_unnamed(path)
            text = (await self.call.workspace.read_for_model(path)).text
            known = FileChange(path, text, text)
        if known.after is None:
            raise _named_twice(path)
        block = Block(wanted.old_text, wanted.new_text, wanted.replace_all)
        after = await asyncio.to_thread(apply, known.after, Blocks((block,)))
        self.changes[path] = replace(known, after=after)

    async def create(self, wanted: CreateFile) -> None:
        path = await self._new_path(wanted.path)
        text = text_of_new_file(path, wanted.text)
        check_is_whole(text, "")
        self.changes[path] = FileChange(path, None, text)

    async def rename(self, wanted: RenameFile) -> None:
        old, new = await self._old_path(wanted.path), await self._new_path(wanted.new_path)
        text = (await self.call.workspace.read_for_model(old)).text
        self.changes[new] = FileChange(new, text, text, moved_from=old)

    async def delete(self, wanted: DeleteFile) -> None:
        path = await self._old_path(wanted.path)
        text = (await self.call.workspace.read_for_model(path)).text
        check_is_as_known(path, text, self.call)
        self.changes[path] = FileChange(path, text, None)

    async def _old_path(self, given: str) -> str:
        path = self._path(given)
        self._check_unnamed(path)
        return path

    async def _new_path(self, given: str) -> str:
        path = self._path(given)
        self._check_unnamed(path)
        workspace = self.call.workspace
        await workspace.check_for_model(path)
        if await workspace.text_now(workspace.resolve(path)) is not None:
            raise InvalidInputError(f"There is a {path!r} already; edit it or choose another name.")
        return path

    def _path(self, given: str) -> str:
        path = self.call.workspace.resolve(given)
        check_is_no_control_file(path)
        return str(path)

    def _check_unnamed(self, path: str) -> None:
        if any(path in change.by_path() for change in self.changes.values()):
            raise _named_twice(path)


def _named_twice(path: str) -> InvalidInputError:
    return InvalidInputError(
        f"{path!r} is changed twice in one call; only edits of the same file go together."
    )


def _check_size(changes: tuple[FileChange, ...]) -> None:
    total = 0
    for change in changes:
        size = len((change.after or "").encode("utf-8", "surrogatepass"))
        if size > FILE_BYTES_MAX:
            raise LimitError(f"{change.path!r} would have more than {FILE_BYTES_MAX} bytes.")
        total += size + len(change.before or "")
    if total > CHANGES_BYTES_MAX:
        raise LimitError(f"The changes hold over {CHANGES_BYTES_MAX} bytes; make fewer at once.")
