"""What a cursor stands in, for the record of what becomes of suggestions."""

import asyncio

from steward.context.cursor import Cursor


async def node_kind(cursor: Cursor) -> str:
    """The kind of node, as `syntax` names it, read off the text around the cursor."""
    return await asyncio.to_thread(_kind, cursor)


def _kind(cursor: Cursor) -> str:
    # Imported here because it brings the grammars along, which no start of a server waits for.
    from steward.syntax.tree import Tree

    before, after = cursor.window()
    tree = Tree.of(cursor.language, before + after)
    return "other" if tree is None else tree.kind_at(len(before))
