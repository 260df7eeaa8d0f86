"""What `steward.core.database` asks of a database; SQLite and PostgreSQL give it."""

from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

from sqlmodel import Session

T = TypeVar("T")
Kind = Literal["sqlite", "postgresql"]


class Store(Protocol):
    """One database. Its methods block, so they are called on threads and never on the loop."""

    @property
    def kind(self) -> Kind:
        """Which of the two it is."""
        ...

    @property
    def name(self) -> str:
        """What messages call it; never a password."""
        ...

    @property
    def readers(self) -> int:
        """Threads that may read at once; nought where the writing thread must read too."""
        ...

    def transact(self, work: Callable[[Session], T], *, may_write: bool) -> T:
        """Run `work` in a transaction: commit if it returns, roll back if it raises.

        Raises:
            UnavailableError: the database failed us.
        """
        ...

    def close(self) -> None:
        """Let go of it; nothing runs any more."""
        ...
