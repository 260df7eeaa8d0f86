"""The extensions that run in this window: nobody, until one is enabled.

What asks extensions something stands before they are opened, and most windows never open them. So
it holds this, which costs nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # They are loaded when the first one is enabled.
    from steward.extensions.capability import Capability
    from steward.extensions.packages.installed import Installed
    from steward.extensions.running import Extensions


@dataclass(slots=True)
class Current:
    """The extensions that run now."""

    extensions: "Extensions | None" = None
    """None as long as none is enabled."""

    def active(self) -> "tuple[Installed, ...]":
        """Those that run, by id."""
        return () if self.extensions is None else self.extensions.active()

    def granted(self, capability: "Capability") -> "list[Installed]":
        """Those that run and were allowed this."""
        return [each for each in self.active() if capability in each.granted]
