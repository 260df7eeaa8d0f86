"""What a text defines, what it names, and what it imports."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steward.core import syntax_limits
from steward.syntax.empty import EMPTY_BODY_BYTES_MAX, is_empty_body
from steward.syntax.language import Language
from steward.syntax.queries import QUERIES, Queries
from steward.syntax.tree import Piece, Tree

_PATH = re.compile(r"::|[.:\\]")
_GROUP = re.compile(r"[{},\s]+")
_AROUND_MODULE = "\"'<>`"
_PARTS = frozenset({"name", "body", "container"})
_VALUES = frozenset({"variable", "constant", "field"})
_VAGUE = _VALUES | {"type"}
_FUNCTIONS = frozenset({"function", "method"})
_OWNERS = frozenset({"class", "struct", "interface", "enum", "scope"})


@dataclass(frozen=True, slots=True)
class Definition:
    """Something that a text gives a name to."""

    name: str
    kind: str
    """function, method, class, struct, interface, enum, type, module, macro, constant, variable
    or field."""
    line: int
    """Its first line, from 0."""
    end_line: int
    """Its last line."""
    signature: str
    """How it is declared, in one line without its body."""
    container: str = ""
    """What it belongs to, such as its class; empty for the file itself."""
    is_empty: bool = False
    """It is a function whose body does nothing yet."""


@dataclass(frozen=True, slots=True)
class Import:
    """Something that a text takes from elsewhere."""

    module: str
    """As it is written, without quotes; empty for Python's `from . import`."""
    names: tuple[str, ...] = ()
    """What is taken of it; `*` is all of it."""
    level: int = 0
    """Above 0 it is relative to the file: in Python the number of dots, elsewhere 1."""
    alias: str = ""
    """What the file calls it."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Symbols:
    """What there is in one text."""

    definitions: tuple[Definition, ...]
    references: Mapping[str, int]
    """How often each name is written, definitions included."""
    imports: tuple[Import, ...]


def definitions_of(language: Language, text: str) -> tuple[Definition, ...] | None:
    """The definitions of a text alone; None where `symbols_of` gives None."""
    queries = QUERIES.get(language.name)
    tree = None if queries is None else Tree.of(language, text)
    return None if queries is None or tree is None else _definitions(tree, queries)


def symbols_of(language: Language, text: str) -> Symbols | None:
    """The symbols of a text; None for a language without them, or a text too large to read."""
    queries = QUERIES.get(language.name)
    tree = None if queries is None else Tree.of(language, text)
    if queries is None or tree is None:
        return None
    return Symbols(
        definitions=_definitions(tree, queries),
        references=tree.names(queries.names),
        imports=_imports(tree, queries) if queries.imports else (),
    )


@dataclass(slots=True)
class _Found:
    """A definition with its nodes."""

    kind: str
    piece: Piece
    name: str
    body: Piece | None
    container: str


def _definitions(tree: Tree, queries: Queries) -> tuple[Definition, ...]:
    found: dict[tuple[int, str], _Found] = {}
    for captures in tree.matches(queries.definitions):
        kind = next(name for name in captures if name not in _PARTS)
        piece, name = captures[kind][0], captures["name"][0]
        key = name.span[0], tree.written(*name.span)
        known = found.get(key)
        # Two patterns may fit one: what says more of it comes first or has the body.
        if known is None or (known.kind in _VAGUE and kind not in _VAGUE):
            body, owner = captures.get("body"), captures.get("container")
            container = tree.written(*owner[0].span).lstrip("*& ") if owner else ""
            found[key] = _Found(kind, piece, key[1], body[0] if body else None, container)
        if len(found) >= syntax_limits.DEFINITIONS_MAX:
            break
    ordered = sorted(found.values(), key=lambda each: (each.piece.span[0], -each.piece.span[1]))
    return tuple(_in_containers(tree, ordered))


def _in_containers(tree: Tree, ordered: Sequence[_Found]) -> list[Definition]:
    around: list[tuple[int, str, str]] = []  # Where it ends, its kind, its name.
    definitions: list[Definition] = []
    for each in ordered:
        start, end = each.piece.span
        while around and around[-1][0] <= start:
            around.pop()
        *path, name = _PATH.split(_without_generics(each.name)) if each.name else [""]
        owner = path[-1] if path else _without_generics(each.container)
        kind = each.kind
        if not owner and around:
            owner = around[-1][2]
            kind = "method" if kind == "function" and around[-1][1] in _OWNERS else kind
        if name and kind != "scope":
            definitions.append(
                Definition(
                    name,
                    "method" if path and kind == "function" else kind,
                    each.piece.line,
                    each.piece.end_line,
                    _signature(tree, each),
                    owner,
                    kind in _FUNCTIONS and _is_empty(tree, each),
                )
            )
        if end > start and kind not in _VALUES:
            around.append((end, kind, name))
    return definitions


def _is_empty(tree: Tree, found: _Found) -> bool:
    if found.body is None:
        return False
    start, end = found.body.span
    return end - start <= EMPTY_BODY_BYTES_MAX and is_empty_body(
        tree.written(start, end), tree.language.line_comment or ""
    )


def _signature(tree: Tree, found: _Found) -> str:
    start, end = found.piece.span
    stop = end if found.body is None else found.body.span[0]
    written = tree.written(start, min(stop, start + 4 * syntax_limits.SIGNATURE_CHARS_MAX))
    line = " ".join(written.split())[: syntax_limits.SIGNATURE_CHARS_MAX]
    if found.body is None:
        return line.rstrip(" ;,").removesuffix(" end").rstrip(" ;")
    return line.rstrip(" {").removesuffix("=>").rstrip(" :=;,")


def _without_generics(name: str) -> str:
    if name.startswith("operator"):
        return name
    return re.split(r"[<\[]", name, maxsplit=1)[0].strip()


@dataclass(slots=True)
class _Taken:
    """An import as its captures come in."""

    line: int
    module: str = ""
    names: list[str] = field(default_factory=list[str])
    level: int = 0
    alias: str = ""


def _imports(tree: Tree, queries: Queries) -> tuple[Import, ...]:
    taken: dict[int, _Taken] = {}
    for captures in tree.matches(queries.imports):
        piece = captures["import"][0]
        one = taken.setdefault(piece.span[0], _Taken(piece.line))
        for name, pieces in captures.items():
            written = tree.written(*pieces[0].span)
            if name == "module":
                one.module = written.strip(_AROUND_MODULE)
            elif name == "imported":
                one.names.append(written)
            elif name == "alias":
                one.alias = written
            elif name == "level":
                one.level = written.count(".") if queries is QUERIES["python"] else 1
        if len(taken) >= syntax_limits.IMPORTS_MAX:
            break
    found = (_import(one, queries.separator) for _, one in sorted(taken.items()))
    return tuple(one for one in found if one.module or one.level)


def _import(taken: _Taken, separator: str) -> Import:
    module, names, alias = taken.module, taken.names, taken.alias
    if separator and not names:
        module, names, alias = _parted(module, separator, alias)
    return Import(module, tuple(dict.fromkeys(names)), taken.level, alias, taken.line)


def _parted(path: str, separator: str, alias: str) -> tuple[str, list[str], str]:
    """A path of modules and a name, or in Rust several of them in braces, as its parts."""
    path, _, renamed = path.partition(" as ") if "{" not in path else (path, "", "")
    alias = renamed.strip() or alias
    head, brace, group = path.partition("{")
    if brace:
        group = re.sub(r"\bas\s+\w+", "", group)
        parts = [part.rpartition(separator)[2] for part in _GROUP.split(group) if part]
        return head.strip().removesuffix(separator), parts, alias
    module, found, name = path.rpartition(separator)
    return (module, [name], alias) if found else (path, [], alias)
