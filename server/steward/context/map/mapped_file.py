"""What the map keeps of one file: what it defines, mentions and imports, packed small."""

import json
import zlib
from array import array
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from steward.context.map.names import key_of
from steward.core.limits import MAP_DEFINITIONS_OF_FILE_MAX, MAP_NAMES_OF_FILE_MAX
from steward.core.redact import redact
from steward.syntax.language import language_of

if TYPE_CHECKING:  # The grammars' library is loaded when a file is mapped, and not before.
    from steward.syntax.symbols import Definition, Import

_COUNT_MAX = 255
_WHOLE_LINES_MAX = 4
"""A definition that is no longer is shown whole."""
_WHOLE_CHARS_MAX = 240
_SHOWN_CHARS_MAX = 400
_FUNCTIONS = ("function", "method", "variable", "constant")
_NAMESPACES = ("module",)
_VALUES = ("variable", "constant", "field")
_VALUE_CHARS_MAX = 100
_QUOTES = ('"""', "'''", 'r"""')

Signature = tuple[int, int]
"""What tells one state of a file from another: time of change and size, or (version, -1)."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One definition, as it is shown."""

    name: str
    kind: str
    line: int
    container: str
    shown: str
    """Its signature and the first line that explains it, or all of it where it is short."""


@dataclass(frozen=True, slots=True)
class MappedFile:
    """One file, in one state."""

    path: str
    signature: Signature
    mentioned: "array[int]"
    """The names it mentions, as keys."""
    counts: bytes
    """How often it mentions each."""
    defined: "array[int]"
    """The names it defines for all, members of classes left out, as keys."""
    packed: bytes
    packed_imports: bytes

    @property
    def imports(self) -> "tuple[Import, ...]":
        """What it imports."""
        return _imports(self.packed_imports)

    @property
    def definitions(self) -> tuple[Mapped, ...]:
        """What it defines, in its order."""
        return _unpacked(self.packed)


def map_file(path: str, text: str, signature: Signature, language_id: str = "") -> MappedFile:
    """The file's symbols, packed; empty where its language has none that we know.

    Takes milliseconds for a long text: call it on a thread.
    """
    from steward.syntax.symbols import symbols_of

    symbols = symbols_of(language_of(path, language_id), text)
    if symbols is None:
        return MappedFile(path, signature, array("I"), b"", array("I"), _pack(()), _pack(()))
    lines = text.split("\n")
    definitions = list(_visible(symbols.definitions, lines))[:MAP_DEFINITIONS_OF_FILE_MAX]
    names = list(symbols.references.items())[:MAP_NAMES_OF_FILE_MAX]
    return MappedFile(
        path,
        signature,
        array("I", (key_of(name) for name, _ in names)),
        bytes(min(count, _COUNT_MAX) for _, count in names),
        array("I", sorted({key_of(one.name) for one in definitions if not one.container})),
        _pack((one.name, one.kind, one.line, one.container, one.shown) for one in definitions),
        _pack((one.module, one.names, one.level, one.alias) for one in symbols.imports),
    )


def _visible(definitions: "Sequence[Definition]", lines: list[str]) -> Generator[Mapped]:
    """What other files can use: nothing inside functions. What is in a namespace is at the top."""
    kinds = {one.name: one.kind for one in definitions}
    for one in definitions:
        holder = kinds.get(one.container, "")
        if holder in _FUNCTIONS:
            continue
        container = "" if holder in _NAMESPACES else one.container
        # Redacted before it is cut: half of a key does not look like one.
        shown = redact(_shown(one, lines))[:_SHOWN_CHARS_MAX]
        yield Mapped(one.name, one.kind, one.line, container, shown)


def _shown(definition: "Definition", lines: list[str]) -> str:
    if definition.kind in _VALUES:
        return redact(definition.signature)[:_VALUE_CHARS_MAX]
    body = lines[definition.line : definition.end_line + 1]
    if len(body) <= _WHOLE_LINES_MAX and sum(map(len, body)) <= _WHOLE_CHARS_MAX:
        return _dedented(body) or definition.signature
    return "\n    ".join(filter(None, (definition.signature, _explained(body))))


def _dedented(body: list[str]) -> str:
    filled = [line.rstrip() for line in body if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in filled), default=0)
    return "\n".join(line[indent:] for line in filled)


def _explained(body: list[str]) -> str:
    """The first line of a Python docstring; other languages explain above, where names do."""
    for line in body[1:12]:
        text = line.strip()
        if text.startswith(_QUOTES):
            return f'"""{text.lstrip("r").strip(text.lstrip("r")[0]).strip()}"""'
        if text.endswith(":"):
            continue
    return ""


def _pack(rows: Iterable[tuple[object, ...]]) -> bytes:
    """One object instead of hundreds: small ones that stay would keep whole pages in memory."""
    return zlib.compress(json.dumps(list(rows)).encode("ascii"), 1)


@lru_cache(maxsize=64)
def _unpacked(packed: bytes) -> tuple[Mapped, ...]:
    return tuple(Mapped(*row) for row in json.loads(zlib.decompress(packed)))


@lru_cache(maxsize=256)
def _imports(packed: bytes) -> "tuple[Import, ...]":
    from steward.syntax.symbols import Import

    rows = json.loads(zlib.decompress(packed))
    return tuple(Import(row[0], tuple(row[1]), *row[2:]) for row in rows)
