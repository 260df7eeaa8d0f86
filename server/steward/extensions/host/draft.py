"""What an extension proposes, computed against the files as they are now."""

import asyncio
from dataclasses import dataclass, field, replace

from steward.core.errors import InvalidInputError, LimitError
from steward.core.limits import CHANGES_BYTES_MAX, CHANGES_MAX, FILE_BYTES_MAX
from steward.extensions.payloads import FileChange as Wanted
from steward.workspace.edits.apply import Blocks, apply
from steward.workspace.edits.block import Block
from steward.workspace.paths import check_is_no_control_file
from steward.workspace.proposal import FileChange
from steward.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Draft:
    """The changes so far, by the path that each file has afterwards."""

    workspace: Workspace
    changes: dict[str, FileChange] = field(default_factory=dict[str, FileChange])

    async def take(self, wanted: Wanted) -> None:
        """Add a change.

        Raises:
            InvalidInputError: it cannot be made, or not beside the others.
            NotPermittedError: the file is kept from models, or steers other programs.
            NotFoundError: there is no such file.
        """
        path = self._path(wanted.path)
        match wanted.do:
            case "edit":
                await self._edit(path, _given(wanted.old_text, wanted, "old_text"), wanted)
            case "write":
                await self._write(path, _given(wanted.new_text, wanted, "new_text"))
            case "delete":
                self._check_unnamed(path)
                text = (await self.workspace.read_for_model(path)).text
                self.changes[path] = FileChange(path, text, None)
            case "rename":
                await self._rename(path, self._path(_given(wanted.to, wanted, "to")))

    def done(self) -> tuple[FileChange, ...]:
        """All of them.

        Raises:
            InvalidInputError: nothing would change.
            LimitError: it is too much for one proposal.
        """
        changes = tuple(
            change
            for change in self.changes.values()
            if change.moved_from is not None or change.before != change.after
        )
        if not changes:
            raise InvalidInputError("The files hold that already, so nothing would change.")
        if len(changes) > CHANGES_MAX:
            raise LimitError(f"A proposal may change {CHANGES_MAX} files; propose fewer at once.")
        total = 0
        for change in changes:
            size = len((change.after or "").encode("utf-8", "surrogatepass"))
            if size > FILE_BYTES_MAX:
                raise LimitError(f"{change.path!r} would have more than {FILE_BYTES_MAX} bytes.")
            total += size + len(change.before or "")
        if total > CHANGES_BYTES_MAX:
            raise LimitError(f"The changes hold over {CHANGES_BYTES_MAX} bytes; propose fewer.")
        return changes

    async def _edit(self, path: str, old_text: str, wanted: Wanted) -> None:
        known = self.changes.get(path)
        if known is None:
            self._check_unnamed(path)
            text = (await self.workspace.read_for_model(path)).text
            known = FileChange(path, text, text)
        if known.after is None:
            raise _named_twice(path)
        block = Block(old_text, _given(wanted.new_text, wanted, "new_text"))
        times = _plain(known.after).count(_plain(old_text))
        if times != 1:  # No guessing, as with models: the API promises the same text.
            raise InvalidInputError(
                f"old_text stands {times} times in {path!r}, and must stand"
                " there exactly once. Read the file again, and take more of the lines around it."
            )
        after = await asyncio.to_thread(apply, known.after, Blocks((block,)))
        self.changes[path] = replace(known, after=after)

    async def _write(self, path: str, text: str) -> None:
        self._check_unnamed(path)
        relative = await self.workspace.check_for_model(path)
        self.changes[path] = FileChange(path, await self.workspace.text_now(relative), text)

    async def _rename(self, old: str, new: str) -> None:
        self._check_unnamed(old)
        self._check_unnamed(new)
        if await self.workspace.text_now(await self.workspace.check_for_model(new)) is not None:
            raise InvalidInputError(f"There is a {new!r} already; choose another name.")
        text = (await self.workspace.read_for_model(old)).text
        self.changes[new] = FileChange(new, text, text, moved_from=old)

    def _path(self, given: str) -> str:
        path = self.workspace.resolve(given)
        check_is_no_control_file(path)
        return str(path)

    def _check_unnamed(self, path: str) -> None:
        if any(path in change.by_path() for change in self.changes.values()):
            raise _named_twice(path)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _given(value: str | None, wanted: Wanted, name: str) -> str:
    if value is None:
        raise InvalidInputError(f"{name}: a change with `do: {wanted.do}` must say it.")
    return value


def _named_twice(path: str) -> InvalidInputError:
    return InvalidInputError(
        f"{path!r} is changed twice in one proposal; only edits of the same file go together."
    )
