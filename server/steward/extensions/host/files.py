"""`read-file` and `list-files`: the workspace as its person has it, but for what models never see.

An extension can send what it reads to a model, so the ignore oracle holds for it as it does for
models. A path is parsed before anything else looks at it, and read as every other file is: the
editor's text first, else the disk's, without following links out of the workspace.
"""

import asyncio
from dataclasses import dataclass

from steward.core.extension_limits import EXTENSION_PATHS_MAX
from steward.core.limits import FILES_LISTED_MAX, PATH_CHARS_MAX
from steward.extensions.granted import Wanted
from steward.extensions.host.arguments import payload_in, text_in
from steward.extensions.host.gate import Caller, Gate
from steward.extensions.payloads import ListFilesRequest, ListFilesResponse
from steward.permissions.globs import is_path_in
from steward.workspace.listing import list_files
from steward.workspace.workspace import Workspace

_REQUEST_CHARS_MAX = 8_000


@dataclass(frozen=True, slots=True)
class Files:
    """Reads the workspace for extensions."""

    gate: Gate
    workspace: Workspace

    async def read(self, caller: Caller, arguments: tuple[str | None, ...]) -> str:
        """`read-file`: the text of a file."""
        path = str(self.workspace.resolve(text_in(arguments, 0, PATH_CHARS_MAX)))
        await self.gate.check(caller, Wanted("files.read", (path,)))
        return (await self.workspace.read_for_model(path)).text

    async def list(self, caller: Caller, arguments: tuple[str | None, ...]) -> str:
        """`list-files`: the paths that it may read and that match."""
        wanted = payload_in(ListFilesRequest, text_in(arguments, 0, _REQUEST_CHARS_MAX))
        await self.gate.check(caller, Wanted("files.read", is_sifted=True))
        found = await asyncio.to_thread(self._listed, caller, wanted)
        return found.model_dump_json()

    def _listed(self, caller: Caller, wanted: ListFilesRequest) -> ListFilesResponse:
        listing = list_files(self.workspace.root, self.workspace.oracle, FILES_LISTED_MAX)
        paths = sorted(
            path
            for path in map(str, listing.files)
            if is_path_in(path, wanted.glob) and caller.may("files.read", path)
        )
        most = min(wanted.limit, EXTENSION_PATHS_MAX)
        is_whole = listing.is_complete and len(paths) <= most
        return ListFilesResponse(paths=tuple(paths[:most]), is_whole=is_whole)
