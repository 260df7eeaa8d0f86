"""A request's fields, taken one at a time: what was not taken can be named."""

from collections.abc import Mapping
from typing import Any, cast

from steward.core.errors import InvalidInputError, LimitError
from steward.core.limits import TOKENS_MAX

_MISSING = object()


class Fields:
    """One JSON object of a request. Every method takes a field; None and absent are the same.

    Raises:
        InvalidInputError: from every method, where the field is not what it has to be; the
            message says where it stands.
    """

    def __init__(self, value: object, where: str = "") -> None:
        if not isinstance(value, Mapping):
            raise InvalidInputError(f"`{where or 'the body'}` must be an object.")
        self._left = dict(cast("Mapping[str, Any]", value))
        self._where = where

    @property
    def ignored(self) -> tuple[str, ...]:
        """The names of what nobody took and that has a value."""
        return tuple(name for name, value in self._left.items() if value is not None)

    def at(self, name: str) -> str:
        """The field's whole name, for messages."""
        return f"{self._where}.{name}" if self._where else name

    def wrong(self, name: str, must: str) -> InvalidInputError:
        """The error that says what a field must be."""
        return InvalidInputError(f"`{self.at(name)}` {must}.")

    def any(self, name: str) -> Any:
        """Whatever it is."""
        return self._left.pop(name, None)

    def text(self, name: str, chars_max: int | None = None) -> str | None:
        """A text."""
        value = self.any(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, "must be a text")
        if chars_max is not None and len(value) > chars_max:
            raise self.wrong(name, f"must not be longer than {chars_max} characters")
        return value

    def needed_text(self, name: str, chars_max: int | None = None) -> str:
        """A text that must be there and not be empty."""
        value = self.text(name, chars_max)
        if not value:
            raise self.wrong(name, "is needed, and must be a text")
        return value

    def flag(self, name: str, *, is_usual: bool = False) -> bool:
        """True or false; what is usual where nothing is said."""
        value = self.any(name)
        if value is None:
            return is_usual
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false")
        return value

    def whole(self, name: str, least: int, most: int = TOKENS_MAX) -> int | None:
        """A whole number within bounds."""
        value = self.any(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(name, f"must be a whole number from {least} to {most}")
        return value

    def number(self, name: str, least: float, most: float) -> float | None:
        """A number within bounds."""
        value = self.any(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "must be a number")
        if not least <= value <= most:
            raise self.wrong(name, f"must be a number from {least:g} to {most:g}")
        return float(value)

    def many(self, name: str, most: int) -> list[Any]:
        """A list; an empty one where nothing is said."""
        value = self.any(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(name, "must be a list")
        found = cast("list[Any]", value)
        if len(found) > most:
            raise LimitError(f"`{self.at(name)}` must not have more than {most} entries.")
        return found

    def below(self, name: str) -> "Fields | None":
        """An object."""
        value = self.any(name)
        return None if value is None else Fields(value, self.at(name))

    def schema(self, name: str) -> dict[str, object] | None:
        """An object that is passed on as it is."""
        value = self.any(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name, "must be a JSON Schema")
        return cast("dict[str, object]", value)

    def one_or_many(self, name: str, most: int) -> list[Any]:
        """A list, or something in its place; nothing where nothing is said."""
        value = self.any(name)
        if value is None:
            return []
        if not isinstance(value, list):
            return [value]
        found = cast("list[Any]", value)
        if len(found) > most:
            raise LimitError(f"`{self.at(name)}` must not have more than {most} entries.")
        return found

    def refuse(self, names: Mapping[str, tuple[Any, ...]]) -> None:
        """Refuse what we cannot do. A name may come with one of the values that ask for nothing."""
        for name, neutral in names.items():
            value = self.any(name)
            if value is not None and value not in neutral:
                raise self.wrong(
                    name, "asks for something that this server does not do; leave it out"
                )
