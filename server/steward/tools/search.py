"""Find text or names in the workspace."""

import asyncio
import threading
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from steward.core.agent_limits import SEARCH_WALL_S
from steward.core.limits import PATH_CHARS_MAX, TOOL_OUTPUT_CHARS_MAX
from steward.permissions.decide import Act
from steward.tools.globs import paths_like
from steward.tools.tool import Call, Output, Request
from steward.workspace.markdown import code
from steward.workspace.patterns import expression, literal, word
from steward.workspace.search import (
    Found,
    Look,
    Match,
    Where,
    definitions_of,
    in_text,
    references_of,
    search,
)

_MATCHES_MAX = 100
_LINE_CHARS_MAX = 300


class SearchArguments(BaseModel):
    """What to look for, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    query: str = Field(min_length=1, max_length=500)
    """Plain text, or a name for definitions and references."""
    kind: Literal["text", "definition", "reference"] = "text"
    """Lines with the text; or where a name is defined; or the lines that use it."""
    is_regex: bool = False
    """Take query as a regular expression (RE2: no look-around, no backreferences)."""
    case_sensitive: bool = False
    glob: str | None = Field(default=None, min_length=1, max_length=PATH_CHARS_MAX)
    """Only files like this, such as `*.py` or `src/**/*.ts`."""
    context: int = Field(default=0, ge=0, le=10)
    """Lines to show before and after each match."""


@dataclass(frozen=True, slots=True)
class Search:
    """Lines of the files that a model may see."""

    name: str = "search"
    description: str = (
        "Find plain text, a regular expression, or where a name is defined or used, in the"
        " workspace's files; returns path:line: text."
    )
    arguments: type[SearchArguments] = SearchArguments

    def act(self, arguments: SearchArguments, call: Call) -> Act:
        """Reading wherever it finds something."""
        return Act(self.name, "files.read")

    async def request(self, arguments: SearchArguments, call: Call) -> Request:
        """Searching is asked about only where the policy says so."""
        query = arguments.query
        return Request("Search the workspace", f"Search for {code(query)}.", {"query": query})

    async def run(self, arguments: SearchArguments, call: Call) -> Output:
        """At most 100 matches."""
        look = _look(arguments)
        workspace = call.workspace
        where = Where(
            workspace.root,
            workspace.oracle,
            dict(workspace.editor.open_texts()),
            paths_like(arguments.glob),
        )
        found = await _bounded(where, look, arguments.context)
        shown = _shown(found.matches, arguments.context)
        return Output("\n".join([*shown, *_ending(found, arguments)]), origin="repository")


def _look(arguments: SearchArguments) -> Look:
    query, ignores_case = arguments.query, not arguments.case_sensitive
    most = _MATCHES_MAX + 1
    match arguments.kind:
        case "definition":
            return definitions_of(query, ignores_case=ignores_case)
        case "reference":
            find = word(query, ignores_case=ignores_case, most=most)
            return references_of(query, find, ignores_case=ignores_case)
        case "text":
            make = expression if arguments.is_regex else literal
            return in_text(make(query, ignores_case=ignores_case, most=most))


async def _bounded(where: Where, look: Look, context: int) -> Found:
    """The search on a thread; it ends with what it has when time is up, or nobody waits."""
    stop = threading.Event()
    searching = asyncio.ensure_future(
        asyncio.to_thread(
            search,
            where,
            look,
            most=_MATCHES_MAX,
            context=context,
            goes_on=lambda: not stop.is_set(),
        )
    )
    try:
        await asyncio.wait((searching,), timeout=SEARCH_WALL_S)
    finally:
        stop.set()
    return await searching


def _shown(matches: tuple[Match, ...], context: int) -> list[str]:
    """The matches with the lines around them, none of these twice, as far as they fit."""
    lines: list[str] = []
    for path, group in groupby(matches, key=lambda match: match.path):
        for lump in _lumps(path, list(group), context):
            lines += ["--", *lump] if context and lines else lump
    used = 0
    for number, line in enumerate(lines):
        used += len(line) + 1
        if used > TOOL_OUTPUT_CHARS_MAX:
            return [*lines[:number], "… and more than fits; search for something longer."]
    return lines


def _lumps(path: str, matches: list[Match], context: int) -> list[list[str]]:
    """The lines of one file; those that follow one another stand together."""
    if not context:
        return [[_line(path, match.line, ":", match.text.strip()) for match in matches]]
    around: dict[int, str] = {}
    for match in matches:
        for number, text in enumerate((*match.before, match.text, *match.after), match.first):
            around.setdefault(number, _line(path, number, "-", text))
    around |= {match.line: _line(path, match.line, ":", match.text) for match in matches}
    lumps: list[list[str]] = []
    last = -2
    for number in sorted(around):
        if number > last + 1:
            lumps.append([])
        lumps[-1].append(around[number])
        last = number
    return lumps


def _line(path: str, number: int, mark: str, text: str) -> str:
    return f"{path}{mark}{number + 1}{mark} {text.rstrip()[:_LINE_CHARS_MAX]}"


def _ending(found: Found, arguments: SearchArguments) -> list[str]:
    if found.has_more:
        return ["… and more; search for something longer."]
    said: list[str] = []
    if not found.matches:
        what = {"text": "contains", "definition": "defines", "reference": "uses"}
        said.append(f"Nothing {what[arguments.kind]} {arguments.query!r}.")
    if not found.is_complete:
        said.append(f"Only {found.files} files were searched; name a glob to search the rest.")
    return said
