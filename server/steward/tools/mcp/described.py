"""What a server says of a tool: read strictly, shown raw to a person, and bounded for a model.

All of it is a stranger's words. A person sees every character of it before the first use. A model
is told of the tool in words of ours and in a schema that holds names and types and no sentences;
what the server says stands beside it as data.
"""

import difflib
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from steward.context.block import Block
from steward.core.agent_limits import (
    MCP_DESCRIPTION_CHARS_MAX,
    MCP_LISTING_BYTES_MAX,
    MCP_SCHEMA_BYTES_MAX,
    MCP_SCHEMA_DEPTH_MAX,
    MCP_TOLD_CHARS_MAX,
    MCP_TOOLS_MAX,
)
from steward.core.depth import is_deeper
from steward.core.errors import LimitError
from steward.permissions.globs import is_name_in
from steward.tools.mcp.names import offered_name, why_not_called
from steward.workspace.markdown import code, fenced, inline
from steward.workspace.reveal import reveal

_SAID = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
"""What counts of it: this is what a model, or a person, could be talked into something by."""
_KEPT = frozenset(("type", "properties", "required", "items", "anyOf", "oneOf", "allOf", "not"))
_PLAIN = frozenset(("format", "minimum", "maximum", "minItems", "maxItems", "uniqueItems"))
_PROPERTY = re.compile(r"[A-Za-z_$@][A-Za-z0-9_.$@/-]{0,63}")
_WORD = re.compile(r"[A-Za-z0-9_.:/+@-]{0,64}")
_TYPES = frozenset(("object", "array", "string", "number", "integer", "boolean", "null"))


@dataclass(frozen=True, slots=True)
class Described:
    """A tool as its server describes it."""

    server: str
    tool: str
    said: str
    """All that counts of what the server says, as JSON in one spelling."""

    @property
    def name(self) -> str:
        """What the tool is called here."""
        return offered_name(self.server, self.tool)

    @property
    def digest(self) -> str:
        """SHA-256 of what the server says."""
        return hashlib.sha256(self.said.encode("utf-8", "surrogatepass")).hexdigest()

    def raw(self, before: "Described | None" = None) -> str:
        """The whole of it for a person, as Markdown in which nothing is active.

        `before`: what was approved earlier; what has changed since is shown first.
        """
        lines = [f"### {code(self.name)}", ""]
        if before is not None:
            lines += [
                "**It is not what you approved.** What has changed:",
                "",
                fenced(_changes(before, self)),
                "",
            ]
        shown, hidden = reveal(_pretty(self.said))
        if hidden:
            lines += [f"**Careful: it holds {hidden} hidden characters**, spelled out.", ""]
        return "\n".join((*lines, fenced(shown, "json")))

    def schema(self) -> dict[str, Any]:
        """The schema of its arguments with names and types alone."""
        found: dict[str, Any] = {"type": "object", "properties": {}}
        return found | bare_schema(json.loads(self.said).get("inputSchema"))

    def told(self) -> Block:
        """What the server says of it, for a model, as data."""
        said = cast("dict[str, Any]", json.loads(self.said))
        words = [str(said.get("description") or said.get("title") or "nothing")]
        words += [f"{name}: {text}" for name, text in said_of_arguments(said.get("inputSchema"))]
        text, _ = reveal("\n".join(words))
        if len(text) > MCP_TOLD_CHARS_MAX:
            text = f"{text[:MCP_TOLD_CHARS_MAX]} … (cut)"
        return Block("mcp", f"what the server {self.server} says of its tool {self.name}", text)


@dataclass(frozen=True, slots=True)
class Listing:
    """All tools of a server, and why some of them cannot be used."""

    tools: Mapping[str, Described]
    """Tool → what its server says, of those that can be used."""
    refused: Mapping[str, str]
    """Tool → why not; the names are the server's and may hold anything."""


