"""Which brackets, strings and comments are open at a place: enough of each language to count them.

A grammar would know more, and takes milliseconds for a document of usual size; this reads a few
thousand characters in a fraction of one, and unfinished text does not confuse it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from steward.syntax.language import Language

_CLOSES = {"(": ")", "[": "]", "{": "}", "${": "}"}
_OPENERS = {")": ("(",), "]": ("[",), "}": ("{", "${")}
_LINE_END = "\n"
"""What stands on the stack for a comment that ends with its line."""

_PLAIN_QUOTES = ('"', "'")
_SCRIPT_QUOTES = ("`", '"', "'")
_LONG_QUOTES = ('"""', '"', "'")
_QUOTES: Mapping[str, tuple[str, ...]] = {
    "python": ('"""', "'''", '"', "'"),
    "javascript": _SCRIPT_QUOTES,
    "typescript": _SCRIPT_QUOTES,
    "typescriptreact": _SCRIPT_QUOTES,
    "go": _SCRIPT_QUOTES,
    "java": _LONG_QUOTES,
    "csharp": _LONG_QUOTES,
    "rust": ('"',),
    "lua": ("[[", '"', "'"),
    "html": (),
    "markdown": (),
    "plaintext": ('"',),
    "json": ('"',),
    "jsonc": ('"',),
}
_ACROSS_LINES = frozenset({'"""', "'''", "`", "[["})
_PARITY = frozenset({'"""', "'''", "`"})
"""Marks that come in pairs, so that an odd number of them says that one is open."""
_PLAIN_ACROSS_LINES = frozenset({"rust", "php", "ruby", "shellscript"})
"""Languages whose plain quotes go on behind the end of a line."""
_PROSE = frozenset({"html", "markdown"})
"""Languages in which a bracket may stand alone."""
_STRAYS_ARE_USUAL = frozenset({"shellscript"})
"""Languages in which a bracket may close what nothing opened: a pattern of `case`."""
_HOLDS_CODE = frozenset({"javascript", "typescript", "typescriptreact"})
_RAW = frozenset({("go", "`"), ("lua", "[["), ("shellscript", "'")})
_NEVER = r"(?!)"
_LOOKED_BACK_CHARS = 100_000
"""How far back an unfinished string over several lines is looked for."""
_OPEN_MAX = 200
"""So many of what is open are remembered: no answer closes more."""
_REGEX = (
    r"(?:(?<=[=(,:;!&|?{}\[\n])|(?<![\s\S]))[ \t]*"
    r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[]){1,200}/"
)
_SIMPLE = r"""[^()\[\]{}"'`#/<>\\\n-]*"""
_CHARACTER = r"'(?:\\[^\n][^'\n]{0,8}|[^'\\\n])'"
"""In Rust a single quote may begin a lifetime, which nothing ends."""


@dataclass(frozen=True, slots=True)
class Open:
    """Something that was opened and not closed."""

    mark: str
    at: int
    """Where in the text that was read."""
    closer: str
    """What closes it."""
    is_text: bool
    """Whether it is a string or a comment, in which brackets mean nothing."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A place where something ends that was opened before."""

    at: int
    mark: str
    """The closing bracket or quote; the line's end where a string ends with it unclosed."""
    depth: int
    """How much was open around what it closes; -1 when nothing of its kind was open."""

    @property
    def is_lapse(self) -> bool:
        """Whether nobody closed it: its line came to an end."""
        return self.mark == _LINE_END


@dataclass(frozen=True, slots=True)
class _Rules:
    code: re.Pattern[str]
    ends: Mapping[str, re.Pattern[str]]
    closers: Mapping[str, str]


class Nesting:
    """Reads a text piece by piece and knows what is open."""

    def __init__(self, language: Language, stack: tuple[Open, ...] = ()) -> None:
        self._rules = _rules(language)
        self._bears_strays = language.name in _STRAYS_ARE_USUAL
        self.stack = list(stack)

    @property
    def is_text(self) -> bool:
        """Whether the place is inside a string or a comment."""
        return bool(self.stack) and self.stack[-1].is_text

    def read(self, text: str) -> list[Closed]:
        """Read on; gives the closings in what was read, in their order."""
        closings: list[Closed] = []
        at = 0
        while at < len(text):
            found = self._pattern().search(text, at)
            if found is None:
                break
            self._meet(found, closings)
            at = found.end()
        return closings

    def _pattern(self) -> re.Pattern[str]:
        return self._rules.ends[self.stack[-1].mark] if self.is_text else self._rules.code

    def _meet(self, found: re.Match[str], closings: list[Closed]) -> None:
        mark, at = found.group(), found.start()
        if self.is_text:
            self._meet_in_text(mark, at, closings)
        elif mark in _OPENERS:
            self._close(mark, at, closings)
        elif mark in _CLOSES:
            self.stack.append(Open(mark, at, _CLOSES[mark], is_text=False))
        elif found.lastgroup == "comment":
            if found.end() == len(found.string):
                self.stack.append(Open(_LINE_END, at, _LINE_END, is_text=True))
        elif found.lastgroup != "whole":
            self.stack.append(Open(mark, at, self._rules.closers[mark], is_text=True))

    def _meet_in_text(self, mark: str, at: int, closings: list[Closed]) -> None:
        if mark[0] == "\\":
            return
        if mark == "${":
            self.stack.append(Open(mark, at, _CLOSES[mark], is_text=False))
            return
        self.stack.pop()
        closings.append(Closed(at, mark, len(self.stack)))

    def _close(self, mark: str, at: int, closings: list[Closed]) -> None:
        wanted = _OPENERS[mark]
        depth = len(self.stack) - 1
        while depth >= 0 and self.stack[depth].mark not in wanted:
            depth -= 1
        if depth >= 0:
            del self.stack[depth:]
        elif self._bears_strays:
            return
        closings.append(Closed(at, mark, depth))


