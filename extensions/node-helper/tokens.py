"""The tokens of JavaScript, TypeScript and JSX: enough to tell code from text, and never an error.

Strings, templates, regular expressions, comments and the text between tags are each one token (or
none), so that whatever stands in them is not taken for code. Broken input gives tokens too, to its
end; every step goes forward, and no pattern looks further than a bound.
"""

import re
from typing import NamedTuple

CHARS_MAX = 30_000
"""A larger file is not looked at."""
DEPTH_MAX = 500
"""How deep brackets and tags may nest before the rest is taken for text."""


class Token(NamedTuple):
    """A piece of the source: `text[start:end]` is what stands there."""

    kind: str
    """`name`, `number`, `string`, `template`, `regex`, `op`, `open` (`<` of a tag), `shut` (`</`),
    `end` (`>` of a tag), `self` (`/>`), `tag` (its name), `attr`, or `words` (text of JSX)."""
    text: str
    start: int
    end: int


_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)|<!--[^\n]*)+")
_WORD = re.compile(
    r"(?P<name>#?[^\W\d][\w$]*|#?\$[\w$]*)"
    r"|(?P<number>(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*\.?[\d_]*(?:[eE][+-]?\d+)?|\.\d[\d_]*)n?)"
    r"""|(?P<string>'(?:[^'\\\n]|\\[\s\S])*+'?|"(?:[^"\\\n]|\\[\s\S])*+"?)"""
)
_REGEX = re.compile(
    r"/(?![*/])(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,500}+\]){1,2000}+/[a-z]{0,8}"
)
_OPERATOR = re.compile(
    r"=>|\.\.\.|\?\.(?!\d)|\*\*=|>>>=|<<=|>>=|&&=|\|\|=|\?\?=|===|!==|==|!=|<=|>=|&&|\|\|"
    r"|\?\?|\*\*|\+\+|--|[-+*/%&|^]=|[\s\S]"
)
_CHUNK = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*+")
_TAG_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*[\s\S]*?(?:\*/|\Z))+")
_TAG_NAME = re.compile(r"[^\W\d][\w$.:-]*|\$[\w$.:-]*")
_TAG_STRING = re.compile(r"""'[^']*'?|"[^"]*"?""")
_WORDS = re.compile(r"[^<{]+")
_GENERIC = re.compile(r"<\s*(?:const\s+)?[^\W\d]\w*\s*(?:,|extends\b|=)")
_BARE = re.compile(r"<\s*([^\W\d]\w*)\s*>\s*\(")

KEYWORDS_BEFORE_VALUE = frozenset(
    (
        *("return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else"),
        *("do", "yield", "await", "instanceof", "default", "extends"),
    )
)
_HEADS = frozenset(("if", "while", "for", "with"))


