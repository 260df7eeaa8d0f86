"""What one editor shows of extensions, and what it reported that they are still to be told."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsprotocol import types

from steward.core.agent_limits import SAVES_KEPT_MAX
from steward.lsp.panel_page import panel_page

if TYPE_CHECKING:  # They are loaded when the first extension runs.
    from steward.extensions.manifest import Panel
    from steward.extensions.payloads import PanelContent

PanelKey = tuple[str, str]
"""An extension, and the name of its panel."""


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """What a panel shows now."""

    extension: str
    panel: "Panel"
    content: "PanelContent"

    def as_params(self) -> dict[str, object]:
        """As `steward/extension/panel` carries it."""
        return {
            "extension": self.extension,
            "panel": self.panel.id,
            "title": self.panel.title,
            "content": self.content.model_dump(mode="json"),
        }

    def page(self) -> str:
        """As Markdown."""
        return panel_page(self.extension, self.panel.title, self.content)


@dataclass(slots=True)
class ExtensionsSeen:
    """What the editor shows and reported; the loop's thread only."""

    panels: dict[PanelKey, ShownPanel] = field(default_factory=dict[PanelKey, ShownPanel])
    """What each panel shows now."""
    pages: set[PanelKey] = field(default_factory=set[PanelKey])
    """The panels that are open as pages."""
    changed: dict[str, types.FileChangeType] = field(
        default_factory=dict[str, types.FileChangeType]
    )
    """What was reported of files, relative to the workspace, and nobody was told yet."""
    has_changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is something of it."""
    saved: dict[str, int] = field(default_factory=dict[str, int])
    """Documents that were saved lately, with their versions, the latest last."""

    def note_save(self, uri: str, version: int) -> None:
        """Remember a save, for extensions that begin only later."""
        self.saved.pop(uri, None)
        self.saved[uri] = version
        if len(self.saved) > SAVES_KEPT_MAX:
            del self.saved[next(iter(self.saved))]
