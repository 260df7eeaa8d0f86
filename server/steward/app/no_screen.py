"""Where an extension has no editor to show anything in: a run from a terminal or a job."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from steward.core.errors import UnavailableError

if TYPE_CHECKING:  # They are loaded when the first extension runs.
    from steward.extensions.faults import FaultReport
    from steward.extensions.host.screen import Level
    from steward.extensions.host.state import KnownDiagnostic, OpenDocument
    from steward.extensions.manifest import Panel
    from steward.extensions.payloads import PanelContent

_log = logging.getLogger(__name__)

_NO_EDITOR = "There is no editor here to show it in; it can be shown where Steward runs in one."


class NoScreen:
    """Implements `app.extensions.EditorScreen` without one."""

    @property
    def shown(self) -> "NoScreen":
        """Where messages and panels go: nowhere."""
        return self

    async def show_message(self, extension: str, level: "Level", text: str) -> None:
        """Refuse it.

        Raises:
            UnavailableError: always.
        """
        del extension, level, text
        raise UnavailableError(_NO_EDITOR)

    async def show_panel(self, extension: str, panel: "Panel", content: "PanelContent") -> None:
        """Refuse it.

        Raises:
            UnavailableError: always.
        """
        del extension, panel, content
        raise UnavailableError(_NO_EDITOR)

    async def show_disabled(self, report: "FaultReport") -> None:
        """Write down that an extension was disabled."""
        _log.warning("%s", report.told())

    def tell(self, text: str) -> None:
        """Write it down."""
        _log.info("%s", text)

    def documents(self) -> "Sequence[OpenDocument]":
        """None is open."""
        return ()

    def diagnostics(self) -> "Sequence[KnownDiagnostic]":
        """Nobody remarks anything."""
        return ()
