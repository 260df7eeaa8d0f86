"""What is inside what: brackets, elements and functions of a tokenised source."""

from dataclasses import dataclass, field

from tokens import Token

_OPENING = {"(": ")", "[": "]", "{": "}"}
_NO_METHOD = frozenset(("if", "for", "while", "switch", "catch", "function", "with", "return"))
_VARIABLES = frozenset(("const", "let", "var"))
_VALUE_KINDS = frozenset(("name", "number", "string", "regex"))
_BACK_MAX = 80
"""Tokens that are looked at behind an arrow for its parameters, its type and its name."""
STATEMENTS = frozenset(
    (
        *("const", "let", "var", "return", "if", "for", "while", "switch", "do", "else", "throw"),
        *("function", "class", "export", "import", "try", "case", "default", "break", "continue"),
    )
)
"""Words that begin a statement."""


@dataclass(slots=True)
class Function:
    """A function: the tokens from `start` on, its parameters and its body, both ends included."""

    start: int
    parameters: tuple[int, int]
    body: tuple[int, int]
    name: str = ""
    """Its own or that of what it is given to; empty: none."""
    called_with: str = ""
    """The function that it is an argument of: `memo` of `React.memo(() => …)`."""
    has_block: bool = True
    """False: its body is an expression."""
    outer: "Function | None" = None
    """The function whose body holds its own."""
    inner: list["Function"] = field(default_factory=list["Function"])
    """The functions right inside of it."""

    def holds(self, index: int) -> bool:
        """Whether a token stands in its body."""
        return self.body[0] <= index <= self.body[1]


