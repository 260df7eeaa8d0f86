"""Values of the protocol's types, drawn at random: what a client may send, as hostile as it may be.

The types are lsprotocol's, which are made from the protocol's own model: required fields are
always there, optional ones down to a depth.
"""

import enum
import types as python_types
import typing
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import attrs
from lsprotocol import converters, types

Json = Any

OPTIONAL_DEPTH = 3
INTEGER_MAX = 2**31 - 1
TEXTS = (
    *(
        "",
        "a",
        "def add(a, b):\n    return a + b\n",
        "one\r\ntwo\rthree\n",
        "\t \x0b\x0c\x1c\x85\u2028",
    ),
    *(
        "\0",
        "\ud800",
        "a\udc00b",
        "\ud83d\ude00",
        "😀😀é漢",
        "\u202e\u2066abc",
        "\ufeffx",
        "\x1b[2J",
    ),
    *("%s%n{0}{self.__class__}", "../../etc/passwd", '{"jsonrpc": "2.0", "id": 1}', "' OR 1=1 --"),
    *("9" * 400, "x" * 3_000, "\n" * 500, "é" * 1_000, "constructor", "__proto__", "NaN", "-1"),
)
URIS = (
    *(
        "",
        "x",
        ":",
        "file:",
        "file://",
        "file:///",
        "file:///etc/passwd",
        "file:///etc/../etc/shadow",
    ),
    *("file:///%00", "file:///%ff%fe", "file:///%ED%A0%80", "file:///a%2f..%2f..%2fetc%2fpasswd"),
    *(
        "file://host/share/a.py",
        "FILE:///etc/passwd",
        "file:///C:/x.py",
        "file:///proc/self/environ",
    ),
    *("file:///dev/zero", "untitled:Untitled-1", "untitled:/home/ada/.env", "http://h/a.py"),
    *(
        "vscode-notebook-cell:/a.ipynb#W0",
        "git:/a.py?%7B%7D",
        "file:///\ud800.py",
        "file:///\udc80",
    ),
    *(
        "file:///" + "a" * 5_000,
        "file:///" + "a/" * 500,
        "file://[",
        "file:///é/漢.py",
        "\0",
        "🐍:x",
    ),
)
NUMBERS = (0, 0, 0, 1, 2, 3, 7, 100, 65_536, INTEGER_MAX)


class Values:
    """Draws values from one source of chance."""

    def __init__(self, chance: Random, uris: Sequence[str]) -> None:
        self._chance = chance
        self._uris = uris

    def of(self, kind: Any, depth: int = 0) -> Json:
        """A value of a type."""
        if kind is None or kind is python_types.NoneType:
            return None
        if isinstance(kind, str) or kind in (Any, object) or kind is types.LSPObject:
            return self.anything(depth)
        if (origin := typing.get_origin(kind)) is not None:
            return self._composed(origin, typing.get_args(kind), depth)
        if attrs.has(kind):
            return self._structure(kind, depth)
        if issubclass(kind, enum.Enum):
            return self._chance.choice(list(kind)).value
        return self._plain(kind)

    def anything(self, depth: int) -> Json:
        """A value where the protocol does not care."""
        match self._chance.randrange(8 if depth < 2 * OPTIONAL_DEPTH else 6):
            case 0 | 1:
                return self._plain(str)
            case 2:
                return self._plain(int)
            case 3:
                return self._plain(float)
            case 4:
                return self._plain(bool)
            case 5:
                return None
            case 6:
                return [self.anything(depth + 1) for _ in range(self._chance.randrange(3))]
            case _:
                names = [self._plain(str) for _ in range(self._chance.randrange(3))]
                return {name: self.anything(depth + 1) for name in names}

    def uri(self) -> str:
        """A name of a document, real or hostile."""
        is_real = self._uris and self._chance.random() < 0.5
        return self._chance.choice(self._uris if is_real else URIS)

    def text(self) -> str:
        """Some text."""
        return self._chance.choice(TEXTS)

    def _plain(self, kind: type[Any]) -> Json:
        if kind is bool:
            return self._chance.random() < 0.5
        if kind is int:
            return self._chance.choice(NUMBERS)
        if kind is float:
            return self._chance.choice((0.0, -1.5, 1e300))
        return self.uri() if self._chance.random() < 0.2 else self.text()

    def _composed(self, origin: Any, arguments: tuple[Any, ...], depth: int) -> Json:
        if origin in (typing.Union, python_types.UnionType):
            return self.of(self._chance.choice(arguments), depth)
        if origin is tuple:
            return [self.of(each, depth + 1) for each in arguments]
        few = range(self._chance.randrange(4 if depth < OPTIONAL_DEPTH else 2))
        if issubclass(origin, Mapping):
            return {
                str(self.of(arguments[0], depth)): self.of(arguments[1], depth + 1) for _ in few
            }
        return [self.of(arguments[0], depth + 1) for _ in few]

    def _structure(self, kind: type[Any], depth: int) -> Json:
        made: dict[str, Json] = {}
        for field in attrs.fields(kind):
            if field.default is None:
                if depth < OPTIONAL_DEPTH and self._chance.random() < 0.5:
                    value = self.of(field.type, depth + 1)
                    if value is not None:
                        made[wire_name(field.name)] = value
            elif field.default is not attrs.NOTHING:
                made[wire_name(field.name)] = field.default  # The one text that names the kind.
            elif field.name in ("uri", "target_uri", "base_uri"):
                made[wire_name(field.name)] = self.uri()
            else:
                made[wire_name(field.name)] = self.of(field.type, depth + 1)
        return made


def wire_name(name: str) -> str:
    """A field as it is spelled in JSON."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(each.capitalize() for each in others)


def required_names(kind: Any) -> list[str]:
    """The fields of a structure without which it is none."""
    if not attrs.has(kind):
        return []
    fields = attrs.fields(kind)
    return [wire_name(field.name) for field in fields if field.default is attrs.NOTHING]


def client_methods() -> tuple[str, ...]:
    """Everything that a client may send in the middle of a session."""
    converters.get_converter()  # Resolves the names of types in each other's fields.
    ours = (types.INITIALIZE, types.SHUTDOWN, types.EXIT)
    return tuple(
        method
        for method in sorted(types.METHOD_TO_TYPES)
        if types.message_direction(method) != "serverToClient" and method not in ours
    )
