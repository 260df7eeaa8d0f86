"""The user's files as they are now: the editor's text where a document is open, else the disk's."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
)
from steward.workspace.editor import Editor, Snapshot
from steward.workspace.files import decode, read_bytes
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.listing import list_files
from steward.workspace.paths import WorkspacePath


@dataclass(frozen=True, slots=True)
class Workspace:
    """One folder, seen through one editor."""

    root: Path
    editor: Editor
    oracle: IgnoreOracle

    def resolve(self, path: str) -> WorkspacePath:
        """The path, checked; absolute paths are taken when they lie in the workspace.

        Raises:
            InvalidInputError: it is no path that we take.
            NotPermittedError: it leads out of the workspace or into `.git`.
        """
        return WorkspacePath.parse(path, self.root)

    async def read_for_model(self, path: str) -> Snapshot:
        """A document that a model may see.

        Raises:
            NotPermittedError: the ignore oracle keeps the file from models; says by which rule.
            NotFoundError, InvalidInputError, LimitError: there is no such readable text.
        """
        return await self.current(await self.check_for_model(path))

    async def check_for_model(self, path: str) -> WorkspacePath:
        """The path, if a model may see what is there; raises as `read_for_model` does."""
        relative = self.resolve(path)
        reason = await asyncio.to_thread(self.oracle.why_not, relative)
        if reason is not None:
            raise NotPermittedError(f"'{relative}' is kept from models: {reason}.")
        return relative

    async def current(self, relative: WorkspacePath) -> Snapshot:
        """The document as it is now, for comparing and landing; ask the oracle before showing."""
        opened = self.editor.open_document(relative.under(self.root))
        if opened is not None:
            return opened
        content = await asyncio.to_thread(read_bytes, self.root, relative)
        return Snapshot(decode(content, str(relative))[0], None)

    async def text_now(self, relative: WorkspacePath) -> str | None:
        """The document's text as it is now; `None` if it is neither open nor on the disk."""
        try:
            return (await self.current(relative)).text
        except NotFoundError:
            return None

    async def text_on_disk(self, relative: WorkspacePath) -> str | None:
        """The file's text, whatever an editor shows; `None` if there is no such file."""
        try:
            content = await asyncio.to_thread(read_bytes, self.root, relative)
        except NotFoundError:
            return None
        return decode(content, str(relative))[0]

    async def list_for_model(self, limit: int) -> tuple[str, ...]:
        """The files that a model may see, as relative paths, sorted."""
        found = await asyncio.to_thread(list_files, self.root, self.oracle, limit)
        return tuple(sorted(str(path) for path in found.files))

    async def unsaved(self, also: Collection[Path] = ()) -> dict[Path, bytes]:
        """Open documents whose text is not what is on the disk: absolute path → UTF-8 bytes.

        Those in `also` are given as they are now, even if they are saved or closed by now.
        """
        opened = self.editor.open_texts()
        texts: dict[Path, bytes] = {}
        for path in {**opened, **dict.fromkeys(also)}:
            try:
                relative = self.resolve(str(path))
                content = await asyncio.to_thread(read_bytes, self.root, relative)
            except (InvalidInputError, LimitError, NotFoundError, NotPermittedError):
                continue
            text = opened.get(path)
            wanted = content if text is None else text.encode("utf-8", "surrogatepass")
            if content != wanted or path in also:
                texts[relative.under(self.root)] = wanted
        return texts
