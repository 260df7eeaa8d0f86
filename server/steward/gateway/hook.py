"""Who looks at model calls: before one is made and when it is over, to observe or to object.

An objection before a call means that nothing is sent. One afterwards means that whoever asked does
not get the answer as a whole, and so does not act on it; it is paid all the same, and what was
streamed has been read. A hook that guards has the last word on its own failure too: if it fails
or takes too long, that counts as an objection. One that only observes never stops a call.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from steward.core.errors import NotPermittedError
from steward.core.limits import HOOK_S
from steward.core.principal import Principal
from steward.gateway.request import EmbeddingRequest, ModelRequest, ToolCall

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """A call that is about to be made."""

    principal: Principal
    request: ModelRequest | EmbeddingRequest
    """Without secrets, as it will be sent."""
    model: str
    """`provider/model`; where it fails, a fallback may be asked."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the model said, all of it."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    model: str
    """`provider/model` that answered."""
    is_cached: bool


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a call must not be made, or its answer not be used; people read it."""

    reason: str


class Hook(Protocol):
    """Looks at every model call."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def is_guard(self) -> bool:
        """Whether its failure is an objection."""
        ...

    async def before(self, asking: Asking) -> Objection | None:
        """Look at a call that is about to be made."""
        ...

    async def after(self, asking: Asking, answered: Answered) -> Objection | None:
        """Look at the whole answer."""
        ...


class Hooks:
    """All hooks of a gateway, asked one after the other."""

    def __init__(self, hooks: Sequence[Hook], within_s: float = HOOK_S) -> None:
        self._hooks = tuple(hooks)
        self._within_s = within_s

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._hooks)

    async def before(self, asking: Asking) -> None:
        """Let every hook look.

        Raises:
            NotPermittedError: one objects, or a guard failed. Nothing was sent.
        """
        for hook in self._hooks:
            await self._ask(hook, lambda hook=hook: hook.before(asking), "Nothing was sent.")

    async def after(self, asking: Asking, answered: Answered) -> None:
        """Let every hook look.

        Raises:
            NotPermittedError: one objects, or a guard failed. The answer was paid.
        """
        for hook in self._hooks:
            await self._ask(
                hook,
                lambda hook=hook: hook.after(asking, answered),
                "The answer was paid for and is not used.",
            )

    async def _ask(
        self, hook: Hook, look: Callable[[], Awaitable[Objection | None]], outcome: str
    ) -> None:
        try:
            async with asyncio.timeout(self._within_s):
                objection = await look()
        except Exception as error:
            # Code of others: whatever it raises, it must neither stop what it only observes nor
            # let through what it should have looked at.
            _log.warning("the hook %r failed: %s", hook.name, type(error).__name__)
            if not hook.is_guard:
                return
            objection = Objection(
                f"it failed ({type(error).__name__}), and what it guards stays shut"
            )
        if objection is not None:
            raise NotPermittedError(
                f"The hook {hook.name!r} does not allow this model call: {objection.reason}."
                f" {outcome} Change the request, or ask whoever looks after the hook."
            )
