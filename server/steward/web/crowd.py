"""Who may stay: a bounded number of connections, in which strangers make room for each other."""

from typing import Protocol


class Visitor(Protocol):
    """A connection."""

    def show_out(self) -> None:
        """Hang up at once."""
        ...


class Crowd:
    """Counts connections. A stranger has not signed in yet."""

    def __init__(self, connections_max: int) -> None:
        self._connections_max = connections_max
        self._strangers: dict[Visitor, None] = {}
        self._known: set[Visitor] = set()

    def arrive(self, visitor: Visitor) -> bool:
        """Give a stranger a place: the oldest stranger's where all are taken.

        So whoever can sign in gets in at once, however many sit there and say nothing. False if
        everybody here has signed in.
        """
        if len(self._strangers) + len(self._known) >= self._connections_max:
            oldest = next(iter(self._strangers), None)
            if oldest is None:
                return False
            del self._strangers[oldest]
            oldest.show_out()
        self._strangers[visitor] = None
        return True

    def trust(self, visitor: Visitor) -> None:
        """They have signed in."""
        if visitor in self._strangers:
            del self._strangers[visitor]
            self._known.add(visitor)

    def depart(self, visitor: Visitor) -> None:
        """They have left, whoever it was."""
        self._strangers.pop(visitor, None)
        self._known.discard(visitor)
