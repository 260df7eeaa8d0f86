"""What every answer of the API is made of."""

from typing import Any, Generic, TypeVar, get_args

from pydantic import ConfigDict, ValidationInfo, field_validator

from steward.core.described import Described

T = TypeVar("T")


class Answer(Described):
    """A value that leaves: nothing in it changes, and nothing is in it that was not named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Wanted(Described):
    """What a client sends: a field that we do not know is refused, and not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_yes_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Python takes `true` for the number 1."""
        kind = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and bool not in (kind, *get_args(kind)):
            raise ValueError("neither true nor false is meant here")
        return value


class Paged(Answer, Generic[T]):
    """Some of a list, in its order."""

    items: tuple[T, ...]
    """This page's."""
    next: str | None
    """What to send as `after` for the next page; null on the last."""
