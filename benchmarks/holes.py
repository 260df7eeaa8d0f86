"""Holes cut out of real code: what was there, and what a model might have written instead.

Where statements, blocks, functions and calls begin and end is read off the language's grammar,
which the code under test does not use: neither can confirm the other's mistakes.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from random import Random
from typing import Literal, get_args

from tree_sitter import Language, Node, Parser

from steward.context.cursor import Cursor

Kind = Literal["rest of a line", "call", "block body", "several statements", "function body"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_LINES_MAX = 25
"""Longer holes are not cut: nobody waits for so much at a cursor."""
_STATEMENTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a package."""

    package: str
    path: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A file with a hole in it."""

    kind: Kind
    language: str
    cursor: Cursor
    truth: str
    """What was in the hole."""
    function_column: int
    """How far the function around the hole is indented."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What a grammar calls the things that we look for."""

    module: str
    functions: frozenset[str]
    blocks: frozenset[str]
    calls: frozenset[str]
    grammar: str = "language"


_NAMES: Mapping[str, _Names] = {
    "python": _Names(
        "tree_sitter_python",
        frozenset({"function_definition"}),
        frozenset({"block"}),
        frozenset({"argument_list"}),
    ),
    "typescript": _Names(
        "tree_sitter_typescript",
        frozenset({"function_declaration", "method_definition"}),
        frozenset({"statement_block"}),
        frozenset({"arguments"}),
        "language_typescript",
    ),
    "go": _Names(
        "tree_sitter_go",
        frozenset({"function_declaration", "method_declaration"}),
        frozenset({"block"}),
        frozenset({"argument_list"}),
    ),
}


