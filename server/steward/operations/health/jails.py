"""What code of others runs in: the jail of commands, and the worker of extensions."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from steward.operations.health.verdict import Fact, Found

_WEAKEST = "landlock"

Tried = tuple[str | None, Mapping[str, str]]
"""The level in force, None where there is none; and each better level → why it is not."""


@dataclass(frozen=True, slots=True)
class JailLook:
    """The jail of commands. The first look tries it out, which takes a second or two."""

    tried: Callable[[], Awaitable[Tried]]

    async def __call__(self) -> Found:
        """How it stands."""
        level, why_not = await self.tried()
        facts: Mapping[str, Fact] = {"level": level}
        reasons = "; ".join(f"{name}: {why}" for name, why in why_not.items())
        if level is None:
            return Found("unhealthy", f"No jail holds here, so no command runs. {reasons}", facts)
        if level == _WEAKEST:
            return Found("degraded", f"Only the weakest jail holds here. {reasons}", facts)
        return Found(facts=facts)


@dataclass(frozen=True, slots=True)
class ExtensionsLook:
    """The worker of extensions: whether one can be started here. None is started."""

    missing: Callable[[], str | None]
    """Why none can; blocks for a moment."""

    async def __call__(self) -> Found:
        """How it stands."""
        missing = await asyncio.to_thread(self.missing)
        return Found() if missing is None else Found("degraded", missing)
