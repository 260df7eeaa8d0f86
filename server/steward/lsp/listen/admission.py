"""Who may come in: strangers get a few places for a short while, editors get places to stay."""

import hmac
from collections.abc import Callable

from steward.lsp.listen.channel import ListenerLimits


class Admission:
    """The listener's count of connections, and the one comparison with the token."""

    def __init__(self, token: str, limits: ListenerLimits) -> None:
        self._token = token.encode("ascii")
        self._limits = limits
        self._strangers: dict[object, Callable[[], None]] = {}
        self._editors: set[object] = set()

    @property
    def is_full(self) -> bool:
        """Whether every editor's place is taken."""
        return len(self._editors) >= self._limits.editors_max

    def knows(self, token: str) -> bool:
        """Whether this is the token; how long that takes does not tell how much of it was right."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self._token)

    def arrive(self, visitor: object, show_out: Callable[[], None]) -> None:
        """Give a stranger a place; if there is none, the oldest stranger is shown out.

        So whoever knows the token gets in at once, however many sit there and say nothing.
        """
        if len(self._strangers) >= self._limits.strangers_max:
            oldest = next(iter(self._strangers))
            self._strangers.pop(oldest)()
        self._strangers[visitor] = show_out

    def admit(self, visitor: object) -> bool:
        """Make a stranger an editor. Not if it was shown out meanwhile, or there is no place."""
        if self._strangers.pop(visitor, None) is None or self.is_full:
            return False
        self._editors.add(visitor)
        return True

    def forget(self, visitor: object) -> None:
        """A stranger left."""
        self._strangers.pop(visitor, None)

    def depart(self, visitor: object) -> None:
        """Whoever it was, they and all that was theirs are gone."""
        self.forget(visitor)
        self._editors.discard(visitor)