@lru_cache(maxsize=32)
def _rules(language: Language) -> _Rules:
    quotes = _QUOTES.get(language.name, _PLAIN_QUOTES)
    parts: list[str] = []
    ends = {_LINE_END: re.compile("\\n")}
    closers = {quote: "]]" if quote == "[[" else quote for quote in quotes}
    if language.block_comment:
        begin, end = language.block_comment
        parts.append(re.escape(begin))
        ends[begin] = re.compile(re.escape(end))
        closers[begin] = end
    if language.line_comment:
        parts.append(_line_comment(language))
    if whole := _whole(language, quotes):
        parts.append(f"(?P<whole>{whole})")
    parts += [re.escape(quote) for quote in quotes]
    if language.name not in _PROSE:
        parts.append(r"[()\[\]{}]")
    for quote in quotes:
        ends[quote] = _end(language, quote)
    return _Rules(re.compile("|".join(parts) or _NEVER), ends, closers)


def _whole(language: Language, quotes: Sequence[str]) -> str:
    """What opens and closes again before anything of interest: read at once, most of a text is."""
    parts = [_REGEX] if language.name in _HOLDS_CODE else []
    if language.name == "rust":
        parts.append(_CHARACTER)
    parts += [rf"{quote}[^{quote}\\\n]+{quote}" for quote in quotes if quote in ('"', "'")]
    if language.name not in _PROSE:
        parts += [rf"\({_SIMPLE}\)", rf"\[{_SIMPLE}\]", rf"\{{{_SIMPLE}\}}"]
    return "|".join(parts)


def _line_comment(language: Language) -> str:
    mark = re.escape(language.line_comment or "")
    if language.name in ("shellscript", "yaml"):  # `$#` and `a#b` are no comments there.
        mark = rf"(?:(?<=\s)|(?<![\s\S])){mark}"
    if language.name == "php":
        mark = rf"(?:{mark}|\#(?!\[))"
    return rf"(?P<comment>{mark}[^\n]*)"


def _end(language: Language, quote: str) -> re.Pattern[str]:
    closer = "]]" if quote == "[[" else quote
    parts = [] if (language.name, quote) in _RAW else [r"\\[\s\S]"]
    parts.append(re.escape(closer))
    if quote == "`" and language.name in _HOLDS_CODE:
        parts.append(r"\$\{")
    if quote not in _ACROSS_LINES and language.name not in _PLAIN_ACROSS_LINES:
        parts.append(r"\n")
    return re.compile("|".join(parts))


def nesting_at_end(language: Language, before: str, chars: int) -> Nesting:
    """What is open at the end of `before`, of which about the last `chars` are read.

    `at` of what is open counts from the start of `before`.
    """
    start = 0
    if len(before) > chars:
        start = before.rfind("\n", 0, len(before) - chars) + 1 or len(before) - chars
    nesting = Nesting(language, _open_text(language, before, start))
    nesting.read(before[start:])
    nearest = nesting.stack[-_OPEN_MAX:]
    nesting.stack = [replace(opened, at=max(0, opened.at + start)) for opened in nearest]
    return nesting


def _open_text(language: Language, before: str, start: int) -> tuple[Open, ...]:
    """The string or comment over several lines that `start` is in: an odd mark opened one."""
    first = max(0, start - _LOOKED_BACK_CHARS)
    rules = _rules(language)
    for mark in rules.closers:
        if mark in _PARITY and before.count(mark, first, start) % 2:
            return (Open(mark, -1, mark, is_text=True),)
    if language.block_comment:
        begin, end = language.block_comment
        at = before.rfind(begin, first, start)
        if at > before.rfind(end, first, start) and not _is_quoted(before, at):
            return (Open(begin, -1, end, is_text=True),)
    return ()


def _is_quoted(text: str, at: int) -> bool:
    """Whether a place is in a string of its own line, judged by the quotes before it."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return any(line.count(quote) % 2 for quote in ('"', "'", "`"))


def is_closed_in(opened: Open, after: str) -> bool:
    """Whether `after` closes a string or a comment that is open where it begins."""
    if opened.mark in _PARITY:
        return after.count(opened.mark, 0, _LOOKED_BACK_CHARS) % 2 == 1
    end = after.find(opened.closer)
    again = after.find(opened.mark)
    return end >= 0 and (opened.mark == opened.closer or again < 0 or end < again)


def spans_lines(language: Language, opened: Open) -> bool:
    """Whether a string or a comment may go on behind the end of its line."""
    return not _rules(language).ends[opened.mark].pattern.endswith("\\n")
