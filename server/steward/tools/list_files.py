"""List the files of the workspace."""

import asyncio
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from steward.core.errors import NotFoundError
from steward.core.limits import FILES_LISTED_MAX, PATH_CHARS_MAX, TOOL_OUTPUT_CHARS_MAX
from steward.permissions.decide import Act
from steward.tools.globs import paths_like
from steward.tools.tool import Call, Output, Request
from steward.workspace.files import open_folder
from steward.workspace.listing import Listing, list_files
from steward.workspace.markdown import code
from steward.workspace.paths import WorkspacePath
from steward.workspace.workspace import Workspace

_SHOWN_MAX = 400


class ListFilesArguments(BaseModel):
    """Where to look, and for what."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    folder: str = "."
    """Relative to the workspace."""
    glob: str | None = Field(default=None, min_length=1, max_length=PATH_CHARS_MAX)
    """Only files like this, such as `*.py` or `src/**/*.ts`."""
    depth: int = Field(default=16, ge=1, le=64)
    """How many levels of folders; 1 is the folder itself."""


@dataclass(frozen=True, slots=True)
class ListFiles:
    """The files that a model may see, and which are kept from it by which rule."""

    name: str = "list_files"
    description: str = "List files of the workspace, or of a folder in it, by name or glob."
    arguments: type[ListFilesArguments] = ListFilesArguments

    def act(self, arguments: ListFilesArguments, call: Call) -> Act:
        """Reading the names in this folder."""
        return Act(self.name, "files.read", (str(call.workspace.resolve(arguments.folder)),))

    async def request(self, arguments: ListFilesArguments, call: Call) -> Request:
        """Listing is asked about only where the policy says so."""
        folder = arguments.folder
        return Request("List files", f"List the files in {code(folder)}.", {"folder": folder})

    async def run(self, arguments: ListFilesArguments, call: Call) -> Output:
        """A path a line, and what was left out."""
        workspace = call.workspace
        folder = workspace.resolve(arguments.folder)
        if folder.parts:
            await workspace.check_for_model(str(folder), is_folder=True)
        is_wanted = paths_like(arguments.glob)
        listing = await asyncio.to_thread(_listed, workspace, folder, arguments.depth)
        paths = sorted(str(path) for path in listing.files if is_wanted(path))
        shown = _within(paths)
        lines = shown or [f"No file that you may see is in {str(folder)!r}."]
        return Output(
            "\n".join([*lines, *_left_out(listing, len(paths) - len(shown))]), origin="repository"
        )


def _listed(workspace: Workspace, folder: WorkspacePath, depth: int) -> Listing:
    try:
        with open_folder(workspace.root, folder):
            pass
    except OSError as error:
        raise NotFoundError(f"There is no folder '{folder}' in the workspace.") from error
    return list_files(
        workspace.root, workspace.oracle, FILES_LISTED_MAX, folder=folder, depth=depth
    )


def _within(paths: list[str]) -> list[str]:
    """As many as fit."""
    shown: list[str] = []
    used = 0
    for path in paths[:_SHOWN_MAX]:
        used += len(path) + 1
        if used > TOOL_OUTPUT_CHARS_MAX // 2:
            break
        shown.append(path)
    return shown


def _left_out(listing: Listing, unshown: int) -> list[str]:
    said: list[str] = []
    if unshown:
        said.append(f"… and {unshown} more files; name a folder or a glob.")
    if listing.folders:
        names = ", ".join(f"{folder}/" for folder in listing.folders[:10])
        more = f" and {len(listing.folders) - 10} more" * (len(listing.folders) > 10)
        said.append(f"Not entered, because of the depth: {names}{more}.")
    if not listing.is_complete:
        said.append("There is more than could be looked at; name a folder.")
    if listing.kept_back:
        reasons = "; ".join(listing.reasons)
        more = f"; and {listing.kept_back - len(listing.reasons)} more"
        more *= listing.kept_back > len(listing.reasons)
        said.append(f"Kept from models ({listing.kept_back}): {reasons}{more}.")
    return ["", *said] if said else []