class _Scanner:
    """Walks through a text once; `modes` says what kind of text it stands in."""

    def __init__(self, text: str, *, has_jsx: bool) -> None:
        self.text = text
        self.has_jsx = has_jsx
        self.at = 0
        self.tokens: list[Token] = []
        # "code", "brace" (a `{` in code), "hole" (an expression in a template or in JSX),
        # "template", "tag", "shutting" (a closing tag), "children".
        self.modes: list[str] = ["code"]
        self.heads: list[bool] = []
        self.after_head = False

    def run(self) -> list[Token]:
        """All tokens."""
        while self.at < len(self.text):
            mode = self.modes[-1]
            if mode == "template":
                self.template()
            elif mode == "children":
                self.children()
            elif mode in ("tag", "shutting"):
                self.tag(mode)
            else:
                self.code()
        return self.tokens

    def add(self, kind: str, end: int) -> None:
        """Take the text up to `end` as one token."""
        self.tokens.append(Token(kind, self.text[self.at : end], self.at, end))
        self.at = end

    def push(self, mode: str) -> None:
        """Go into a mode; too deep inside, the rest is text."""
        if len(self.modes) < DEPTH_MAX:
            self.modes.append(mode)
        else:
            self.at = len(self.text)

    def pop(self) -> None:
        """Go back to the mode around this one."""
        if len(self.modes) > 1:
            self.modes.pop()

    def matched(self, pattern: re.Pattern[str]) -> int:
        """Where a pattern that begins here ends; here, if it does not begin here."""
        found = pattern.match(self.text, self.at)
        return found.end() if found else self.at

    def code(self) -> None:
        """One token of code."""
        self.at = self.matched(_SPACE)
        if self.at >= len(self.text):
            return
        char = self.text[self.at]
        word = _WORD.match(self.text, self.at)
        if word is not None:
            self.add(word.lastgroup or "name", word.end())
        elif char == "`":
            self.add("op", self.at + 1)
            self.push("template")
        elif char == "/" and self.is_value_next() and (end := self.matched(_REGEX)) > self.at:
            self.add("regex", end)
        elif char == "<" and self.is_tag():
            self.open_tag()
        else:
            self.operator()

    def operator(self) -> None:
        """One operator or bracket."""
        char = self.text[self.at]
        if char == "(":
            self.heads.append(bool(self.tokens) and self.tokens[-1].text in _HEADS)
        elif char == ")":
            self.after_head = bool(self.heads) and self.heads.pop()
        mode = self.modes[-1]
        self.add("op", self.matched(_OPERATOR))
        if char == "{":
            self.push("brace")
        elif char == "}" and mode in ("brace", "hole"):
            self.pop()

    def is_value_next(self) -> bool:
        """Whether a value may begin here, rather than an operator."""
        if not self.tokens:
            return True
        last = self.tokens[-1]
        if last.kind == "name":
            return last.text in KEYWORDS_BEFORE_VALUE
        if last.kind == "op":
            if last.text == ")":
                return self.after_head
            return last.text not in ("]", "}", "++", "--", "`", "!") or (
                last.text == "!" and not self.follows_value(last)
            )
        return False

    def follows_value(self, token: Token) -> bool:
        """Whether the token stands right behind a name or a bracket, as `x!` does."""
        return token.start > 0 and (
            self.text[token.start - 1].isalnum() or self.text[token.start - 1] in "_$)]"
        )

    def is_tag(self) -> bool:
        """Whether this `<` begins an element: where a value may begin, and no type's parameter."""
        if not (self.has_jsx and self.is_value_next()):
            return False
        if _GENERIC.match(self.text, self.at):
            return False
        bare = _BARE.match(self.text, self.at)
        if bare and self.text.find(f"</{bare[1]}", self.at, self.at + 20_000) < 0:
            return False
        following = self.text[self.at + 1 : self.at + 2]
        return following == ">" or following.isalpha() or following in ("_", "$")

    def open_tag(self) -> None:
        """The `<` of an element and its name; a fragment has none."""
        self.add("open", self.at + 1)
        self.push("tag")
        if (end := self.matched(_TAG_NAME)) > self.at:
            self.add("tag", end)
            if self.text[self.at : self.at + 1] == "<":
                self.type_arguments()

    def type_arguments(self) -> None:
        """Step over `<string>` behind the name of an element."""
        depth = 0
        for place in range(self.at, min(len(self.text), self.at + 500)):
            depth += {"<": 1, ">": -1}.get(self.text[place], 0)
            if depth == 0:
                self.at = place + 1
                return

    def tag(self, mode: str) -> None:
        """One token inside `<…>` or `</…>`."""
        self.at = self.matched(_TAG_SPACE)
        if self.at >= len(self.text):
            return
        char = self.text[self.at]
        if char == ">":
            self.add("end", self.at + 1)
            self.modes[-1] = "children"
            if mode == "shutting":
                self.pop()
        elif char == "/" and self.text[self.at + 1 : self.at + 2] == ">":
            self.add("self", self.at + 2)
            self.pop()
        elif char == "{":
            self.add("op", self.at + 1)
            self.push("hole")
        elif char == "<" and self.tokens[-1].text == "=":
            self.open_tag()
        elif (end := self.matched(_TAG_STRING)) > self.at:
            self.add("string", end)
        elif (end := self.matched(_TAG_NAME)) > self.at:
            self.add("tag" if mode == "shutting" else "attr", end)
        else:
            self.add("op", self.at + 1)

    def children(self) -> None:
        """What stands between tags."""
        char = self.text[self.at]
        if char == "{":
            self.add("op", self.at + 1)
            self.push("hole")
        elif self.text.startswith("</", self.at):
            self.add("shut", self.at + 2)
            self.modes[-1] = "shutting"
        elif char == "<":
            self.open_tag()
        else:
            self.add("words", self.matched(_WORDS))

    def template(self) -> None:
        """The text of a template up to its end or its next hole."""
        if (end := self.matched(_CHUNK)) > self.at:
            self.add("template", end)
        if self.text.startswith("${", self.at):
            self.tokens.append(Token("op", "{", self.at, self.at + 2))
            self.at += 2
            self.push("hole")
        elif self.at < len(self.text):
            # The backtick that ends it, or a lone backslash at the end of the file.
            self.add("op", self.at + 1)
            self.pop()


def tokens_of(text: str, *, has_jsx: bool = True) -> list[Token]:
    """The tokens of a source, in order; none of a file that is too large.

    Args:
        text: The source.
        has_jsx: False for `.ts`, where `<` never begins an element.
    """
    if len(text) > CHARS_MAX:
        return []
    return _Scanner(text, has_jsx=has_jsx).run()
