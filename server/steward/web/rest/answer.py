"""What every answer of the API is made of."""

from typing import Generic, TypeVar

from pydantic import ConfigDict

from steward.core.described import Described

T = TypeVar("T")


class Answer(Described):
    """A value that leaves: nothing in it changes, and nothing is in it that was not named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Wanted(Described):
    """What a client sends: a field that we do not know is refused, and not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Paged(Answer, Generic[T]):
    """Some of a list, in its order."""

    items: tuple[T, ...]
    """This page's."""
    next: str | None
    """What to send as `after` for the next page; null on the last."""
