"""A text as its grammar reads it: the one place that knows tree-sitter.

The parser is native code that holds the interpreter's lock and has no bound of its own: some
grammars never come to an end on garbage, and YAML's writes past its memory where nesting is deep.
So three walls stand around it. A text must not be large, its nesting must be likely, and the work
is counted: the parser asks between two pieces of it whether to go on, which also lets other
threads run.
"""

import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache

import tree_sitter

from steward.core import syntax_limits
from steward.syntax.bounds import is_too_much
from steward.syntax.grammars import (
    APOSTROPHE_IS_NO_QUOTE,
    CODE_IN_STRINGS,
    COMMENTS,
    GRAMMARS,
    KIND_OF,
    STRINGS,
    Kind,
    Place,
)
from steward.syntax.language import Language
from steward.syntax.quotes import ends_in_string

_CHUNK_BYTES, _NAME_BYTES = 32 * 1024, 64
_BYTES_A_STEP = 10  # Sound code takes a step for 150 bytes, one letter a line one for 12.
_STEPS_ANYWAY = 50


class Piece:
    """A node of a tree: its kind, where it stands, its text."""

    __slots__ = ("_node",)

    def __init__(self, node: tree_sitter.Node) -> None:
        self._node = node

    @property
    def kind(self) -> str:
        """The grammar's name for it."""
        return self._node.type

    @property
    def line(self) -> int:
        """Its first line, from 0."""
        return self._node.start_point[0]

    @property
    def end_line(self) -> int:
        """Its last line."""
        row, column = self._node.end_point
        return row if column or row == self.line else row - 1

    @property
    def span(self) -> tuple[int, int]:
        """Where it begins and ends, in bytes of UTF-8."""
        return self._node.start_byte, self._node.end_byte


class Tree:
    """A text and what its grammar says of it. Offsets are in characters of the text.

    Nothing here raises for any text or offset; an offset outside counts as the nearest end.
    """

    __slots__ = ("_data", "_tree", "language", "text")

    def __init__(self, language: Language, text: str, data: bytes, tree: tree_sitter.Tree) -> None:
        self.language = language
        self.text = text
        self._data = data
        self._tree = tree

    @classmethod
    def of(cls, language: Language, text: str) -> "Tree | None":
        """The tree of a text, or None where there is no grammar or the text is too much for it."""
        grammar = _grammar(language.name)
        if grammar is None or is_too_much(language.name, text):
            return None
        # A character that UTF-8 has not (half a pair) counts as one byte.
        data = text.encode("utf-8", "replace")
        tree = _parsed(grammar, data)
        return None if tree is None else cls(language, text, data, tree)

    def place_at(self, offset: int) -> Place:
        """Whether what is typed at an offset is code, a comment, or text in a string."""
        at = self._byte(offset)
        for node in self._around(at):
            kind = node.type
            if kind in CODE_IN_STRINGS and node.start_byte < at < node.end_byte:
                return "code"
            if kind in COMMENTS and node.start_byte < at:
                if at < node.end_byte or self._is_open_comment(node, at):
                    return "comment"
            elif kind in STRINGS and node.start_byte < at < node.end_byte:
                return "string"
        return self._place_in_error(at)

    def kind_at(self, offset: int) -> Kind:
        """What stands around an offset, in a word for metrics that says nothing of the code."""
        place = self.place_at(offset)
        if place != "code":
            return place
        for node in self._around(self._byte(offset)):
            kind = KIND_OF.get(node.type) if node.parent is not None else None
            if kind is not None:
                return kind
        return "other"

    def matches(self, query: str) -> Iterator[Mapping[str, Sequence[Piece]]]:
        """What a query finds: pieces by the names that the query gives them."""
        cursor = tree_sitter.QueryCursor(
            _query(self.language.name, query), match_limit=syntax_limits.MATCHES_MAX
        )
        for _, found in cursor.matches(self._tree.root_node):
            yield {name: [Piece(node) for node in nodes] for name, nodes in found.items()}

    def names(self, kinds: str) -> Counter[str]:
        """How often each name is written by nodes of these kinds, given with spaces between."""
        query = _query(
            self.language.name, f"[{' '.join(f'({kind})' for kind in kinds.split())}] @n"
        )
        counts: Counter[bytes] = Counter()
        data = self._data
        # In pieces: one call holds the interpreter's lock from its beginning to its end.
        for start in range(0, len(data), _CHUNK_BYTES):
            cursor = tree_sitter.QueryCursor(query)
            cursor.set_byte_range(start, start + _CHUNK_BYTES)
            spans = (node.byte_range for node in cursor.captures(self._tree.root_node).get("n", ()))
            counts.update(data[a:b] for a, b in spans if start <= a < start + _CHUNK_BYTES)
        kept = counts.most_common(syntax_limits.NAMES_MAX)
        return Counter({name.decode("utf-8", "replace"): count for name, count in kept})

    def written(self, start: int, end: int) -> str:
        """The text between two byte offsets, as of `Piece.span`."""
        return self._data[start:end].decode("utf-8", "replace")

    def _around(self, at: int) -> Iterator[tree_sitter.Node]:
        """The nodes around an offset, the innermost first."""
        return _upwards(self._tree.root_node, max(at - 1, 0), at)

    def _is_open_comment(self, comment: tree_sitter.Node, at: int) -> bool:
        """Whether the end of a comment is still in it: that of a line comment, or unclosed."""
        written = self._data[comment.start_byte : comment.end_byte]
        closer = self.language.block_comment
        if closer and written.startswith(closer[0].encode()):
            return not written.endswith(closer[1].encode())
        return at == comment.end_byte and not written.endswith(b"\n")

    def _place_in_error(self, at: int) -> Place:
        """What the letters say where a string or a comment has no end, so that no node is one."""
        if not any(node.is_error for node in self._around(at)):
            return "code"
        comment = self.language.block_comment
        if comment is not None:
            opens, closes = (mark.encode() for mark in comment)
            start = self._data.rfind(opens, max(at - _CHUNK_BYTES, 0), at)
            if start >= 0 and self._data.find(closes, start + len(opens), at) < 0:
                around = _upwards(self._tree.root_node, start, start + len(opens))
                if not any(node.type in STRINGS or node.type in COMMENTS for node in around):
                    return "comment"
        line = self._data[self._data.rfind(b"\n", 0, at) + 1 : at]
        quotes = b'"`' if self.language.name in APOSTROPHE_IS_NO_QUOTE else b"\"'`"
        return "string" if ends_in_string(line, quotes) else "code"

    def _byte(self, offset: int) -> int:
        offset = min(max(offset, 0), len(self.text))
        if len(self.text) == len(self._data):
            return offset
        return len(self.text[:offset].encode("utf-8", "replace"))


