"""What `steward.core.database` asks of a database; SQLite and PostgreSQL give it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from sqlmodel import Session

from steward.core.commits import Commits

T = TypeVar("T")
Kind = Literal["sqlite", "postgresql"]
Mark = tuple[int, int]
"""A state of a database: of what others committed, and of what was begun here."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction that may write, for a unit of work that brings its own statements."""

    driver: Any
    """The driver's own connection; what it raises comes bare. The unit ends nothing on it."""
    restart: Callable[[], None]
    """Undo whatever the unit did, and begin anew; others may have written in between."""
    open_session: Callable[[], Session]
    """The same transaction as a session; to be closed before the unit returns."""


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

    def transact_bare(self, work: Callable[[Transaction], T]) -> T:
        """As `transact` for a unit that may write, without what a session costs.

        Raises:
            UnavailableError: the database failed us.
        """
        ...

    def mark(self) -> Mark | None:
        """What stays the same while nothing is committed to it; None where that is not known."""
        ...

    def notices(self) -> Commits | None:
        """What tells of commits by itself; None where the mark must be looked at.

        It is of the loop's own and blocks nothing.
        """
        ...

    def close(self) -> None:
        """Let go of it; nothing runs any more."""
        ...
