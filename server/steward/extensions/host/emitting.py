"""`emit`: an extension tells whoever watches that something happened. Nothing depends on it."""

from dataclasses import dataclass

from steward.core.errors import InvalidInputError
from steward.core.events import Events, ExtensionEmitted
from steward.core.extension_limits import EXTENSION_EMITTED_CHARS_MAX
from steward.extensions.granted import Wanted
from steward.extensions.host.arguments import json_in, text_in
from steward.extensions.host.gate import Caller, Gate
from steward.extensions.host.rate import Rate

_NAME_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class Emitting:
    """Passes on what extensions tell."""

    gate: Gate
    events: Events
    rate: Rate

    async def emit(self, caller: Caller, arguments: tuple[str | None, ...]) -> None:
        """`emit`."""
        name = text_in(arguments, 0, _NAME_CHARS_MAX)
        payload = text_in(arguments, 1, EXTENSION_EMITTED_CHARS_MAX)
        if not name or not name.isascii() or not name.isprintable():
            raise InvalidInputError(f"{name!a} is no name of an event; use printable ASCII.")
        json_in(payload, EXTENSION_EMITTED_CHARS_MAX)
        await self.gate.check(caller, Wanted("events.emit", (name,)))
        self.rate.take(caller.id)
        workspace = caller.principal.workspace
        self.events.send(ExtensionEmitted(workspace, caller.id, name, payload))
