"""Find text in the workspace."""

import asyncio
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from steward.core.errors import StewardError
from steward.core.limits import FILES_LISTED_MAX
from steward.permissions.decide import Capability
from steward.tools.tool import Call, Output, Request
from steward.workspace.markdown import code

_MATCHES_MAX = 100
_LINE_CHARS_MAX = 300


class SearchArguments(BaseModel):
    """What to look for."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    query: str = Field(min_length=1, max_length=200)
    """Plain text; upper and lower case are the same."""


@dataclass(frozen=True, slots=True)
class Search:
    """Lines that contain the text, in the files that a model may see."""

    name: str = "search"
    description: str = "Find plain text in the workspace's files; returns path:line: text."
    capability: Capability = "files.read"
    arguments: type[SearchArguments] = SearchArguments

    async def request(self, arguments: SearchArguments, call: Call) -> Request:
        """Searching is asked about only where the policy says so."""
        query = arguments.query
        return Request("Search the workspace", f"Search for {code(query)}.", {"query": query})

    async def run(self, arguments: SearchArguments, call: Call) -> Output:
        """At most 100 matches; more are counted."""
        query = arguments.query.casefold()
        matches: list[str] = []
        for path in await call.workspace.list_for_model(FILES_LISTED_MAX):
            await asyncio.sleep(0)  # Thousands of files: let others have their turn.
            matches += await _matches(call, path, query)
            if len(matches) > _MATCHES_MAX:
                matches[_MATCHES_MAX:] = ["… and more; search for something longer."]
                break
        return Output("\n".join(matches) or f"Nothing contains {arguments.query!r}.")


async def _matches(call: Call, path: str, query: str) -> list[str]:
    try:
        snapshot = await call.workspace.read_for_model(path)
    except StewardError:
        return []  # Binary, too large, or gone meanwhile: nothing to find in it.
    return [
        f"{path}:{number}: {line.strip()[:_LINE_CHARS_MAX]}"
        for number, line in enumerate(snapshot.text.split("\n"), 1)
        if query in line.casefold()
    ]
