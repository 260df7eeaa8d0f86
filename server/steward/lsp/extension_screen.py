"""What extensions show, on the screen of one editor; and what they may know of that screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lsprotocol import types

from steward.lsp.documents import file_path
from steward.lsp.extensions_seen import ShownPanel
from steward.lsp.page import show_page
from steward.lsp.session import Session

if TYPE_CHECKING:  # They are loaded when the first extension runs.
    from steward.extensions.faults import FaultReport
    from steward.extensions.host.screen import Level
    from steward.extensions.host.state import KnownDiagnostic, OpenDocument
    from steward.extensions.manifest import Panel
    from steward.extensions.payloads import PanelContent

Severity = Literal["error", "warning", "information", "hint"]
_KINDS = {
    "info": types.MessageType.Info,
    "warning": types.MessageType.Warning,
    "error": types.MessageType.Error,
}


@dataclass(frozen=True, slots=True)
class LspScreen:
    """Implements `extensions.host.screen.Screen` over one connection."""

    session: Session

    async def show_message(self, extension: str, level: "Level", text: str) -> None:
        """Show a message that says whose it is."""
        self._tell(_KINDS[level], f"The extension {extension} says: {text}")

    async def show_panel(self, extension: str, panel: "Panel", content: "PanelContent") -> None:
        """Send it to a client that has a view; others get a page when they ask for the panel.

        A page that opened by itself would take the place of what the person writes in.
        """
        shown = ShownPanel(extension, panel, content)
        self.session.extensions.panels[extension, panel.id] = shown
        if self.session.can.shows_extensions:
            self.session.protocol.notify("steward/extension/panel", shown.as_params())
            return
        rooms = self.session.rooms_now
        if rooms is not None and (extension, panel.id) in self.session.extensions.pages:
            await show_page(self.session, rooms, f"{extension}-{panel.id}", shown.page())

    async def show_disabled(self, report: "FaultReport") -> None:
        """Say that an extension was disabled, why, and how it comes back."""
        self._tell(types.MessageType.Warning, report.told())

    @property
    def shown(self) -> "LspScreen":
        """Where messages and panels go: here."""
        return self

    def tell(self, text: str) -> None:
        """Say what takes long."""
        self._tell(types.MessageType.Info, text)

    def documents(self) -> "Sequence[OpenDocument]":
        """Open documents, by their paths in the workspace."""
        from steward.extensions.host.state import OpenDocument

        found = self.session.protocol.documents.by_path().values()
        return [
            OpenDocument(path=str(path), language=each.language_id or "")
            for each in found
            if (path := self.session.workspace_path(each.uri)) is not None
        ]

    def diagnostics(self) -> "Sequence[KnownDiagnostic]":
        """What Steward and its extensions remark; a server is not told what others do."""
        from steward.extensions.host.state import KnownDiagnostic
        from steward.extensions.payloads import Position, Range

        def place(at: types.Position) -> Position:
            return Position(line=at.line, character=at.character)

        return [
            KnownDiagnostic(
                path=str(path),
                range=Range(start=place(each.range.start), end=place(each.range.end)),
                message=each.message[:2000],
                severity=_SEVERITIES[each.severity or types.DiagnosticSeverity.Warning],
                source=(each.source or "")[:500],
            )
            for uri, each in self.session.remarks.all()
            if file_path(uri) is not None and (path := self.session.workspace_path(uri)) is not None
        ]

    def _tell(self, kind: types.MessageType, text: str) -> None:
        params = types.ShowMessageParams(kind, f"Steward: {text}")
        self.session.protocol.notify(types.WINDOW_SHOW_MESSAGE, params)


_SEVERITIES: dict[types.DiagnosticSeverity, "Severity"] = {
    types.DiagnosticSeverity.Error: "error",
    types.DiagnosticSeverity.Warning: "warning",
    types.DiagnosticSeverity.Information: "information",
    types.DiagnosticSeverity.Hint: "hint",
}