@dataclass(frozen=True, slots=True)
class _Parsed:
    source: Source
    data: bytes
    root: Node
    names: _Names

    def text(self, start: int, end: int | None = None) -> str:
        return self.data[start:end].decode()

    def line_start(self, at: int) -> int:
        return self.data.rfind(b"\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        end = self.data.find(b"\n", at)
        return len(self.data) if end < 0 else end

    def is_first(self, at: int) -> bool:
        return not self.data[self.line_start(at) : at].strip()

    def opener_end(self, block: Node) -> int | None:
        """Where the line ends that opens a block, if nothing of the block stands on it."""
        before = block.prev_sibling
        at = (
            block.start_byte + 1
            if self.data[block.start_byte : block.start_byte + 1] == b"{"
            else (before.end_byte if before is not None and before.type == ":" else None)
        )
        return at if at is not None and self.line_end(at) == at else None

    def cut(self, kind: Kind, node: Node, start: int, end: int) -> Cut | None:
        truth = self.text(start, end)
        if not truth.strip() or truth.count("\n") >= _LINES_MAX:
            return None
        cursor = Cursor(self.source.path, self.text(0, start), self.text(end))
        return Cut(kind, self.source.language, cursor, truth, self._function_column(node))

    def _function_column(self, node: Node) -> int:
        at: Node | None = node
        while at is not None and at.type not in self.names.functions:
            at = at.parent
        if at is None:
            return 0
        line = self.text(self.line_start(at.start_byte), at.start_byte)
        return len(line) - len(line.lstrip())


def cuts(source: Source, random: Random, each: int) -> list[Cut]:
    """At most `each` holes of each kind in a file; none in one that has faults."""
    parsed = _parse(source)
    if parsed.root.has_error or "\r" in source.text:
        return []
    nodes = list(_below(parsed.root))
    found: list[Cut] = []
    for kind in KINDS:
        places = [cut for node in nodes if (cut := _CUTTERS[kind](parsed, node, random))]
        found += random.sample(places, min(each, len(places)))
    return found


def functions(source: Source) -> list[str]:
    """The functions of a file, each with its own indentation taken away."""
    parsed = _parse(source)
    found: list[str] = []
    for node in _below(parsed.root):
        if node.type in parsed.names.functions and parsed.is_first(node.start_byte):
            column = node.start_point.column
            lines = parsed.text(node.start_byte, node.end_byte).split("\n")
            found.append("\n".join([lines[0], *(_dedented(line, column) for line in lines[1:])]))
    return found


def _dedented(line: str, column: int) -> str:
    return line[column:] if not line[:column].strip() else line


def _parse(source: Source) -> _Parsed:
    names = _NAMES[source.language]
    data = source.text.encode()
    return _Parsed(source, data, Parser(_grammar(source.language)).parse(data).root_node, names)


@lru_cache
def _grammar(language: str) -> Language:
    names = _NAMES[language]
    capsule: object = getattr(import_module(names.module), names.grammar)()
    return Language(capsule)


def _below(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        waiting += reversed(at.children)


def _rest_of_line(parsed: _Parsed, node: Node, random: Random) -> Cut | None:
    """From between two words of a statement's first line to that line's end."""
    if not _is_statement(parsed, node):
        return None
    end = parsed.line_end(node.start_byte)
    line = parsed.text(node.start_byte, end)
    places = [
        match.start()
        for match in re.finditer(r"(?<=[\w\s(\[{.,=])(?=[\w\"'(\[{])(?<!\w(?=\w))", line)
        if match.start() > 1 and len(line) - match.start() > 2
    ]
    if not places:
        return None
    start = node.start_byte + len(line[: random.choice(places)].encode())
    return parsed.cut("rest of a line", node, start, end)


def _call(parsed: _Parsed, node: Node, _random: Random) -> Cut | None:
    """What stands between the brackets of a call on one line."""
    if node.type not in parsed.names.calls or node.end_byte - node.start_byte < 3:
        return None
    if node.start_point.row != node.end_point.row:
        return None
    cut = parsed.cut("call", node, node.start_byte + 1, node.end_byte - 1)
    return cut if cut and cut.cursor.is_worth_asking else None


def _body(kind: Kind) -> Callable[[_Parsed, Node, Random], Cut | None]:
    def body(parsed: _Parsed, node: Node, random: Random) -> Cut | None:
        """A whole body: from its first line, or from the end of the line that opens it."""
        if node.type not in parsed.names.blocks or node.parent is None:
            return None
        is_function = node.parent.type in parsed.names.functions
        if is_function != (kind == "function body"):
            return None
        statements = _statements(node)
        if not statements or not parsed.is_first(statements[0].start_byte):
            return None
        start, end = statements[0].start_byte, parsed.line_end(statements[-1].end_byte)
        if end > node.end_byte and node.children[-1].type == "}":
            return None  # The bracket stands on the last line.
        opener = parsed.opener_end(node)
        if random.random() < 0.5 and opener is not None:
            start = opener
        return parsed.cut(kind, node, start, end)

    return body


def _several(parsed: _Parsed, node: Node, random: Random) -> Cut | None:
    """Statements of one block, with at least one of it before them and one after."""
    if node.type not in parsed.names.blocks:
        return None
    statements = [child for child in _statements(node) if "comment" not in child.type]
    if len(statements) < 4:
        return None
    first = random.randrange(1, len(statements) - 2)
    last = random.randrange(first, min(first + _STATEMENTS_MAX, len(statements) - 1))
    start, end = statements[first].start_byte, parsed.line_end(statements[last].end_byte)
    follows = statements[last + 1].start_byte
    if not parsed.is_first(start) or not parsed.is_first(follows) or end > follows:
        return None
    return parsed.cut("several statements", node, start, end)


def _statements(node: Node) -> list[Node]:
    """The statements of a block; in Go's grammar a list stands around them."""
    children = node.named_children
    lists = [child for child in children if child.type == "statement_list"]
    return lists[0].named_children if lists else children


def _is_statement(parsed: _Parsed, node: Node) -> bool:
    return (
        node.parent is not None
        and node.parent.type in {*parsed.names.blocks, "statement_list"}
        and node.is_named
        and "comment" not in node.type
        and parsed.is_first(node.start_byte)
    )


_CUTTERS: Mapping[Kind, Callable[[_Parsed, Node, Random], Cut | None]] = {
    "rest of a line": _rest_of_line,
    "call": _call,
    "block body": _body("block body"),
    "several statements": _several,
    "function body": _body("function body"),
}


def sample(sources: Sequence[Source], seed: int, files: int, each: int) -> list[Cut]:
    """Holes of every kind from so many files, always the same for the same seed."""
    random = Random(seed)
    chosen = random.sample(list(sources), min(files, len(sources)))
    return [cut for source in chosen for cut in cuts(source, random, each)]