@dataclass(slots=True)
class Source:
    """A source, its tokens, and where each bracket and each element ends and begins."""

    tokens: list[Token]
    lines: list[int]
    """Line of each token."""
    ends: dict[int, int] = field(default_factory=dict[int, int])
    """Index of an opening bracket, or of an element's `<` → index of its last token."""
    begins: dict[int, int] = field(default_factory=dict[int, int])
    """The other way round."""
    is_whole: bool = True
    """Whether everything that is opened is closed; else nobody can say what is in what."""
    functions: list[Function] = field(default_factory=list[Function])
    """In the order of their bodies."""
    at_start: dict[int, Function] = field(default_factory=dict[int, Function])
    """Index of a function's first token → the function."""
    at_parameters: set[int] = field(default_factory=set[int])
    """Indices of the `(` of parameters."""
    _owners: list[Function | None] = field(default_factory=list["Function | None"])
    """Of each token, the innermost function whose body holds it."""

    def text(self, index: int) -> str:
        """What a token says; nothing beyond either end."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def kind(self, index: int) -> str:
        """The kind of a token; nothing beyond either end."""
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else ""

    def is_op(self, index: int, text: str) -> bool:
        """Whether a token is this operator, and not a string that looks like it."""
        return self.kind(index) == "op" and self.tokens[index].text == text

    def function_at(self, index: int) -> Function | None:
        """The innermost function whose body holds a token."""
        return self._owners[index]

    def around(self, index: int) -> list[Function]:
        """All functions whose bodies hold a token, innermost first."""
        found: list[Function] = []
        function = self._owners[index]
        while function is not None:
            found.append(function)
            function = function.outer
        return found

    def take(self, functions: list[Function]) -> None:
        """Keep the functions, and which of them is in which."""
        self.functions = sorted(functions, key=lambda function: function.body[0])
        self._owners = [None] * len(self.tokens)
        for function in self.functions:
            self.at_start[function.start] = function
            self.at_parameters.add(function.parameters[0])
            function.outer = self._owners[function.body[0]]
            if function.outer is not None:
                function.outer.inner.append(function)
            first, last = function.body
            self._owners[first : last + 1] = [function] * (last + 1 - first)

    def is_break(self, index: int) -> bool:
        """Whether a statement ends between this token and the next though no `;` says so."""
        following = index + 1
        if following >= len(self.tokens) or self.lines[index] == self.lines[following]:
            return False
        ends = self.kind(index) in (*_VALUE_KINDS, "end", "self") or (
            self.kind(index) == "op" and self.text(index) in (")", "]", "}", "`", "++", "--")
        )
        starts = self.kind(following) in _VALUE_KINDS and self.text(following) not in (
            "in",
            "of",
            "instanceof",
            "as",
            "satisfies",
        )
        return ends and starts


def source_of(tokens: list[Token], text: str) -> Source:
    """The structure of a tokenised source."""
    lines: list[int] = []
    line = at = 0
    for token in tokens:
        line += text.count("\n", at, token.start)
        at = token.start
        lines.append(line)
    source = Source(tokens, lines)
    _pair(source)
    if source.is_whole:
        found = (_function_at(source, index) for index in range(len(tokens)))
        source.take([function for function in found if function is not None])
    return source


def _pair(source: Source) -> None:
    stack: list[tuple[str, int]] = []
    for index, token in enumerate(source.tokens):
        closing = ""
        if token.kind == "op" and token.text in _OPENING:
            stack.append((_OPENING[token.text], index))
        elif token.kind == "open":
            stack.append(("element", index))
        elif token.kind == "self" or (token.kind == "end" and _is_shut(source, index)):
            closing = "element"
        elif token.kind == "op" and token.text in (")", "]", "}"):
            closing = token.text
        if closing:
            if not stack or stack[-1][0] != closing:
                source.is_whole = False
                return
            opened = stack.pop()[1]
            source.ends[opened] = index
            source.begins[index] = opened
    source.is_whole = not stack


def _is_shut(source: Source, index: int) -> bool:
    return source.kind(index - 1) == "shut" or source.kind(index - 2) == "shut"


def skip_back(source: Source, index: int) -> int:
    """The beginning of the bracket or element that ends here, else the place itself."""
    return source.begins.get(index, index)


def expression_end(source: Source, index: int) -> int:
    """The last token of the expression that begins here."""
    last = index
    while index < len(source.tokens):
        if source.kind(index) == "op" and source.text(index) in (",", ";", ")", "]", "}"):
            break
        index = source.ends.get(index, index)
        last = index
        if source.is_break(index):
            break
        index += 1
    return last


def _function_at(source: Source, index: int) -> Function | None:
    """The function whose keyword, arrow or method name is this token."""
    token = source.tokens[index]
    # Most tokens are none of these; this runs for each of them.
    if token.kind == "op":
        return _arrow(source, index) if token.text == "=>" else None
    if token.kind != "name" or index + 1 == len(source.tokens):
        return None
    if token.text == "function":
        return None if source.is_op(index - 1, ".") else _declared(source, index)
    if source.tokens[index + 1].text == "(" and token.text not in _NO_METHOD:
        return _method(source, index)
    return None


def _block_after(source: Source, closing: int) -> int | None:
    """The `{` of the body behind parameters, over the type of what is returned."""
    index = closing + 1
    if not source.is_op(index, ":"):
        return index if source.is_op(index, "{") else None
    index += 1
    # A type may itself begin with a brace: `(): { a: string } {`.
    if source.is_op(index, "{") and source.is_op(source.ends[index] + 1, "{"):
        return source.ends[index] + 1
    for _ in range(_BACK_MAX):
        if source.is_op(index, "{"):
            return index
        if source.kind(index) == "op" and source.text(index) in (";", ")", "}", "=", "=>"):
            return None
        index = source.ends.get(index, index) + 1
    return None


def _declared(source: Source, index: int) -> Function | None:
    at = index + 1
    at += source.is_op(at, "*")
    name = source.text(at) if source.kind(at) == "name" else ""
    at += bool(name)
    for _ in range(_BACK_MAX):
        if source.is_op(at, "("):
            break
        at += 1
    closing = source.ends.get(at)
    block = _block_after(source, closing) if closing is not None else None
    if closing is None or block is None:
        return None
    start = index - (source.text(index - 1) == "async")
    found = Function(start, (at, closing), (block, source.ends[block]), name)
    if not name:
        _named_by_place(source, found)
    return found


def _method(source: Source, index: int) -> Function | None:
    closing = source.ends.get(index + 1)
    before = source.text(index - 1)
    is_member = before in ("{", ",", ";", "}", "*") or before in (
        *("async", "get", "set", "static", "public", "private", "protected", "override"),
    )
    if closing is None or not is_member or source.kind(index - 1) in ("string", "words"):
        return None
    block = _block_after(source, closing)
    if block is None:
        return None
    return Function(index, (index + 1, closing), (block, source.ends[block]), source.text(index))


def _arrow(source: Source, index: int) -> Function | None:
    parameters = _arrow_parameters(source, index)
    if parameters is None or index + 1 >= len(source.tokens):
        return None
    if source.is_op(parameters[0] - 1, ":") and source.text(parameters[0] - 3) in _VARIABLES:
        return None  # A type: `const a: () => T = …`.
    has_block = source.is_op(index + 1, "{")
    last = source.ends[index + 1] if has_block else expression_end(source, index + 1)
    start = parameters[0] - (source.text(parameters[0] - 1) == "async")
    found = Function(start, parameters, (index + 1, last), has_block=has_block)
    _named_by_place(source, found)
    return found


def _arrow_parameters(source: Source, arrow: int) -> tuple[int, int] | None:
    index = arrow - 1
    if source.is_op(index, ")"):
        return source.begins[index], index
    is_typed = source.kind(index) != "name" or source.kind(index - 1) in ("op", "name")
    # `(a: string): JSX.Element =>`: over the type, back to the `)` before its colon.
    at = index
    for _ in range(_BACK_MAX if is_typed else 0):
        if source.is_op(at, ":") and source.is_op(at - 1, ")"):
            return source.begins[at - 1], at - 1
        if source.kind(at) == "op" and source.text(at) in ("=>", ";", "=", "(", "{", ","):
            break
        at = skip_back(source, at) - 1
    return (index, index) if source.kind(index) == "name" else None


def _named_by_place(source: Source, function: Function) -> None:
    """Name a function after the variable, the property or the call that it is given to."""
    before = _before_generics(source, function.start - 1)
    if source.is_op(before, "(") or source.is_op(before, ","):
        _named_by_call(source, function, before)
    elif source.is_op(before, ":") and source.kind(before - 1) == "name":
        function.name = source.text(before - 1)
    elif source.is_op(before, "="):
        function.name = _assigned(source, before)


def _before_generics(source: Source, index: int) -> int:
    """Over the `<T,>` of a generic arrow."""
    if not source.is_op(index, ">"):
        return index
    for at in range(index, max(index - _BACK_MAX, -1), -1):
        if source.is_op(at, "<"):
            return at - 1
    return index


def _named_by_call(source: Source, function: Function, index: int) -> None:
    while index >= 0 and not source.is_op(index, "("):
        if source.kind(index) == "op" and source.text(index) in ("{", "[", ";"):
            return
        index = skip_back(source, index) - 1
    callee = _before_generics(source, index - 1)
    if source.kind(callee) != "name":
        return
    function.called_with = source.text(callee)
    # `const Row = memo(() => …)` is called Row.
    while source.is_op(callee - 1, ".") or source.is_op(callee - 1, "?."):
        callee -= 2
    if source.is_op(callee - 1, "="):
        function.name = _assigned(source, callee - 1)
    elif source.is_op(callee - 1, "("):
        _named_by_call_around(source, function, callee - 1)


def _named_by_call_around(source: Source, function: Function, index: int) -> None:
    """`const Row = memo(forwardRef(() => …))`: two calls, one name."""
    outer = _before_generics(source, index - 1)
    if source.kind(outer) == "name" and source.is_op(outer - 1, "="):
        function.name = _assigned(source, outer - 1)


def _assigned(source: Source, equals: int) -> str:
    """The name on the left of `=`, over its type."""
    index = equals - 1
    if source.kind(index) == "name" and not source.is_op(index - 1, ":"):
        plain = source.text(index - 1) in ("const", "let", "var") or source.is_op(index - 1, ".")
        if plain or source.kind(index - 1) == "op":
            return source.text(index)
    for _ in range(_BACK_MAX):
        if index < 1 or source.is_op(index, ";"):
            break
        if source.text(index - 1) in ("const", "let", "var") and source.kind(index) == "name":
            return source.text(index)
        index = skip_back(source, index) - 1
    return ""


def own_tokens(function: Function) -> list[int]:
    """Indices of a function's body that are in no function inside it."""
    found: list[int] = []
    index = function.body[0]
    skips = {other.body[0]: other.body[1] for other in function.inner}
    while index <= function.body[1]:
        if index in skips:
            index = skips[index] + 1
            continue
        found.append(index)
        index += 1
    return found


def is_component_name(name: str) -> bool:
    """Whether React takes a function of this name for a component."""
    return name[:1].isupper()


def is_hook_name(name: str) -> bool:
    """Whether React takes a function of this name for a hook."""
    return name == "use" or (
        name.startswith("use") and (name[3:4].isupper() or name[3:4].isdigit())
    )
