"""The rules of a team, read from their file; what is wrong with one is said with its line."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from patterns import literal_of, why_too_slow
from small_yaml import Listing, Mapping, Node, Scalar, YamlError, parse

RULES_MAX = 200
_PATTERN_CHARS_MAX = 500

Severity = Literal["error", "warning", "information", "hint"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information", "hint")

STYLES = {
    "snake_case": r"_*[a-z0-9]+(_[a-z0-9]+)*_*",
    "UPPER_CASE": r"_*[A-Z0-9]+(_[A-Z0-9]+)*_*",
    "camelCase": r"[_$]*[a-z][A-Za-z0-9]*",
    "PascalCase": r"[_$]*[A-Z][A-Za-z0-9]*",
    "kebab-case": r"[a-z0-9]+(-[a-z0-9]+)*",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A pattern that must not stand anywhere, or must stand somewhere."""

    pattern: re.Pattern[str]
    is_required: bool
    literal: str
    """Stands wherever the pattern fits; empty: nothing does for certain."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How files, functions or classes are named."""

    names: Literal["files", "functions", "classes"]
    style: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Length:
    """How long something may be, in lines or, of a line, in characters."""

    of: Literal["file", "function", "line"]
    most: int


@dataclass(frozen=True, slots=True)
class Header:
    """What every file begins with."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imports:
    """What files must not import: folders of the workspace or packages."""

    forbidden: tuple[str, ...]
    roots: tuple[str, ...]
    """Folders from which absolute imports start."""


Check = Text | Naming | Length | Header | Imports


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    id: str
    check: Check
    files: tuple[str, ...]
    not_files: tuple[str, ...]
    severity: Severity
    message: str
    instead: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the rules file."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What the file says, as far as it could be read."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()


def read(text: str) -> Rules:
    """The rules; a rule that is wrong is left out and the others count."""
    try:
        listed = _listed(text)
    except YamlError as error:
        return Rules(problems=(Problem(error.line, error.message),))
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for node in listed.items[:RULES_MAX]:
        try:
            rule = _rule(node)
        except YamlError as error:
            problems.append(Problem(error.line, error.message))
            continue
        if rule.id in rules:
            problems.append(Problem(node.line, f"another rule is called {rule.id!r}"))
        rules.setdefault(rule.id, rule)
    if len(listed.items) > RULES_MAX:
        line = listed.items[RULES_MAX].line
        problems.append(Problem(line, f"only the first {RULES_MAX} rules count"))
    return Rules(tuple(rules.values()), tuple(problems))


def _listed(text: str) -> Listing:
    entries = _map(parse(text), 0, "the file")
    _only(entries, ("version", "rules"), "the file")
    version = entries.entries.get("version")
    if version is not None and (not isinstance(version, Scalar) or version.value != 1):
        raise YamlError(entries.lines["version"], "only `version: 1` is known")
    listed = entries.entries.get("rules")
    if not isinstance(listed, Listing):
        raise YamlError(entries.line, "the rules are a list under `rules:`")
    return listed


_EVERY_RULE = ("id", "kind", "files", "not_files", "severity", "message", "instead")


def _rule(node: Node) -> Rule:
    entries = _map(node, node.line, "a rule")
    name = _text(entries, "id")
    kind = _text(entries, "kind")
    if kind not in _KINDS:
        known = ", ".join(_KINDS)
        raise YamlError(entries.lines["kind"], f"the kind {kind!r} is not known; known are {known}")
    fields, make = _KINDS[kind]
    _only(entries, (*_EVERY_RULE, *fields), f"a rule of kind {kind!r}")
    severity = _text(entries, "severity", "warning")
    if severity not in SEVERITIES:
        raise YamlError(
            entries.lines["severity"], f"{severity!r} is none of {', '.join(SEVERITIES)}"
        )
    return Rule(
        id=name[:100],
        check=make(entries),
        files=_texts(entries, "files", ("**",)),
        not_files=_texts(entries, "not_files", ()),
        severity=severity,
        message=_text(entries, "message", "").strip()[:1000],
        instead=_text(entries, "instead", "").strip()[:1000],
    )


def _forbidden(entries: Mapping) -> Check:
    pattern = _pattern(entries, "pattern")
    return Text(pattern, is_required=False, literal=literal_of(pattern.pattern))


def _required(entries: Mapping) -> Check:
    pattern = _pattern(entries, "pattern")
    return Text(pattern, is_required=True, literal=literal_of(pattern.pattern))


def _naming(entries: Mapping) -> Check:
    names = _text(entries, "names")
    if names not in ("files", "functions", "classes"):
        raise YamlError(entries.lines["names"], "`names` is files, functions or classes")
    if "pattern" in entries.entries:
        pattern = _pattern(entries, "pattern")
        return Naming(names, f"like {pattern.pattern}", pattern)
    style = _text(entries, "style")
    if style not in STYLES:
        raise YamlError(entries.lines["style"], f"{style!r} is none of {', '.join(STYLES)}")
    return Naming(names, style, re.compile(STYLES[style]))


def _length(entries: Mapping) -> Check:
    of = _text(entries, "of")
    if of not in ("file", "function", "line"):
        raise YamlError(entries.lines["of"], "`of` is file, function or line")
    most = entries.entries.get("most")
    value = most.value if isinstance(most, Scalar) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise YamlError(entries.lines.get("most", entries.line), "`most` is a whole number from 1")
    return Length(of, value)


def _header(entries: Mapping) -> Check:
    lines = _text(entries, "text").rstrip("\n").split("\n")
    return Header(tuple(line.rstrip() for line in lines[:100]))


def _imports(entries: Mapping) -> Check:
    forbidden = _texts(entries, "forbidden", None)
    return Imports(forbidden, _texts(entries, "roots", ("", "src", "lib")))


_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Mapping], Check]]] = {
    "forbidden": (("pattern",), _forbidden),
    "required": (("pattern",), _required),
    "naming": (("names", "style", "pattern"), _naming),
    "length": (("of", "most"), _length),
    "header": (("text",), _header),
    "imports": (("forbidden", "roots"), _imports),
}


def _map(node: Node, line: int, what: str) -> Mapping:
    if not isinstance(node, Mapping):
        raise YamlError(line, f"{what} is a map of `key: value` lines")
    return node


def _only(entries: Mapping, known: tuple[str, ...], what: str) -> None:
    for key, line in entries.lines.items():
        if key not in known:
            raise YamlError(line, f"{what} has no {key!r}; it has {', '.join(known)}")


def _text(entries: Mapping, key: str, default: str | None = None) -> str:
    node = entries.entries.get(key)
    if node is None:
        if default is None:
            raise YamlError(entries.line, f"`{key}` is missing")
        return default
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
        raise YamlError(entries.lines[key], f"`{key}` is a text; quote it if it looks otherwise")
    return node.value


def _texts(entries: Mapping, key: str, default: tuple[str, ...] | None) -> tuple[str, ...]:
    node = entries.entries.get(key)
    if node is None:
        if default is None:
            raise YamlError(entries.line, f"`{key}` is missing")
        return default
    items = node.items if isinstance(node, Listing) else (node,)
    found: list[str] = []
    for item in items[:100]:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            raise YamlError(item.line, f"`{key}` is a text or a list of texts")
        found.append(item.value[:300])
    return tuple(found)


def _pattern(entries: Mapping, key: str) -> re.Pattern[str]:
    source = _text(entries, key)
    line = entries.lines[key]
    if len(source) > _PATTERN_CHARS_MAX:
        raise YamlError(line, f"a pattern has at most {_PATTERN_CHARS_MAX} characters")
    try:
        pattern = re.compile(source)
    except (re.error, OverflowError) as error:
        raise YamlError(line, f"the pattern cannot be read: {error}") from None
    if why := why_too_slow(source):
        raise YamlError(line, why)
    if pattern.match(""):
        raise YamlError(line, "the pattern fits an empty text, so it would fit everywhere")
    return pattern
