"""An extension's panel as a page of Markdown, for an editor without a view for it.

What stands in it is a stranger's. Text of a Markdown block is shown as a quotation in which nothing
is active; all else is made plain.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from steward.workspace.markdown import inline

if TYPE_CHECKING:
    from steward.extensions.payloads import (
        Block,
        ListBlock,
        PanelContent,
        PlotBlock,
        TableBlock,
        TextBlock,
    )

_BAR_WIDTH = 30


def panel_page(extension: str, title: str, content: "PanelContent") -> str:
    """The whole page."""
    head = f"# {inline(title)}\n\nThis is a panel of the extension {inline(extension)}."
    return "\n\n".join((head, *(_block(block) for block in content.blocks))) + "\n"


def _block(block: "Block") -> str:
    match block.kind:
        case "markdown":
            return "\n".join(_quoted(block))
        case "list":
            return "\n".join(_listed(block))
        case "table":
            return "\n".join(_table(block))
        case "plot":
            return "\n".join(_plot(block))


def _quoted(block: "TextBlock") -> Iterator[str]:
    for line in block.text.splitlines():
        yield f"> {inline(line)}" if line.strip() else ">"


def _listed(block: "ListBlock") -> Iterator[str]:
    yield from _heading(block.title)
    for item in block.items:
        where = "" if item.path is None else f" ({item.path}:{(item.line or 0) + 1})"
        detail = f": {inline(item.detail)}" if item.detail else ""
        yield f"- {inline(item.label)}{detail}{inline(where) if where else ''}"


def _table(block: "TableBlock") -> Iterator[str]:
    yield from _heading(block.title)
    yield f"| {' | '.join(map(inline, block.columns))} |"
    yield f"|{' --- |' * len(block.columns)}"
    for row in block.rows:
        yield f"| {' | '.join(map(inline, row))} |"


def _plot(block: "PlotBlock") -> Iterator[str]:
    """Figures in words and bars: a page of text has no drawing."""
    yield from _heading(block.title)
    most = max((abs(v) for values in block.series.values() for v in values), default=0.0)
    for name, values in block.series.items():
        yield f"- {inline(name)}"
        for label, value in zip(block.labels, values, strict=False):
            width = round(_BAR_WIDTH * abs(value) / most) if most else 0
            yield f"  - {inline(label)}: {value:g} {'▇' * width}".rstrip()


def _heading(title: str) -> Iterator[str]:
    if title:
        yield f"## {inline(title)}"
        yield ""
