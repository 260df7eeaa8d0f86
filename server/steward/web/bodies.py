"""The memory that bodies under way take together."""

from collections.abc import Generator
from contextlib import contextmanager

from steward.core.errors import UnavailableError


class Bodies:
    """Bounds the bytes of all bodies that are being read."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._taken = 0

    @contextmanager
    def room(self) -> Generator["Room"]:
        """Room for one body; it is given back at the end of the block."""
        room = Room(self)
        try:
            yield room
        finally:
            self._taken -= room.taken

    def take(self, size: int) -> None:
        """Take so many bytes more.

        Raises:
            UnavailableError: there is no room for them now.
        """
        if self._taken + size > self._bytes_max:
            raise UnavailableError(
                "The server is reading as many large requests as it can hold. Try again in a"
                " moment."
            )
        self._taken += size


class Room:
    """What one body has taken."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.taken = 0

    def take(self, size: int) -> None:
        """Take so many bytes more; see `Bodies.take`."""
        self._bodies.take(size)
        self.taken += size
