"""A journal in memory, for tests of the order of steps; it fails a run whose names repeat."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from steward.agents.workflows.durable import StepFailedError
from steward.agents.workflows.journal import JsonObject
from steward.core.errors import StewardError


@dataclass
class MemoryJournal:
    """Implements `Journal`; what was recorded is played again without its work."""

    outcomes: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    """Step → its envelope, in the order of recording."""
    worked: list[str] = field(default_factory=list[str])
    """Steps whose work was done, in order."""
    named: list[str] = field(default_factory=list[str])
    """Steps that were asked for, in order."""

    async def step(self, name: str, work: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
        """The outcome, recorded as JSON as the engine does."""
        assert name not in self.named, f"two steps are called {name!r}"
        self.named.append(name)
        if name not in self.outcomes:
            self.worked.append(name)
            self.outcomes[name] = json.loads(json.dumps(await _enveloped(work)))
        envelope = self.outcomes[name]
        if "code" in envelope:
            raise StepFailedError(str(envelope["code"]), str(envelope["message"]))
        value = envelope["value"]
        assert isinstance(value, dict)
        return cast(JsonObject, value)


async def _enveloped(work: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
    try:
        return {"value": await work()}
    except StewardError as error:
        return {"code": error.code, "message": str(error)}