@cache
def _grammar(name: str) -> tree_sitter.Language | None:
    """The grammar of a language, loaded when it is first asked for."""
    grammar = GRAMMARS.get(name)
    if grammar is None:
        return None
    try:
        module = importlib.import_module(grammar.module)
        pointer: object = getattr(module, grammar.function)()
        return tree_sitter.Language(pointer)
    except (ImportError, OSError, AttributeError, ValueError):
        return None  # Built for another machine, or for another version: it has no tree.


@lru_cache(maxsize=64)
def _query(name: str, source: str) -> tree_sitter.Query:
    grammar = _grammar(name)
    assert grammar is not None
    return tree_sitter.Query(grammar, source)


def _parsed(grammar: tree_sitter.Language, data: bytes) -> tree_sitter.Tree | None:
    steps_left = min(_STEPS_ANYWAY + len(data) // _BYTES_A_STEP, syntax_limits.STEPS_MAX)

    def is_enough(_at: int, _has_error: bool) -> bool:
        nonlocal steps_left
        steps_left -= 1
        return steps_left < 0

    # The binding keeps what it is handed: it is emptied. Queries that compare names come later.
    handed: list[bytearray] = []
    is_parsing = True

    def read(at: int, _point: tree_sitter.Point) -> bytes | bytearray:
        if not is_parsing:
            return data[at : at + _NAME_BYTES]
        handed.append(bytearray(data[at : at + _CHUNK_BYTES]))
        return handed[-1]

    # A parser is made for one text: one that was stopped would go on with the text before.
    parser = tree_sitter.Parser(grammar)
    parse: Callable[..., tree_sitter.Tree] = parser.parse
    try:
        return parse(read, progress_callback=is_enough)
    except ValueError:
        return None
    finally:
        is_parsing = False
        for chunk in handed:
            chunk.clear()


def _upwards(root: tree_sitter.Node, start: int, end: int) -> Iterator[tree_sitter.Node]:
    node = root.descendant_for_byte_range(start, end)
    while node is not None:
        yield node
        node = node.parent
