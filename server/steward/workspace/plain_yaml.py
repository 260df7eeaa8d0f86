"""YAML read without any of the parts that make YAML dangerous; the one file that knows it.

PyYAML only splits the text into events; what they mean is decided here, as YAML 1.2's core schema
says: `no` is a word, and not false. Tags, anchors, aliases, keys that stand twice, numbers that
are none and everything too deep or too much are refused, each with its line.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from steward.core.errors import InvalidInputError
from steward.workspace.reveal import is_hidden

if TYPE_CHECKING:
    import yaml

Where = tuple[str | int, ...]
"""The keys and places that lead to a value."""

NUMBER_CHARS_MAX = 20
"""A number, as it is written."""
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class PlainYamlError(InvalidInputError):
    """The text cannot be taken; `line` counts from 1 in the whole text."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class YamlBounds:
    """How much is taken, and what a message calls it."""

    what: str
    chars: int
    depth: int
    values: int


@dataclass(frozen=True, slots=True)
class PlainYaml:
    """What the text says, and where."""

    values: Mapping[str, object]
    lines: Mapping[Where, int]
    """Value → its line; of a table's entry, the line of its key."""


def read(text: str, bounds: YamlBounds, *, first_line: int = 1, example: str) -> PlainYaml:
    """What a table in YAML says, whose first line has this number; `example` is one of its lines.

    Raises:
        PlainYamlError: it is not YAML that we take.
    """
    if len(text) > bounds.chars:
        raise PlainYamlError(
            first_line, f"{bounds.what} has more than {bounds.chars} characters; shorten it."
        )
    reading = _Reading(_events(text, bounds, first_line), bounds, first_line)
    value = reading.document()
    if not isinstance(value, dict):
        raise PlainYamlError(first_line, f"{bounds.what} must be a table, such as {example}.")
    return PlainYaml(value, reading.lines)  # pyright: ignore[reportUnknownArgumentType]


def _events(text: str, bounds: YamlBounds, first_line: int) -> "Iterator[yaml.Event]":
    import yaml

    try:
        # Only its events: nothing is built from what a text names.
        yield from cast(Any, yaml).parse(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + first_line if mark else first_line
        raise PlainYamlError(line, f"This is not YAML: {error.problem or 'unreadable'}.") from None
    except yaml.YAMLError:
        raise PlainYamlError(
            first_line, f"{bounds.what} holds characters that YAML does not take; leave them out."
        ) from None


@dataclass
class _Reading:
    """The values that a stream of events stands for."""

    events: "Iterator[yaml.Event]"
    bounds: YamlBounds
    first_line: int
    lines: dict[Where, int] = field(default_factory=dict[Where, int])
    count: int = 0

    def document(self) -> object:
        """The one document's value; None where there is none."""
        import yaml

        value: object = {}
        seen = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                seen += 1
                if seen > 1 or event.tags or event.version:
                    raise PlainYamlError(
                        self._line(event), f"{self.bounds.what} is one plain document."
                    )
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(event, ())
        return value

    def _value(self, event: "yaml.NodeEvent", where: Where) -> object:
        import yaml

        self.lines.setdefault(where, self._line(event))
        self._check(event, where)
        match event:
            case yaml.ScalarEvent():
                return self._scalar(event)
            case yaml.SequenceStartEvent():
                return self._list(where)
            case yaml.MappingStartEvent():
                return self._table(where)
            case _:
                raise PlainYamlError(
                    self._line(event),
                    "A value that begins with `*` is an alias in YAML, which is not taken; put it"
                    " in quotes, or write it out.",
                )

    def _check(self, event: "yaml.NodeEvent", where: Where) -> None:
        self.count += 1
        if len(where) > self.bounds.depth or self.count > self.bounds.values:
            raise PlainYamlError(self._line(event), f"{self.bounds.what} is too deep or too long.")
        if getattr(event, "tag", None) is not None:
            raise PlainYamlError(
                self._line(event),
                "A value that begins with `!` is a tag in YAML; put it in quotes.",
            )
        if getattr(event, "anchor", None) is not None and hasattr(event, "implicit"):
            raise PlainYamlError(
                self._line(event),
                "A value that begins with `&` is an anchor in YAML; put it in quotes.",
            )

    def _list(self, where: Where) -> list[object]:
        import yaml

        values: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            assert isinstance(event, yaml.NodeEvent)
            values.append(self._value(event, (*where, len(values))))
        return values

    def _table(self, where: Where) -> dict[str, object]:
        import yaml

        values: dict[str, object] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = self._line(event)
            if not isinstance(event, yaml.ScalarEvent) or event.tag or event.anchor:
                raise PlainYamlError(line, "The name of a field must be a plain word.")
            key = event.value
            if key in values:
                raise PlainYamlError(line, f"`{key[:40]}` is there twice; leave one out.")
            self.lines[*where, key] = line
            value = next(self.events)
            assert isinstance(value, yaml.NodeEvent)
            values[key] = self._value(value, (*where, key))
        return values

    def _scalar(self, event: "yaml.ScalarEvent") -> object:
        text = event.value
        if event.style is not None:
            self._check_seen(event)
            return text
        if text in _WORDS:
            return _WORDS[text]
        is_integer = _INTEGER.fullmatch(text) is not None
        if not is_integer and _NO_NUMBER.fullmatch(text) is None and _FLOAT.fullmatch(text) is None:
            return text
        if len(text) <= NUMBER_CHARS_MAX:
            if is_integer:
                return int(text)
            number = math.nan if _NO_NUMBER.fullmatch(text) else float(text)
            if math.isfinite(number):
                return number
        raise PlainYamlError(self._line(event), f"`{text[:40]}` is not a number that is taken.")

    def _check_seen(self, event: "yaml.ScalarEvent") -> None:
        # Between double quotes a backslash writes any character, and the text shows its number.
        hidden = next((each for each in event.value if each not in "\n\t" and is_hidden(each)), "")
        if hidden:
            raise PlainYamlError(
                self._line(event),
                f"This holds a hidden character, U+{ord(hidden):04X}, that nobody sees and a model"
                " reads; leave it out.",
            )

    def _line(self, event: "yaml.Event") -> int:
        return event.start_mark.line + self.first_line