def listing(
    server: str,
    heard: Sequence[Mapping[str, Any]],
    built_in: Sequence[str],
    allowed: Sequence[str] = ("*",),
) -> Listing:
    """What can be used of the tools that a server names.

    Raises:
        LimitError: it says more than a person could look through.
    """
    if len(heard) > MCP_TOOLS_MAX:
        raise LimitError(
            f"The MCP server {server!r} names more than {MCP_TOOLS_MAX} tools, so none of them is"
            " used. Use a server with fewer, or have it offer fewer."
        )
    names = [str(each.get("name", "")) for each in heard]
    refused = dict(why_not_called(server, names, built_in))
    tools: dict[str, Described] = {}
    for name, each in zip(names, heard, strict=True):
        if not any(is_name_in(name, glob) for glob in allowed):
            refused.setdefault(name, "the setting `tools` of the server leaves it out")
        if name in refused:
            continue
        reason = _why_unreadable(each)
        if reason is not None:
            refused[name] = reason
            continue
        tools[name] = Described(server, name, _canonical(each))
    if sum(len(each.said.encode("utf-8", "surrogatepass")) for each in tools.values()) > (
        MCP_LISTING_BYTES_MAX
    ):
        raise LimitError(
            f"The MCP server {server!r} says more than {MCP_LISTING_BYTES_MAX >> 10} KB of its"
            " tools, more than anybody reads, so none of them is used. Name those that you need in"
            f" the setting `tools` of [mcp.servers.{server}]."
        )
    return Listing(tools, refused)


def page(server: str, where: str, found: Sequence[tuple[Described, Described | None]]) -> str:
    """What a person is asked to approve: each tool, and what was approved of it before."""
    return "\n\n".join(
        (
            f"The MCP server {code(server)} runs {inline(where)}. **What follows is its own"
            " description of itself, in full.** Nobody has checked it; it may be wrong, and it may"
            " be written to mislead a model. A yes lets agents that were given these tools see them"
            " and ask to call them; calls are asked about on their own.",
            *(each.raw(before) for each, before in found),
        )
    )


def _why_unreadable(said: Mapping[str, Any]) -> str | None:
    schema = said.get("inputSchema")
    if len(str(said.get("description") or "")) > MCP_DESCRIPTION_CHARS_MAX:
        return f"its description has more than {MCP_DESCRIPTION_CHARS_MAX} characters"
    if not isinstance(schema, dict) or is_deeper(said, MCP_SCHEMA_DEPTH_MAX):
        return f"its schema is none, or nests deeper than {MCP_SCHEMA_DEPTH_MAX} levels"
    if len(_canonical(said).encode("utf-8", "surrogatepass")) > MCP_SCHEMA_BYTES_MAX:
        return f"its description and schema have more than {MCP_SCHEMA_BYTES_MAX} bytes"
    return None


def _canonical(said: Mapping[str, Any]) -> str:
    counted = {name: said[name] for name in _SAID if said.get(name) is not None}
    return json.dumps(counted, sort_keys=True, separators=(",", ":"))


def _pretty(said: str) -> str:
    return json.dumps(json.loads(said), indent=2, ensure_ascii=False, sort_keys=True)


def _changes(before: Described, after: Described) -> str:
    old, new = (reveal(_pretty(each.said))[0].splitlines() for each in (before, after))
    return "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=1))[2:])


def bare_schema(schema: object) -> dict[str, Any]:
    """The schema with names and types alone: nothing in which a sentence could stand."""
    found: dict[str, Any] = {}
    for word, value in _members(schema).items():
        if word in _KEPT:
            kept = _kept(word, value)
            if kept is not None:
                found[word] = kept
        elif word in _PLAIN and (_is_number(value) or _is_word(value)):
            found[word] = value
        elif word == "enum" and isinstance(value, list):
            values = cast("list[object]", value)
            if all(not isinstance(each, str) or _is_word(each) for each in values):
                found[word] = [e for e in values if isinstance(e, str) or _is_number(e)]
    return found


def _kept(word: str, value: object) -> object:
    match word, value:
        case "properties", dict():
            named = cast("dict[str, object]", value).items()
            return {name: bare_schema(each) for name, each in named if _PROPERTY.fullmatch(name)}
        case "required", list():
            names = cast("list[object]", value)
            return [each for each in names if isinstance(each, str) and _PROPERTY.fullmatch(each)]
        case "type", str():
            return value if value in _TYPES else None
        case "type", list():
            types = cast("list[object]", value)
            return [each for each in types if isinstance(each, str) and each in _TYPES]
        case "anyOf" | "oneOf" | "allOf", list():
            return [bare_schema(each) for each in cast("list[object]", value)]
        case "items" | "not", dict():
            return bare_schema(cast("dict[str, object]", value))
        case _:
            return None


def _is_number(value: object) -> bool:
    # Infinity is a number to Python, and makes JSON that no provider reads.
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _is_word(value: object) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def said_of_arguments(schema: object) -> Iterator[tuple[str, str]]:
    """Name → what is said of an argument, of those at the top."""
    for name, each in _members(_members(schema).get("properties")).items():
        text = _members(each).get("description")
        if isinstance(text, str):
            yield name, text


def _members(value: object) -> dict[str, object]:
    """The value, if it is an object; an empty one otherwise."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
