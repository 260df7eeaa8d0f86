"""What an extension's tool is called, so that it is never taken for another one's."""

EXTENSIONS = "ext"
"""What the names of all of them begin with; no MCP server is called so."""
MARK = "__"
"""Stands between the parts of the name of a tool that does not come with the product."""
NAME_CHARS_MAX = 64
"""What every provider takes."""


def extension_tool_name(extension: str, tool: str) -> str:
    """What models, plans and rules call the tool: `ext__PUBLISHER_NAME__TOOL`.

    Two tools never get the same: neither half of an id holds an underscore, and no name two of
    them side by side.
    """
    return MARK.join((EXTENSIONS, extension.replace(".", "_"), tool))


def extension_of(name: str) -> str | None:
    """The extension whose tool bears this name, or `*` for all of them; None for others."""
    first, mark, rest = name.partition(MARK)
    if not mark or first != EXTENSIONS or not rest:
        return None
    return rest.partition(MARK)[0].replace("_", ".", 1)
