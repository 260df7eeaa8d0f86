"""A strict small part of YAML, with the line of everything: what a rules file needs, no more.

    maps            `key: value`, and a deeper indented block below `key:`
    lists           `- value`, `- key: value` with its further keys below it, `[a, b]` on one line
    scalars         plain, 'single quoted' (`''` is a quote), "double quoted" with its escapes
    values          `null` and `~`, `true`, `false`, whole and decimal numbers, all else is text
    literal blocks  `|` and `|-`: the lines below, as they are
    comments        `#` at the start of a line or after a space

Everything else of YAML is refused with the line, and never read as something else: anchors, tags,
flow maps, folded blocks, more than one document, tabs as indentation, a key twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

CHARS_MAX = 200_000
DEPTH_MAX = 12
_KEY = re.compile(r"""(?P<key>[A-Za-z_][\w.-]*|"[^"\\]*"|'[^']*')\s*:(?=\s|$)\s*""")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?$")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "/": "/", "r": "\r"}
_ITEM = re.compile(r"-(\s+|$)")

Plain = str | int | float | bool | None


class YamlError(Exception):
    """What the file says cannot be read; with the line, counted from nought."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value."""

    value: Plain
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A map."""

    entries: dict[str, "Node"]
    line: int
    lines: dict[str, int]
    """Key → its line."""


Node = Scalar | Listing | Mapping


@dataclass(slots=True)
class _Line:
    number: int
    indent: int
    text: str
    """Without indentation, with its comment."""


@dataclass(slots=True)
class _Lines:
    raw: Sequence[str]
    lines: list[_Line]
    at: int = 0

    def peek(self) -> _Line | None:
        if self.at >= len(self.lines):
            return None
        line = self.lines[self.at]
        if line.text.startswith("\t"):
            raise YamlError(line.number, "a tab cannot indent; use spaces")
        return line

    def skip_to(self, number: int) -> None:
        """Go on with the first line from `number` on."""
        while self.at < len(self.lines) and self.lines[self.at].number < number:
            self.at += 1


def parse(text: str) -> Node:
    """What the text says.

    Raises:
        YamlError: it is not of the part that is read.
    """
    if len(text) > CHARS_MAX:
        raise YamlError(0, f"the file is longer than {CHARS_MAX:,} characters; split the rules")
    raw = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
    lines = _Lines(raw, [line for number, each in enumerate(raw) if (line := _line(number, each))])
    first = lines.peek()
    if first is not None and first.indent == 0 and first.text.split("#")[0].strip() == "---":
        lines.at += 1
        first = lines.peek()
    if first is None:
        return Scalar(None, 0)
    found = _block(lines, first.indent, 0)
    rest = lines.peek()
    if rest is not None:
        raise YamlError(rest.number, _odd(rest, first.indent))
    return found


def _odd(line: _Line, indent: int) -> str:
    if line.text.startswith(("---", "...")):
        return "one file holds one document: `---` may only stand first"
    if line.indent > indent:
        return "this line is indented deeper than what stands above it"
    return f"this line is indented by {line.indent} spaces, and nothing above it is"


def _line(number: int, raw: str) -> _Line | None:
    text = raw.lstrip(" ")
    if not text.strip() or text.startswith("#"):
        return None
    return _Line(number, len(raw) - len(text), text.rstrip())


def _block(lines: _Lines, indent: int, depth: int) -> Node:
    line = lines.lines[lines.at]
    if depth > DEPTH_MAX:
        raise YamlError(line.number, f"blocks stand within each other deeper than {DEPTH_MAX}")
    if _ITEM.match(line.text):
        return _listing(lines, indent, depth)
    if _KEY.match(line.text):
        return _mapping(lines, indent, depth)
    lines.at += 1
    return _inline(line.text, line.number)


def _listing(lines: _Lines, indent: int, depth: int) -> Listing:
    begun = lines.lines[lines.at].number
    items: list[Node] = []
    while (line := lines.peek()) is not None and line.indent == indent:
        item = _ITEM.match(line.text)
        if item is None:
            break
        rest = line.text[item.end() :]
        if not rest or rest.startswith("#"):
            lines.at += 1
            items.append(_below(lines, indent, depth, line.number))
        elif _KEY.match(rest) or _ITEM.match(rest):
            # `- key: value` is a map whose first line begins where its key does.
            line.indent, line.text = indent + item.end(), rest
            items.append(_block(lines, line.indent, depth + 1))
        else:
            lines.at += 1
            items.append(_value(lines, rest, line, indent))
    return Listing(tuple(items), begun)


def _mapping(lines: _Lines, indent: int, depth: int) -> Mapping:
    begun = lines.lines[lines.at].number
    found = Mapping({}, begun, {})
    while (line := lines.peek()) is not None and line.indent == indent:
        key = _KEY.match(line.text)
        if key is None:
            if _ITEM.match(line.text):
                break
            if line.text.startswith(("---", "...")):
                raise YamlError(line.number, _odd(line, indent))
            raise YamlError(line.number, "`key: value` was expected; is a colon missing?")
        name = key["key"].strip("\"'")
        if name in found.entries:
            raise YamlError(line.number, f"{name!r} stands here twice")
        found.lines[name] = line.number
        rest = line.text[key.end() :]
        lines.at += 1
        if not rest or rest.startswith("#"):
            found.entries[name] = _below(lines, indent, depth, line.number, of_key=True)
        else:
            found.entries[name] = _value(lines, rest, line, indent)
    return found


def _below(lines: _Lines, indent: int, depth: int, number: int, *, of_key: bool = False) -> Node:
    """The deeper block under a key or a dash; a list may stand right under its key."""
    line = lines.peek()
    if line is not None and line.indent > indent:
        found = _block(lines, line.indent, depth + 1)
        after = lines.peek()
        if after is not None and after.indent > indent:
            raise YamlError(after.number, _odd(after, line.indent))
        return found
    if of_key and line is not None and line.indent == indent and _ITEM.match(line.text):
        return _listing(lines, indent, depth + 1)
    return Scalar(None, number)


def _value(lines: _Lines, text: str, line: _Line, indent: int) -> Node:
    mark = text.split("#")[0].strip() if text[0] in "|>" else ""
    if mark in ("|", "|-"):
        return Scalar(_literal(lines, line.number, indent, keeps_end=mark == "|"), line.number)
    found = _inline(text, line.number)
    after = lines.peek()
    if after is not None and after.indent > indent:
        raise YamlError(
            after.number, "a value stands on one line; use `|` for a text of several lines"
        )
    return found


def _literal(lines: _Lines, number: int, indent: int, *, keeps_end: bool) -> str:
    taken: list[str] = []
    at = number + 1
    while at < len(lines.raw):
        raw = lines.raw[at]
        if raw.strip() and len(raw) - len(raw.lstrip(" ")) <= indent:
            break
        taken.append(raw)
        at += 1
    lines.skip_to(at)
    while taken and not taken[-1].strip():
        taken.pop()
    first = next((each for each in taken if each.strip()), "")
    margin = len(first) - len(first.lstrip(" "))
    for offset, each in enumerate(taken):
        if each.strip() and each[:margin].strip():
            raise YamlError(number + 1 + offset, "this line stands left of its block's first line")
    text = "\n".join(each[margin:] for each in taken)
    return f"{text}\n" if keeps_end and text else text


def _inline(text: str, number: int) -> Node:
    """A value that stands on one line."""
    if text[0] == "[":
        return _flow(text, number)
    if text[0] in "\"'":
        value, end = _quoted(text, number)
        _only_comment(text[end:], number)
        return Scalar(value, number)
    plain = re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    _check_plain(plain, number)
    return Scalar(_plain(plain), number)


_REFUSED = {
    "&": "anchors (`&name`) are not read",
    "*": 'a text that begins with `*` must be quoted, such as "*.py"; aliases are not read',
    "!": "tags (`!name`) are not read; quote a text that begins with `!`",
    "{": "maps in braces are not read; write `key: value` on lines of their own",
    "}": "a brace here must be quoted",
    "]": "a bracket here must be quoted",
    ">": "folded blocks (`>`) are not read; use `|`",
    "|": "after `|` only `-` may stand",
    "%": "a text that begins with `%` must be quoted",
    "@": "a text that begins with `@` must be quoted",
    "`": "a text that begins with a backtick must be quoted",
}


def _check_plain(text: str, number: int) -> None:
    why = _REFUSED.get(text[0])
    if why is not None:
        raise YamlError(number, why)
    if ": " in text or text.endswith(":"):
        raise YamlError(number, "a text with `: ` in it must be quoted")


def _plain(text: str) -> Plain:
    match text:
        case "null" | "~":
            return None
        case "true" | "false":
            return text == "true"
        case _ if _NUMBER.match(text) and len(text) <= 15:
            return float(text) if "." in text else int(text)
        case _:
            return text


def _quoted(text: str, number: int) -> tuple[str, int]:
    """A quoted text, and where it ends."""
    if text[0] == "'":
        closed = re.match(r"'((?:[^']|'')*)'", text)
        if closed:
            return closed[1].replace("''", "'"), closed.end()
    else:
        closed = re.match(r'"((?:[^"\\]|\\.)*)"', text)
        if closed:
            return _ESCAPE.sub(lambda found: _escaped(found[1], number), closed[1]), closed.end()
    raise YamlError(number, f"the quote {text[0]} is not closed on its line")


def _escaped(said: str, number: int) -> str:
    if said[0] == "u" and len(said) == 5:
        return chr(int(said[1:], 16))
    if said not in _ESCAPES:
        raise YamlError(
            number, f"`\\{said}` means nothing in double quotes; put patterns in 'single quotes'"
        )
    return _ESCAPES[said]


def _only_comment(rest: str, number: int) -> None:
    if rest.strip() and not re.match(r"\s+#", rest):
        raise YamlError(number, f"after the closing quote stands {rest.strip()[:20]!r}")


def _nothing(here: str) -> str:
    if here == ",":
        return "a value was expected before the comma"
    return "lists in lists and maps in lists are not read on one line; use `- item` lines"


def _flow(text: str, number: int) -> Listing:
    """`[a, "b", 3]`."""
    items: list[Node] = []
    at = 1
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        if at >= len(text):
            raise YamlError(number, "`[` is not closed on its line; use `- item` lines")
        if text[at] == "]":
            _only_comment(text[at + 1 :], number)
            return Listing(tuple(items), number)
        if text[at] in "\"'":
            value, length = _quoted(text[at:], number)
            items.append(Scalar(value, number))
            at += length
        else:
            ends = re.compile(r"[^,\]\[{}]*").match(text, at)
            plain = ends[0].strip() if ends else ""
            if not plain:
                raise YamlError(number, _nothing(text[at]))
            _check_plain(plain, number)
            items.append(Scalar(_plain(plain), number))
            at += len(ends[0]) if ends else 0
        follows = re.compile(r"\s*(,|(?=\]))").match(text, at)
        if follows is None:
            raise YamlError(number, "`,` or `]` was expected; lists in lists are not read")
        at = follows.end()
