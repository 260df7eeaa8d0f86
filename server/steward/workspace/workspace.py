"""The user's files as they are now: the editor's text where a document is open, else the disk's."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
)
from steward.workspace.editor import Editor, Snapshot
from steward.workspace.encoding import decode, encode_like
from steward.workspace.files import read_bytes
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

    async def check_for_model(self, path: str, *, is_folder: bool = False) -> WorkspacePath:
        """The path, if a model may see what is there; raises as `read_for_model` does."""
        relative = self.resolve(path)
        reason = await asyncio.to_thread(self.oracle.why_not, relative, is_folder=is_folder)
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
        return (await self.texts_on_disk((relative,)))[0]

    async def texts_now(self, paths: Iterable[WorkspacePath]) -> list[str | None]:
        """The same as `text_now` of each, in one go."""
        wanted = list(paths)
        opened = [self.editor.open_document(path.under(self.root)) for path in wanted]
        closed = [path for path, shown in zip(wanted, opened, strict=True) if shown is None]
        on_disk = iter(await self.texts_on_disk(closed))
        return [next(on_disk) if shown is None else shown.text for shown in opened]

    async def texts_on_disk(self, paths: Iterable[WorkspacePath]) -> list[str | None]:
        """The same as `text_on_disk` of each, in one go."""
        return await asyncio.to_thread(_read_each, self.root, list(paths))

    async def bytes_of(self, text: str, path: str) -> bytes:
        """How a file holds this text: in the encoding that it has on the disk, or else UTF-8."""
        try:
            content = await asyncio.to_thread(read_bytes, self.root, self.resolve(path))
        except NotFoundError:  # An editor may show a new file before it saves it.
            content = b""
        return _encoded(text, content)

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
            wanted = content if text is None else _encoded(text, content)
            if content != wanted or path in also:
                texts[relative.under(self.root)] = wanted
        return texts


def _read_each(root: Path, paths: list[WorkspacePath]) -> list[str | None]:
    return [_read(root, path) for path in paths]


def _read(root: Path, path: WorkspacePath) -> str | None:
    try:
        return decode(read_bytes(root, path), str(path))[0]
    except NotFoundError:
        return None


def _encoded(text: str, content: bytes) -> bytes:
    try:
        return encode_like(text, content)
    except UnicodeEncodeError:  # Half a character, which only an editor's text can hold.
        return text.encode("utf-8", "surrogatepass")
