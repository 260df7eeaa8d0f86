"""Which tools of extensions are there for agents: those of the extensions that run."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from steward.context.block import Block
from steward.core.agent_limits import EXTENSION_TOLD_RUN_CHARS_MAX
from steward.extensions.current import Current
from steward.permissions.act import is_given
from steward.tools.tool import Tool

if TYPE_CHECKING:
    from steward.tools.extension_tool import ExtensionTool


@dataclass(slots=True)
class ExtensionTools:
    """The tools of the extensions that run, as agents know them."""

    current: Current
    tools: dict[str, Tool[Any]] = field(default_factory=dict[str, Tool[Any]])
    """Name → the tool; what is not here no model hears of."""
    _there: "tuple[ExtensionTool, ...]" = ()

    def refresh(self) -> None:
        """Offer the tools of the extensions that run now, and no others."""
        from steward.tools.extension_tool import extension_tool

        made = (
            extension_tool(self.current, each, offer)
            for each in self.current.granted("tools.offer")
            for offer in each.manifest.tools
        )
        self._there = tuple(tool for tool in made if tool is not None)
        self.tools.clear()
        self.tools.update({tool.name: tool for tool in self._there})

    def told(self, given: frozenset[str]) -> tuple[Block, ...]:
        """What extensions say of those that an agent was given, as much as fits."""
        left, kept = EXTENSION_TOLD_RUN_CHARS_MAX, list[Block]()
        for tool in sorted(self._there, key=lambda each: each.name):
            if not is_given(tool.name, given):
                continue
            block = tool.told()
            left -= len(block.text)
            if left < 0:
                break
            kept.append(block)
        return tuple(kept)
