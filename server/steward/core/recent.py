"""What was read from the database a moment ago, for callers that ask many times a second."""

from typing import Generic, TypeVar

from steward.core.clock import Clock

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values that are remembered for a moment, and not more than so many of them.

    `forget` works at once in this process. What another process changed is noticed when the
    moment is over.
    """

    def __init__(self, clock: Clock, remembered_s: float, values_max: int) -> None:
        self._clock = clock
        self._remembered_s = remembered_s
        self._values_max = values_max
        self._known: dict[K, tuple[float, V]] = {}
        self.age = 0
        """Rises whenever something is forgotten; read it before you fetch a value."""

    def get(self, key: K) -> tuple[V] | None:
        """The value in a tuple of its own, since it may be None; None if it is not known."""
        known = self._known.get(key)
        if known is None or self._clock.monotonic_s() - known[0] >= self._remembered_s:
            return None
        return (known[1],)

    def put(self, key: K, value: V, fetched_at: float, age: int) -> None:
        """Remember a value, unless something was forgotten since `age`.

        `fetched_at` is the monotonic time before it was fetched: a slow fetch must not make it
        look fresher than it is.
        """
        if age != self.age:
            return
        self._known.pop(key, None)
        self._known[key] = (fetched_at, value)
        if len(self._known) > self._values_max:
            del self._known[next(iter(self._known))]

    def forget(self) -> None:
        """Know nothing any more, and take nothing that was fetched before now."""
        self._known.clear()
        self.age += 1
