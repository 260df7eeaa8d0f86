"""`show-message` and `show-panel`: what an extension puts before its person.

It is text and data, never HTML: hidden characters are spelled out, a link leads to files of the
workspace only, and a command in a panel is one of the extension's own. Nobody is nagged: so many
messages a minute, and the next one is refused.
"""

import math
from dataclasses import dataclass
from typing import Literal, Protocol

from steward.core.errors import InvalidInputError
from steward.core.extension_limits import EXTENSION_MESSAGE_CHARS_MAX, EXTENSION_PANEL_CHARS_MAX
from steward.extensions.faults import FaultReport
from steward.extensions.granted import Wanted
from steward.extensions.host.arguments import payload_read, text_in
from steward.extensions.host.gate import Caller, Gate
from steward.extensions.host.rate import Rate
from steward.extensions.manifest import Manifest, Panel
from steward.extensions.payloads import (
    Block,
    Item,
    ListBlock,
    PanelContent,
    PlotBlock,
    TableBlock,
    TextBlock,
)
from steward.workspace.markdown import one_line
from steward.workspace.paths import WorkspacePath
from steward.workspace.reveal import reveal

Level = Literal["info", "warning", "error"]
_LEVELS = ("info", "warning", "error")


class Screen(Protocol):
    """Where the person looks. What it is given is plain text of a stranger, ready to be shown."""

    async def show_message(self, extension: str, level: Level, text: str) -> None:
        """Show a message that says whose it is."""
        ...

    async def show_panel(self, extension: str, panel: Panel, content: PanelContent) -> None:
        """Show a panel, in place of what it showed before."""
        ...

    async def show_disabled(self, report: FaultReport) -> None:
        """Say that an extension was disabled, why, and how it comes back."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """Puts what extensions show before the person."""

    gate: Gate
    screen: Screen
    messages: Rate
    panels: Rate

    async def message(self, caller: Caller, arguments: tuple[str | None, ...]) -> None:
        """`show-message`."""
        level = text_in(arguments, 0, 20)
        text = text_in(arguments, 1, 100_000)
        if level not in _LEVELS:
            raise InvalidInputError(f"A message's level is one of {', '.join(_LEVELS)}.")
        await self.gate.check(caller, Wanted("messages.show"))
        self.messages.take(caller.id)
        shown = one_line(text[: 4 * EXTENSION_MESSAGE_CHARS_MAX])
        if len(shown) > EXTENSION_MESSAGE_CHARS_MAX:
            shown = f"{shown[: EXTENSION_MESSAGE_CHARS_MAX - 1]}…"
        await self.screen.show_message(caller.id, level, shown)

    async def panel(self, caller: Caller, arguments: tuple[str | None, ...]) -> None:
        """`show-panel`."""
        manifest = caller.installed.manifest
        panel = _panel(manifest, text_in(arguments, 0, 100))
        text = text_in(arguments, 1, EXTENSION_PANEL_CHARS_MAX)
        content = await payload_read(PanelContent, text, EXTENSION_PANEL_CHARS_MAX)
        await self.gate.check(caller, Wanted("panels.show"))
        self.panels.take(caller.id)
        plain = PanelContent(blocks=tuple(_plain(each, manifest) for each in content.blocks))
        await self.screen.show_panel(caller.id, panel, plain)


def _panel(manifest: Manifest, wanted: str) -> Panel:
    for panel in manifest.panels:
        if panel.id == wanted:
            return panel
    known = ", ".join(panel.id for panel in manifest.panels) or "none"
    raise InvalidInputError(f"The manifest has no panel {wanted[:100]!r}; it has: {known}.")


def _plain(block: Block, manifest: Manifest) -> Block:
    match block:
        case TextBlock():
            return TextBlock(kind="markdown", text=_shown(block.text))
        case ListBlock():
            items = tuple(_item(each, manifest) for each in block.items)
            return ListBlock(kind="list", title=_shown(block.title), items=items)
        case TableBlock():
            for row in block.rows:
                if len(row) != len(block.columns):
                    raise InvalidInputError("Each row of a table has a cell for each column.")
            return TableBlock(
                kind="table",
                title=_shown(block.title),
                columns=tuple(map(_shown, block.columns)),
                rows=tuple(tuple(map(_shown, row)) for row in block.rows),
            )
        case PlotBlock():
            return _plot(block)


def _item(item: Item, manifest: Manifest) -> Item:
    if item.path is not None:
        WorkspacePath.parse(item.path)  # Raises where it leads elsewhere.
    if item.command is not None and item.command not in {each.id for each in manifest.commands}:
        raise InvalidInputError(f"{item.command[:100]!r} is no command of this extension.")
    return item.model_copy(update={"label": _shown(item.label), "detail": _shown(item.detail)})


def _plot(block: PlotBlock) -> PlotBlock:
    for name, values in block.series.items():
        if len(values) != len(block.labels):
            raise InvalidInputError(f"The series {name[:100]!r} needs a value for each label.")
        if not all(map(math.isfinite, values)):
            raise InvalidInputError(f"The series {name[:100]!r} holds what is no number.")
    return PlotBlock(
        kind="plot",
        title=_shown(block.title),
        form=block.form,
        labels=tuple(map(_shown, block.labels)),
        series={_shown(name)[:200]: values for name, values in block.series.items()},
    )


def _shown(text: str) -> str:
    return reveal(text)[0]
